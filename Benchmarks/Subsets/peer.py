#!/usr/bin/env python3
"""The straightforward NumPy loop: one float32 array a member in memory, sums shared between subsets, in double or float.

    peer.py DIRECTORY LARGEST MEASURE

MEASURE is "top1", or "metrics" for top-1, top-5, likelihood, Brier score and calibration error. The files are those of
make_predictions.py.
"""
import glob
import json
import sys
import time

import numpy as np

directory, largest, measure = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
        (images, classes), places = header["log_probabilities"]["shape"], header["log_probabilities"]["data_offsets"]
        labels = np.fromfile(file, "<i8", images)
        file.seek(start + places[0])
        return labels, np.fromfile(file, "<f4", images * classes).reshape(images, classes)


def all_metrics(total, labels, count):
    logs = total / count
    logs -= logs.max(axis=1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    probabilities = np.exp(logs)
    label_logs = logs[np.arange(len(labels)), labels]
    right = logs.argmax(axis=1) == labels
    top = (logs > label_logs[:, None]).sum(axis=1) < 5
    brier = (probabilities**2).sum(axis=1) - 2 * np.exp(label_logs) + 1
    confidence = probabilities.max(axis=1)
    bins = np.minimum(np.ceil(confidence * 15).astype(int) - 1, 14)
    gaps = np.bincount(bins, right - confidence, 15)
    return [right.mean(), top.mean(), -label_logs.mean(), brier.mean(), np.abs(gaps).sum() / len(labels)]


read_all = [read(path) for path in sorted(glob.glob(directory + "/*.safetensors"))]
labels = read_all[0][0]
members = [values if measure == "top1" else values.astype(np.float64) for _, values in read_all]
del read_all
results = []


def walk(first, total, count):
    for index in range(first, len(members)):
        below = members[index] if total is None else total + members[index]
        if measure == "top1":
            results.append((below.argmax(axis=1) == labels).mean())
        else:
            results.append(all_metrics(below, labels, count + 1))
        if count + 1 < largest:
            walk(index + 1, below, count + 1)


start = time.perf_counter()
walk(0, None, 0)
seconds = time.perf_counter() - start
results = np.array(results)
print(json.dumps({"program": f"NumPy {np.__version__}", "seconds": seconds, "subsets": len(results),
                  "sum": float(results.sum()), "best": float(results.reshape(len(results), -1)[:, 0].max())}))
