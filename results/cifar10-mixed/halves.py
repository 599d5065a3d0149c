"""How a choice on half of the hold-out fares on the other half, with and without a margin. No test image is read.

    python3 results/cifar10-mixed/halves.py      (consort on the PATH; numpy 2.4.6, safetensors 0.8.0)
"""
import glob
import json
import os
import subprocess
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
files = sorted(glob.glob(os.path.join(here, "predictions/hold-out/*.safetensors")))
random = np.random.default_rng(1)


def write_half(directory, split, indices, name):
    os.makedirs(directory, exist_ok=True)
    for path in files:
        tensors = {key: np.ascontiguousarray(value[indices]) for key, value in load_file(path).items()}
        metadata = {**safe_open(path, "np").metadata(), "split": split, "fingerprint": name}
        save_file(tensors, os.path.join(directory, os.path.basename(path)), metadata=metadata)


def choose(directory, margin):
    out = os.path.join(directory, "out")
    # The figures do not need the charts' renderer; where it is missing the command says so and fails after writing them.
    subprocess.run(["consort", "frontier", "choose", "judge", "--margin", margin, "--out", out], cwd=directory,
                   env={**os.environ, "CONSORT_DEPS": directory}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    decision = json.load(open(os.path.join(out, "decision.json")))
    candidates = {candidate["id"]: candidate["test"] for candidate in decision["candidates"]}
    chosen, single = candidates[decision["chosen"]], candidates[decision["reference"]]
    return (chosen["metrics"]["top1Accuracy"] - single["metrics"]["top1Accuracy"],
            chosen["cost"]["multiplyAccumulates"] / single["cost"]["multiplyAccumulates"])


rows = []
for number in range(16):
    order = random.permutation(5000)
    with tempfile.TemporaryDirectory() as directory:
        write_half(os.path.join(directory, "choose"), "hold-out", order[:2500], f"choose {number}")
        write_half(os.path.join(directory, "judge"), "test", order[2500:], f"judge {number}")
        rows.append([*choose(directory, "0"), *choose(directory, "1")])
rows = np.array(rows)
for name, columns in (("without a margin", rows[:, :2]), ("one standard error", rows[:, 2:])):
    print(f"{name}: {100 * columns[:, 0].mean():+.2f} points (sd {100 * columns[:, 0].std(ddof=1):.2f}), "
          f"at or above the single model {np.sum(columns[:, 0] >= 0)} of {len(rows)}, {columns[:, 1].mean():.0%} of its MACs")
