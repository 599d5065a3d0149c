"""Writes predictions of six made-up members and what NumPy and others compute from them.

Made with Python 3.11, NumPy 2.4.6, scikit-learn 1.9.1, SciPy 1.17.1, statsmodels 0.15.0, torch 2.11.0,
torchmetrics 1.9.0, safetensors 0.8.0.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import safetensors.numpy
import scipy.special
import scipy.stats
import torch
from sklearn.metrics import brier_score_loss, log_loss, top_k_accuracy_score
from statsmodels.stats.contingency_tables import mcnemar
from torchmetrics.classification import MulticlassCalibrationError

here = Path(__file__).parent
random = np.random.default_rng(20)
images, classes = 90, 7
labels = random.integers(0, classes, images)
difficulty = random.normal(0, 1.2, (images, classes))
members = [("small", 100, 10)] * 4 + [("large", 250, 40)] * 2
quality = {"small": 1.2, "large": 1.8}

log_probabilities = []
for index, (network, macs, parameters) in enumerate(members):
    logits = difficulty + random.normal(0, 1.0, (images, classes))
    logits[np.arange(images), labels] += quality[network]
    logits *= 1.7
    rows = scipy.special.log_softmax(logits, axis=1).astype(np.float32)
    log_probabilities.append(rows)
    safetensors.numpy.save_file(
        {"log_probabilities": rows, "labels": labels.astype(np.int64)},
        here / f"member-{index}.safetensors",
        {"name": f"{network}-{index}", "network": network, "macs": str(macs), "parameters": str(parameters),
         "split": "test", "fingerprint": "made-up"},
    )
log_probabilities = np.stack(log_probabilities).astype(np.float64)


def combine(chosen, rule):
    """Probabilities, their logarithms, and the classes of each image from the best to the worst."""
    logs = log_probabilities[list(chosen)]
    index = np.broadcast_to(np.arange(classes), (images, classes))
    if rule == "geometricMean":
        means = logs.mean(axis=0)
    elif rule == "logitMean":
        means = (logs - logs.mean(axis=2, keepdims=True)).mean(axis=0)  # centred
    elif rule == "arithmeticMean":
        means = scipy.special.logsumexp(logs, axis=0) - np.log(len(logs))
    else:
        votes = np.eye(classes)[logs.argmax(axis=2)].sum(axis=0)
        order = np.lexsort((index, -logs.sum(axis=0), -votes), axis=1)
        shares = votes / len(logs)
        with np.errstate(divide="ignore"):
            return shares, np.log(shares), order
    normalised = means - scipy.special.logsumexp(means, axis=1, keepdims=True)
    return np.exp(normalised), normalised, np.lexsort((index, -normalised), axis=1)


def calibration_error(probabilities, right):
    confidence = probabilities.max(axis=1)
    edges = np.arange(16) / 15
    error = 0.0
    for low, high in zip(edges, edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def metrics(chosen, rule):
    probabilities, logs, order = combine(chosen, rule)
    right = order[:, 0] == labels
    top = (order[:, :5] == labels[:, None]).any(axis=1).mean()
    label_logs = logs[np.arange(images), labels]
    likelihood = -np.maximum(label_logs, -149 * np.log(2)).mean()
    brier = ((probabilities - np.eye(classes)[labels]) ** 2).sum(axis=1).mean()
    error = calibration_error(probabilities, right)
    # The same from others, where they define the same.
    all_classes = np.arange(classes)
    assert np.isclose(
        brier, brier_score_loss(labels, probabilities, labels=all_classes, scale_by_half=False), atol=1e-12)
    if rule != "majorityVote":
        assert np.isclose(likelihood, log_loss(labels, probabilities, labels=all_classes), atol=1e-9)
        assert np.isclose(top, top_k_accuracy_score(labels, logs, k=5, labels=all_classes))
        theirs = MulticlassCalibrationError(classes, n_bins=15)(
            torch.tensor(probabilities), torch.tensor(labels)).item()
        assert np.isclose(error, theirs, atol=1e-6), (error, theirs)
    return {
        "top1Accuracy": right.mean(), "topKAccuracy": top, "negativeLogLikelihood": likelihood,
        "brierScore": brier, "expectedCalibrationError": error,
    }, right


def subsets(chosen, size):
    return list(itertools.combinations(chosen, size))


def p_value(first, second):
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    table = [[0, only_first], [only_second, 0]]
    return mcnemar(table, exact=only_first + only_second < 25, correction=True).pvalue


def frontier(rule):
    curves = {}
    for network, chosen in [("small", range(4)), ("large", range(4, 6))]:
        curves[network] = []
        for size in range(1, len(chosen) + 1):
            results = [metrics(subset, rule) for subset in subsets(chosen, size)]
            accuracies = np.array([values["top1Accuracy"] for values, _ in results])
            curves[network].append({
                "mean": {key: np.mean([values[key] for values, _ in results]) for key in results[0][0]},
                "median": np.median(accuracies), "minimum": accuracies.min(), "maximum": accuracies.max(),
                "deviation": accuracies.std(ddof=1) if len(accuracies) > 1 else 0.0,
                "correctness": np.mean([right for _, right in results], axis=0),
                "first": metrics(list(chosen)[:size], rule)[1],
            })
    singles = sorted((metrics([member], rule) for member in (4, 5)), key=lambda item: item[0]["top1Accuracy"])
    opponent = singles[len(singles) // 2][1]  # the upper of the middle two
    comparisons = []
    for size in (2, 3):  # 200 and 300 against 250
        small, large = curves["small"][size - 1], curves["large"][0]
        interval = scipy.stats.bootstrap(
            (small["correctness"] - large["correctness"],), np.mean, n_resamples=20000, method="percentile",
            rng=np.random.default_rng(1)).confidence_interval
        comparisons.append({
            "count": size, "smallAccuracy": small["mean"]["top1Accuracy"],
            "largeAccuracy": large["mean"]["top1Accuracy"],
            "pairDifference": small["first"].mean() - opponent.mean(), "difference": small["mean"]["top1Accuracy"] - large["mean"]["top1Accuracy"],
            "low": interval.low, "high": interval.high, "pValue": p_value(small["first"], opponent),
        })
    for points in curves.values():
        for point in points:
            del point["correctness"], point["first"]
    return {"curves": curves, "comparisons": comparisons}


rules = ["geometricMean", "arithmeticMean", "logitMean", "majorityVote"]
predicted = log_probabilities.argmax(axis=2)
wrong = predicted != labels
everything = {
    "subsets": [
        {"rule": rule, "members": list(chosen), "metrics": metrics(chosen, rule)[0]}
        for rule in rules for size in range(1, 5) for chosen in subsets(range(4), size)
    ],
    "frontiers": {rule: frontier(rule) for rule in rules},
    "combined": {rule: combine((0, 2, 4), rule)[0][:5].tolist() for rule in rules},
    "disagreement": (predicted[:, None] != predicted[None]).mean(axis=2).tolist(),
    "doubleFault": (wrong[:, None] & wrong[None]).mean(axis=2).tolist(),
}
(here / "expected.json").write_text(json.dumps(everything, indent=0) + "\n")
print("accuracies", 1 - wrong.mean(axis=1))
