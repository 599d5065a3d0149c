#!/usr/bin/env python3
"""Writes predictions of made-up members, as safetensors, for Benchmarks/run subsets.

    make_predictions.py DIRECTORY MEMBERS IMAGES CLASSES KIND

KIND is "alike" (members share most of what they see, as trained networks do, and are right about 70 % of the images) or
"independent" (logits drawn one by one: no class can be left out, the worst case).
"""
import json
import sys

import numpy as np

directory, members, images, classes, kind = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
labels = np.random.default_rng(0).integers(0, classes, images)
header = json.dumps({
    "__metadata__": {"name": "NAME##", "network": "made-up", "macs": "1000", "parameters": "100", "split": "hold-out",
                     "fingerprint": kind},
    "labels": {"dtype": "I64", "shape": [images], "data_offsets": [0, 8 * images]},
    "log_probabilities": {"dtype": "F32", "shape": [images, classes],
                          "data_offsets": [8 * images, 8 * images + 4 * images * classes]}})
header += " " * (-len(header) % 8)
for member in range(members):
    text = header.replace("NAME##", f"name{member:02}").encode()
    with open(f"{directory}/{member:02}.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + labels.astype("<i8").tobytes())
        shared = np.random.default_rng(1)
        own = np.random.default_rng(2 + member)
        for start in range(0, images, 1000):
            part = labels[start:start + 1000]
            logits = own.standard_normal((len(part), classes), dtype=np.float32)
            if kind == "alike":
                logits *= 0.6
                logits += 1.7 * shared.standard_normal((len(part), classes), dtype=np.float32)
                logits[np.arange(len(part)), part] += 7.2
            logits -= logits.max(axis=1, keepdims=True)
            logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
            file.write(logits.astype("<f4").tobytes())
