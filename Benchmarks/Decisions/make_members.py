#!/usr/bin/env python3
"""Writes predictions of made-up members, as safetensors, for Benchmarks/run decisions --only speed.

    make_members.py DIRECTORY NETWORKS MEMBERS HOLDOUT TEST CLASSES QUALITY

There are MEMBERS members of each of NETWORKS networks; each next network costs half as much again, and is better. Files are
DIRECTORY/hold-out-NN.safetensors and DIRECTORY/test-NN.safetensors. What members see is as `Sets/Simulation.swift` has it: the right
class stands out by QUALITY and more standard deviations, images are of unequal ease, and of the noise's variance half is everyone's
and a fifth is the network's. The same arguments give the same files.
"""
import json
import math
import sys

import numpy as np

SHARED, FAMILY, SPREAD = 0.5, 0.2, 0.8
# Scores that are drawn at once.
BLOCK = 1 << 20


def header(name, network, macs, split, images, classes):
    text = json.dumps({
        "__metadata__": {"name": name, "network": network, "macs": str(macs), "parameters": str(macs // 10), "split": split,
                         "fingerprint": f"made-up {split}"},
        "labels": {"dtype": "I64", "shape": [images], "data_offsets": [0, 8 * images]},
        "log_probabilities": {"dtype": "F32", "shape": [images, classes],
                              "data_offsets": [8 * images, 8 * images + 4 * images * classes]}})
    text += " " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text.encode()


def write(directory, networks, members, split, images, classes, quality, seed):
    random = np.random.default_rng(seed)

    def noise(rows):
        return random.standard_normal((rows, classes), dtype=np.float32)

    labels = random.integers(0, classes, images)
    files = []
    for member in range(networks * members):
        network = member // members
        files.append(open(f"{directory}/{split}-{member:02}.safetensors", "wb"))
        files[-1].write(header(f"member-{member:02}", f"network-{network:02}", round(1e6 * 1.5 ** network), split, images, classes)
                        + labels.astype("<i8").tobytes())
    for start in range(0, images, max(1, BLOCK // classes)):
        part = labels[start:start + max(1, BLOCK // classes)]
        places = np.arange(len(part)), part
        ease = SPREAD * random.standard_normal(len(part), dtype=np.float32)
        common = math.sqrt(SHARED) * noise(len(part))
        for network in range(networks):
            own_quality = quality * (1 + 0.4 * network / max(1, networks - 1))
            ours = common + math.sqrt(FAMILY) * noise(len(part))
            for member in range(members):
                logits = ours + math.sqrt(1 - SHARED - FAMILY) * noise(len(part))
                logits[places] += own_quality + ease
                logits *= np.float32(own_quality)
                logits -= logits.max(axis=1, keepdims=True)
                logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
                files[network * members + member].write(logits.astype("<f4").tobytes())
    for file in files:
        file.close()


if __name__ == "__main__":
    directory, (networks, members, hold_out, test, classes), quality = sys.argv[1], map(int, sys.argv[2:7]), float(sys.argv[7])
    write(directory, networks, members, "hold-out", hold_out, classes, quality, 1)
    write(directory, networks, members, "test", test, classes, quality, 2)
