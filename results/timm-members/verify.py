#!/usr/bin/env python3
"""Top-1 and NLL of the same models by ONNX Runtime and Pillow alone, to compare with what `consort predict` says.

    verify.py IMAGES MODELS      IMAGES/test/CLASS/*.jpg, MODELS/NAME.onnx

Needs onnxruntime 1.32.0, pillow 13.0.0 and numpy.
"""
import glob
import os
import sys

import numpy as np
import onnxruntime
from PIL import Image

MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255
SIZES = {"mobilenetv3_small_100": 64, "regnetx_002": 64, "resnet10t": 32}


def log_probabilities(path, files, size):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = []
    for start in range(0, len(files), 100):
        images = np.stack([np.asarray(Image.open(file).convert("RGB").resize((size, size), Image.BICUBIC), np.float32)
                           for file, _ in files[start:start + 100]])
        images = ((images - MEAN) / DEVIATION).transpose(0, 3, 1, 2).astype(np.float32)
        parts.append(normalized(session.run(None, {"images": images})[0].astype(np.float64)))
    return np.concatenate(parts)


def normalized(logits):
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def main():
    images, models = sys.argv[1:]
    root = os.path.join(images, "test")
    files = [(file, label) for label, name in enumerate(sorted(os.listdir(root)))
             for file in sorted(glob.glob(os.path.join(root, name, "*.jpg")))]
    labels = np.array([label for _, label in files])
    members = {name: log_probabilities(os.path.join(models, f"{name}.onnx"), files, size)
               for name, size in SIZES.items()}
    members["ensemble"] = normalized(sum(members.values()) / len(members))
    for name, scores in members.items():
        accuracy = (scores.argmax(1) == labels).mean()
        print(f"{name}: top-1 {100 * accuracy:.2f} %, NLL {-scores[np.arange(len(labels)), labels].mean():.4f}")


if __name__ == "__main__":
    main()
