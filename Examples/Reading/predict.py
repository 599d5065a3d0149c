#!/usr/bin/env python3
"""predict.py ENSEMBLE IMAGE ...: the probabilities of `consort predict`, by docs/inference.md alone, as JSON.

Needs numpy, onnxruntime and Pillow. Each image runs through as few members as the cascade lets it.
"""
import json
import sys

import numpy as np
import onnxruntime
from PIL import Image


def resized(image, size, filter):
    """Columns first, then rows: Pillow 13 begins with the rows where a tall image loses more of them."""
    return image.resize((size[0], image.height), filter).resize(size, filter)


def pixels(path, p):
    """An image as the member's input takes it, [1, 3, H, W] or [1, H, W, 3]."""
    image, how, size = Image.open(path).convert("RGB"), p["resizing"], (p["width"], p["height"])
    (w, h), filter = image.size, Image.Resampling[p["interpolation"].upper()]
    if how["kind"] == "shortSide":
        w, h = (how["pixels"] * side // min(w, h) for side in (w, h))
        x, y = round((w - size[0]) / 2), round((h - size[1]) / 2)
        image = resized(image, (w, h), filter).crop((x, y, x + size[0], y + size[1]))
    elif how["kind"] == "centreCrop":
        n = max(int(np.float32(size[1] / (size[1] + how["padding"])) * np.float32(min(w, h))), 1)
        x, y = (w - n + 1) // 2, (h - n + 1) // 2
        image = resized(image.crop((x, y, x + n, y + n)), size, filter)
    assert image.size == size, f"{path} has another size than the model takes"
    values = (np.asarray(image, "f4") - np.float32(p["mean"])) / np.float32(p["standardDeviation"])
    values = values[..., ::-1] if p["channelOrder"] == "bgr" else values
    return np.ascontiguousarray(values if p["layout"] == "nhwc" else values.transpose(2, 0, 1))[None]


def normalised(q):
    return q - q.max() - np.log(np.exp(q - q.max()).sum())


def log_probabilities(session, path, member):
    entry = session.get_inputs()[0]
    x = pixels(path, member["preprocessing"]).astype({"tensor(uint8)": "u1", "tensor(float16)": "f2"}.get(entry.type, "f4"))
    scores = session.run(None, {entry.name: x})[0].reshape(-1).astype("f8")
    is_distribution = scores.min() >= 0 and abs(scores.sum() - 1) < 1e-3
    with np.errstate(divide="ignore", invalid="ignore"):
        return normalised(np.log(scores) if is_distribution else scores)


def combined(members, rule, weights=None):
    """The log-probabilities of some members together."""
    if rule in ("geometricMean", "logitMean"):
        return normalised(np.average(np.maximum(members, -1e12), axis=0, weights=weights))
    votes = np.eye(len(members[0]))[np.argmax(members, 1)]
    with np.errstate(divide="ignore"):
        return np.log(np.mean(np.exp(members) if rule == "arithmeticMean" else votes, 0))


def calibrated(q, manifest):
    """What the temperature or the calibration of the whole makes of log-probabilities."""
    if "calibration" not in manifest:
        return normalised(q / manifest.get("temperature", 1))
    (method, how), = manifest["calibration"].items()
    q = np.maximum(q, -103.27892990343185)
    if method in ("vector", "dirichlet"):
        return normalised((q * how["slopes"] if method == "vector" else how["weights"] @ q) + how["intercepts"])
    p, classes = np.exp(q), range(len(q))
    x = q - np.log([sum(p[other] for other in classes if other != c) for c in classes])
    if method == "isotonic":  # Straight between points, and beside them by the same shift.
        curves = [(k["given"], k["calibrated"]) for k in how["curves"]]
        x = np.array([np.interp(v, g, k) + min(v - g[0], 0) + max(v - g[-1], 0) for v, (g, k) in zip(x, curves)])
    else:
        x = np.array([row[max(int(np.ceil(len(row) / (1 + np.exp(-v)))) - 1, 0)] for v, row in zip(x, how["logOdds"])])
    return normalised(-np.logaddexp(0, -x))


def confidence(kind, members, rule):
    q = combined(members, rule)
    p = np.sort(np.exp(q))[::-1]
    best = np.lexsort((np.sum(members, 0), q))[-1]
    return {"maximumProbability": p[0], "margin": p[0] - p[1], "entropy": (p * np.log(np.maximum(p, 1e-300))).sum(),
            "agreement": np.mean(np.argmax(members, 1) == best)}[kind]


def predict(manifest, run):
    """Probabilities, and how many members ran; `run(stage)` gives a member's log-probabilities."""
    rule, cascade, members, found = manifest["rule"], manifest.get("cascade"), manifest["members"], []
    for stage, temperature in enumerate(manifest.get("memberTemperatures") or [1] * len(members)):
        found.append(normalised(run(stage) / temperature))
        threshold = cascade and (cascade["confidenceThresholds"] + [None])[stage]
        if threshold is not None and confidence(cascade["confidence"], found, rule) >= threshold:
            break  # Before the temperature of the whole.
    q = combined(found, rule, manifest.get("weights"))
    return np.exp(calibrated(q, manifest)), len(found)


def main():
    directory, *paths = sys.argv[1:]
    manifest = json.load(open(f"{directory}/ensemble.json"))
    members = [(onnxruntime.InferenceSession(f"{directory}/{m['file']}"), m) for m in manifest["members"]]
    answers = []
    for path in paths:
        p, ran = predict(manifest, lambda stage: log_probabilities(members[stage][0], path, members[stage][1]))
        answers.append({"image": path, "members": ran, "probabilities": p.tolist()})
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
