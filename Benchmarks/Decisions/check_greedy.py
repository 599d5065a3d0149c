#!/usr/bin/env python3
"""Lets AutoGluon's own greedy selection choose on the hold-outs of `benchmark-decisions`, and compares with the record.

    check_greedy.py ROOT [--images 1000] [--splits 200]      ROOT is the repository's; the set is cifar10-mixed

Needs autogluon.core 1.6.3 and safetensors 0.8.0. Both break ties by chance, with different random numbers: where the first round has a
tie the two may go different ways, so that single splits differ and means agree.
"""
import argparse
import glob
import json
import os

import numpy as np
from autogluon.core.metrics import accuracy
from autogluon.core.models.greedy_ensemble.ensemble_selection import EnsembleSelection
from safetensors import safe_open

MASK = (1 << 64) - 1
INCREMENT = 0x9E3779B97F4A7C15


class RandomStream:
    """That of Sources/Base/Randomness."""

    def __init__(self, seed, *path):
        self.state = self.mixed(seed + INCREMENT & MASK)
        for element in path:
            self.state = self.mixed((self.state ^ self.mixed(element + INCREMENT & MASK)) + INCREMENT & MASK)

    @staticmethod
    def mixed(value):
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
        value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
        return value ^ value >> 31

    def integer(self, bound):
        while True:
            self.state = self.state + INCREMENT & MASK
            product = self.mixed(self.state) * bound
            if product & MASK >= (MASK + 1 - bound) % bound:
                return product >> 64

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.integer(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def members(root):
    found, labels = [], None
    for path in sorted(glob.glob(os.path.join(root, "results/cifar10-mixed/predictions/hold-out/*.safetensors"))):
        parts = []
        for name in (path, path.replace("hold-out", "test")):
            with safe_open(name, "numpy") as file:
                parts.append((np.exp(file.get_tensor("log_probabilities").astype(np.float64)), file.get_tensor("labels"),
                              int(file.metadata()["macs"])))
        found.append((np.concatenate([part[0] for part in parts]), parts[0][2]))
        labels = np.concatenate([part[1] for part in parts])
    return found, labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--splits", type=int, default=200)
    options = parser.parse_args()
    found, labels = members(options.root)
    with open(os.path.join(options.root, "results/decisions/sets/cifar10-mixed.json")) as file:
        record = json.load(file)
    ours = next(result for result in record["results"]
                if result["rule"] == "AutoGluon greedy" and result["images"] == options.images)
    best = record["best"]
    lost, cost = [], []
    for split in range(options.splits):
        order = RandomStream(0x64656369, options.images, split).permutation(len(labels))
        chosen, judges = order[:options.images], order[options.images:]
        selection = EnsembleSelection(ensemble_size=25, problem_type="multiclass", metric=accuracy,
                                      random_state=np.random.RandomState(split))
        selection.fit([probabilities[chosen] for probabilities, _ in found], labels[chosen])
        mixed = sum(weight * probabilities for weight, (probabilities, _) in zip(selection.weights_, found))
        right = (found[best][0][judges].argmax(1) == labels[judges]).mean() - (mixed[judges].argmax(1) == labels[judges]).mean()
        lost.append(100 * right)
        cost.append(sum(macs for weight, (_, macs) in zip(selection.weights_, found) if weight > 0) / found[best][1])
    same = sum(abs(a - b) < 1e-3 and abs(c - d) < 1e-3 for a, b, c, d in zip(lost, ours["lost"], cost, ours["cost"]))
    error = np.std(np.subtract(lost, ours["lost"][:options.splits]), ddof=1) / options.splits ** 0.5
    print(f"hold-outs of {options.images}, {options.splits} splits: points lost {np.mean(lost):.4f} by AutoGluon, "
          f"{np.mean(ours['lost'][:options.splits]):.4f} here (standard error of the difference {error:.4f}); cost "
          f"{np.mean(cost):.4f} and {np.mean(ours['cost'][:options.splits]):.4f}; the same choice in {same} splits")


if __name__ == "__main__":
    main()
