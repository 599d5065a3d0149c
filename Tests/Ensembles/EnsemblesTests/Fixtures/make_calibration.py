"""Writes predictions of a made-up ensemble that errs by class, and what others make of them: calibration maps and errors.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, torch-uncertainty 0.13.0, safetensors 0.8.0.
"""

import json
import math
from pathlib import Path

import numpy as np
import safetensors.numpy
import scipy.optimize
import scipy.special
import torch
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from torch_uncertainty.metrics.classification import AdaptiveCalibrationError, ClasswiseCalibrationError

here = Path(__file__).parent / "calibration"
here.mkdir(exist_ok=True)
random = np.random.default_rng(11)
classes, images, bins = 4, 300, 15
sets = {}
for split in ["hold-out", "test"]:
    labels = random.choice(classes, images, p=[0.4, 0.3, 0.2, 0.1])
    logits = random.normal(0, 1.2, (images, classes))
    logits[np.arange(images), labels] += 2
    # Too sure by a factor that differs from class to class, and fond of the last one.
    logits = logits * [1.8, 1.2, 2.4, 1.5] + [0, 0.4, -0.3, 0.9]
    rows = scipy.special.log_softmax(logits, axis=1).astype(np.float32)
    safetensors.numpy.save_file(
        {"log_probabilities": rows, "labels": labels.astype(np.int64)}, here / f"{split}.safetensors",
        {"name": "ensemble", "network": "net", "macs": "100", "parameters": "10", "split": split,
         "fingerprint": f"{split} images"})
    sets[split] = (rows.astype(np.float64), labels)
(logs, labels), (test, test_labels) = sets["hold-out"], sets["test"]
own = np.eye(classes)[labels]


def log_softmax(values):
    return values - scipy.special.logsumexp(values, axis=1, keepdims=True)


# The temperature: a gamma prior of the inverse, of the density b^4 e^(-4 b).
def posterior(inverse):
    return -log_softmax(inverse * logs)[np.arange(images), labels].sum() + 4 * (inverse - 1 - np.log(inverse))


inverse = scipy.optimize.minimize_scalar(posterior, bracket=(0.3, 1), options={"xtol": 1e-14}).x


# Scalings: the published objectives (arXiv:1706.04599, arXiv:1910.12656 with ODIR) summed over the images, and the diagonal's prior.
def scaling(is_full):
    size = classes * classes if is_full else classes
    eye = np.eye(classes).ravel() if is_full else np.ones(classes)
    centre = np.concatenate([inverse * eye, np.zeros(classes)])
    strength = np.concatenate([np.where(eye == 1, 1 / 0.5 ** 2, 1 / 0.1 ** 2), np.full(classes, 1 / 0.5 ** 2)])

    def objective(numbers):
        weights, intercepts = numbers[:size], numbers[size:]
        scores = (logs @ weights.reshape(classes, classes).T if is_full else logs * weights) + intercepts
        found = log_softmax(scores)
        rest = np.exp(found) - own
        slope = (rest.T @ logs).ravel() if is_full else (rest * logs).sum(axis=0)
        value = -(found * own).sum() + (strength * (numbers - centre) ** 2).sum() / 2
        return value, np.concatenate([slope, rest.sum(axis=0)]) + strength * (numbers - centre)

    found = scipy.optimize.minimize(objective, centre, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 10_000})
    assert np.abs(objective(found.x)[1]).max() < 1e-6, found
    return found.x[:size].reshape(-1, classes).tolist(), found.x[size:].tolist()


(vector_slopes,), vector_intercepts = scaling(False)
dirichlet_weights, dirichlet_intercepts = scaling(True)


# One class against all others.
def log_odds(rows):
    return rows - np.log(np.stack([np.delete(np.exp(rows), c, axis=1).sum(axis=1) for c in range(classes)], axis=1))


given = log_odds(logs)


def smoothed(hits, p, q):
    """Shares of blocks of images with a hair more: as many images as have one of each kind, no more than there are."""
    n = len(p)
    further = min(1 / min(p.mean(), q.mean()), n)
    return hits.sum() + further * p.mean(), n - hits.sum() + further * q.mean()


