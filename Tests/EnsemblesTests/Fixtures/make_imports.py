"""Writes one member's scores in the formats of other programs, and what they are as log-probabilities.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, safetensors 0.8.0.
"""

import csv
from pathlib import Path

import numpy as np
import safetensors.numpy
import scipy.special

here = Path(__file__).parent / "imports"
here.mkdir(exist_ok=True)
random = np.random.default_rng(4)
images, classes = 12, 5
labels = random.integers(0, classes, images)
logits = (3 * random.standard_normal((images, classes))).astype(np.float16)  # exact in every format
logits[3, 1] = -np.inf
exact = scipy.special.log_softmax(logits.astype(np.float64), axis=1)
probabilities = np.exp(exact)

np.save(here / "labels.npy", labels)
np.save(here / "labels-u1.npy", labels.astype(np.uint8))
np.save(here / "logits-f2.npy", logits)
np.save(here / "logits-f4.npy", logits.astype(np.float32))
np.save(here / "probabilities-f8.npy", probabilities)
np.save(here / "log-probabilities-f8.npy", exact)
np.savez(here / "logits.npz", logits=logits.astype(np.float32), labels=labels.astype(np.int32))
np.savez(here / "unnamed.npz", probabilities.astype(np.float64), labels=labels)
np.savez_compressed(here / "compressed.npz", logits=logits, labels=labels)
np.savez(here / "three.npz", a=logits, b=logits, labels=labels)
np.save(here / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(here / "fortran.npy", np.asfortranarray(logits))
np.save(here / "big-endian.npy", logits.astype(">f4"))
np.save(here / "whole.npy", np.zeros((images, classes), np.int64))
with open(here / "probabilities.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "label", "cat", "dog, small", "a \"fish\"", "d", "e"])
    for image in range(images):
        writer.writerow([f"image-{image}", labels[image], *(repr(float(p)) for p in probabilities[image])])
with open(here / "labels.csv", "w") as file:
    file.write("label\n" + "".join(f"{label}\n" for label in labels))
safetensors.numpy.save_file({"log_probabilities": exact.astype(np.float32), "labels": labels.astype(np.int64)},
                            here / "exact.safetensors",
                            {"name": "exact", "network": "net", "macs": "10", "parameters": "5", "split": "test",
                             "fingerprint": "images"})
