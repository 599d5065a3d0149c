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
np.save(here / "labels-one-hot.npy", np.eye(classes, dtype=np.float32)[labels])
np.save(here / "labels-float.npy", labels.astype(np.float64))
np.save(here / "labels-column.npy", labels.astype(">i2")[:, None])
np.save(here / "labels-names.npy", np.array(["cat", "dog", "eel", "fox", "gnu"])[labels])
np.save(here / "logits-column.npy", np.asfortranarray(logits.astype(np.float32)[:, :, None]))
np.save(here / "percents.npy", np.round(100 * probabilities, 1))
np.save(here / "rounded.npy", np.round(probabilities, 2).astype(np.float32))
np.save(here / "log2-f4.npy", (exact / np.log(2)).astype(np.float32))
np.save(here / "log10-f8.npy", exact / np.log(10))
np.save(here / "transposed.npy", np.ascontiguousarray(logits.T))
np.save(here / "wide.npy", logits.astype(np.longdouble))
np.savez_compressed(here / "several.npz", y_true=labels.astype(np.uint64), y_pred=logits.argmax(axis=1), probs=probabilities,
                    classes=np.array(["cat", "dog", "eel", "fox", "gnu"]), ids=np.array([b"i%d" % i for i in range(images)]))
np.savez(here / "misnamed.npz", logits=probabilities, labels=labels)
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
