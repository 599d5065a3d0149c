#!/usr/bin/env python3
"""predict.py ENSEMBLE IMAGE ...: what `consort predict ENSEMBLE IMAGE ...` says, by docs/inference.md alone.

Needs numpy, onnxruntime and Pillow. Each image runs through as few members as the cascade lets it; prints JSON, for
each image the probabilities of all classes.
"""
import json
import math
import os
import sys

import numpy as np
import onnxruntime
from PIL import Image


def pixels(path, p):
    """An image as the member's input takes it, [1, 3, H, W] or [1, H, W, 3]."""
    image = Image.open(path).convert("RGB")
    filters = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
    (w, h), how, filter = image.size, p["resizing"], filters[p["interpolation"]]
    if how["kind"] == "shortSide":
        short, n = min(w, h), how["pixels"]
        w, h = (n if side == short else n * side // short for side in (w, h))
        x, y = (round((a - b) / 2) for a, b in ((w, p["width"]), (h, p["height"])))
        image = image.resize((w, h), filter).crop((x, y, x + p["width"], y + p["height"]))
    elif how["kind"] == "centreCrop":
        side = p["height"]
        ratio = np.float32(side / (side + how["padding"]))
        n = max(int(ratio * np.float32(min(w, h))), 1)
        x, y = (w - n + 1) // 2, (h - n + 1) // 2
        image = image.crop((x, y, x + n, y + n)).resize((side, side), filter)
    assert image.size == (p["width"], p["height"]), f"{path} has another size than the model takes"
    values = (np.asarray(image, "f4") - np.float32(p["mean"])) / np.float32(p["standardDeviation"])
    values = values[..., ::-1] if p["channelOrder"] == "bgr" else values
    return np.ascontiguousarray(values if p["layout"] == "nhwc" else values.transpose(2, 0, 1))[None]


def normalised(values):
    """Log-probabilities of scores, float64: less the logarithm of the sum of their exponentials."""
    values = values - values.max()
    return values - math.log(np.exp(values).sum())


def log_probabilities(session, path, member):
    x = pixels(path, member["preprocessing"])
    x = x.astype({"tensor(uint8)": "u1", "tensor(float16)": "f2"}.get(session.get_inputs()[0].type, "f4"))
    scores = session.run(None, {session.get_inputs()[0].name: x})[0].reshape(-1).astype("f8")
    if scores.min() >= 0 and abs(scores.sum() - 1) < 1e-3:  # Probabilities.
        with np.errstate(divide="ignore"):
            return np.log(scores / scores.sum())
    return normalised(scores)  # Logits or log-probabilities.


def combine(members, rule, weights=None):
    """Log-probabilities of some members' together."""
    m = np.stack(members)
    if rule in ("geometricMean", "logitMean"):
        return normalised(np.average(np.maximum(m, -1e12), axis=0, weights=weights))
    if rule == "arithmeticMean":
        return np.log(np.exp(m).mean(0))
    votes = np.bincount(m.argmax(1), minlength=m.shape[1])
    with np.errstate(divide="ignore"):
        return np.log(votes / len(m))


def confidence(kind, members, rule):
    q = combine(members, rule)
    p = np.sort(np.exp(q))[::-1]
    if kind == "maximumProbability":
        return p[0]
    if kind == "margin":
        return p[0] - p[1]
    if kind == "entropy":
        return float((p[p > 0] * np.log(p[p > 0])).sum())
    tied = np.flatnonzero(q == q.max())
    best = tied[np.argmax(np.sum(members, axis=0)[tied])]
    return np.mean([m.argmax() == best for m in members])


def predict(manifest, log_probabilities):
    """Probabilities, and how many members ran; `log_probabilities(stage)` runs one."""
    rule, cascade = manifest["rule"], manifest.get("cascade")
    temperatures = manifest.get("memberTemperatures") or [1] * len(manifest["members"])
    found = []
    for stage, temperature in enumerate(temperatures):
        found.append(normalised(log_probabilities(stage) / temperature))
        threshold = cascade and (cascade["confidenceThresholds"] + [None])[stage]
        # Before the temperature of the whole.
        if threshold is not None and confidence(cascade["confidence"], found, rule) >= threshold:
            break
    q = combine(found, rule, manifest.get("weights"))
    return np.exp(normalised(q / manifest.get("temperature", 1))), len(found)


def main():
    directory, *paths = sys.argv[1:]
    manifest = json.load(open(os.path.join(directory, "ensemble.json")))
    members = manifest["members"]
    sessions = [onnxruntime.InferenceSession(os.path.join(directory, m["file"])) for m in members]
    answers = []
    for path in paths:
        p, ran = predict(manifest, lambda stage: log_probabilities(sessions[stage], path, members[stage]))
        answers.append({"image": path, "members": ran, "probabilities": p.tolist()})
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