def curve(c):
    p, q, hits = scipy.special.expit(given[:, c]), scipy.special.expit(-given[:, c]), own[:, c]
    steps = IsotonicRegression().fit(given[:, c], hits).predict(given[:, c])
    order = np.argsort(given[:, c])
    parts = np.split(order, np.flatnonzero(np.diff(steps[order]) > 1e-12) + 1)
    pairs = np.array([smoothed(hits[part], p[part], q[part]) for part in parts])
    shares = IsotonicRegression().fit(np.arange(len(parts)), pairs[:, 0] / pairs.sum(axis=1), sample_weight=pairs.sum(axis=1))
    level = shares.predict(np.arange(len(parts)))
    points = []
    for value in np.unique(level):
        group = np.flatnonzero(level == value)
        together = np.concatenate([parts[g] for g in group])
        points.append((math.log(p[together].sum() / q[together].sum()), math.log(pairs[group, 0].sum() / pairs[group, 1].sum())))
    return steps.tolist(), points


curves = [curve(c) for c in range(classes)]
raw_steps = curves[0][0]
curves = [points for _, points in curves]


def isotonic(rows):
    odds = log_odds(rows)
    found = np.empty_like(odds)
    for c, points in enumerate(curves):
        x, y = np.array(points).T
        inner = np.interp(odds[:, c], x, y)
        found[:, c] = np.where(odds[:, c] < x[0], y[0] + odds[:, c] - x[0],
                               np.where(odds[:, c] > x[-1], y[-1] + odds[:, c] - x[-1], inner))
    return log_softmax(scipy.special.log_expit(found))


# Histograms: the shares before smoothing are scikit-learn's.
def table(c):
    p, q, hits = scipy.special.expit(given[:, c]), scipy.special.expit(-given[:, c]), own[:, c]
    place = np.clip(np.ceil(p * bins) - 1, 0, bins - 1).astype(int)
    shares, means = calibration_curve(hits, p, n_bins=bins)
    row, seen = [], 0
    for b in range(bins):
        inside = place == b
        if inside.any():
            assert np.isclose(hits[inside].mean(), shares[seen]) and np.isclose(p[inside].mean(), means[seen])
            seen += 1
            pair = smoothed(hits[inside], p[inside], q[inside])
        else:
            pair = (b + 0.5, bins - b - 0.5)
        row.append(math.log(pair[0] / pair[1]))
    return row


tables = [table(c) for c in range(classes)]


def histogram(rows):
    p = scipy.special.expit(log_odds(rows))
    place = np.clip(np.ceil(p * bins) - 1, 0, bins - 1).astype(int)
    return log_softmax(scipy.special.log_expit(np.take_along_axis(np.array(tables)[None], place[:, :, None], 2)[:, :, 0]))


# Errors of the test set's predictions.
probabilities, targets = torch.tensor(np.exp(test)), torch.tensor(test_labels)
adaptive = AdaptiveCalibrationError(task="multiclass", num_classes=classes, num_bins=bins)(probabilities, targets)
classwise = ClasswiseCalibrationError(classes, bins)(probabilities, targets)

# What calibrated predictions have, exactly: the hits of each bin are a sum of coins.
confidence = np.exp(test.max(axis=1))
place = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(int)
expected, variance, bands = 0.0, 0.0, []
for b in range(bins):
    inside = confidence[place == b]
    if not len(inside):
        bands.append(None)
        continue
    chance = np.ones(1)
    for p in inside:
        chance = np.convolve(chance, [1 - p, p])
    gap = np.abs(np.arange(len(chance)) - inside.sum()) / images
    expected += (chance * gap).sum()
    variance += (chance * gap ** 2).sum() - (chance * gap).sum() ** 2
    sums = chance.cumsum()
    bands.append([int(np.searchsorted(sums, 0.025)) / len(inside), int(np.searchsorted(sums, 0.975)) / len(inside)])

some = test[:25]
(here / "expected.json").write_text(json.dumps({
    "temperature": 1 / inverse,
    "vector": {"slopes": vector_slopes, "intercepts": vector_intercepts},
    "dirichlet": {"weights": dirichlet_weights, "intercepts": dirichlet_intercepts},
    "isotonic": {"curves": [{"given": [x for x, _ in points], "calibrated": [y for _, y in points]} for points in curves]},
    "histogram": {"logOdds": tables},
    "steps": raw_steps,
    "calibrated": {
        "vector": log_softmax(some * vector_slopes + vector_intercepts).tolist(),
        "dirichlet": log_softmax(some @ np.array(dirichlet_weights).T + dirichlet_intercepts).tolist(),
        "isotonic": isotonic(some).tolist(), "histogram": histogram(some).tolist()},
    "adaptive": adaptive.item(), "classwise": classwise.item(),
    "expectedError": expected, "errorDeviation": math.sqrt(variance), "bands": bands,
}) + "\n")
print("temperature", 1 / inverse, "adaptive", adaptive.item(), "classwise", classwise.item(), "expected", expected)
