"""Writes hold-out and test predictions of five made-up members, and what others decide and measure on them.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, torch 2.15.0, torchmetrics 1.9.0, safetensors 0.8.0.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import safetensors.numpy
import scipy.optimize
import scipy.special
import scipy.stats
import torch
from sklearn.metrics import log_loss, matthews_corrcoef
from torchmetrics.classification import MulticlassCalibrationError

here = Path(__file__).parent / "decisions"
here.mkdir(exist_ok=True)
random = np.random.default_rng(7)
classes = 6
costs = [100, 140, 200, 300, 700]
quality = [1.0, 0.2, 1.6, 1.5, 1.9]
sharpness = [1.0, 0.7, 2.5, 0.8, 1.2]
sets = {}
for split, images in [("hold-out", 160), ("test", 190)]:
    labels = random.integers(0, classes, images)
    shared = random.normal(0, 1.0, (images, classes))
    rows = []
    for member in range(5):
        logits = shared + random.normal(0, 0.9, (images, classes))
        logits[np.arange(images), labels] += quality[member]
        values = scipy.special.log_softmax(logits * sharpness[member], axis=1).astype(np.float32)
        rows.append(values)
        safetensors.numpy.save_file(
            {"log_probabilities": values, "labels": labels.astype(np.int64)}, here / f"{split}-{member}.safetensors",
            {"name": f"m{member}", "network": f"net-{member}", "macs": str(costs[member]), "parameters": "10",
             "split": split, "fingerprint": f"{split} images"})
    sets[split] = (np.stack(rows).astype(np.float64), labels)
hold_out, hold_labels = sets["hold-out"]
test, test_labels = sets["test"]


def log_softmax(values):
    return values - scipy.special.logsumexp(values, axis=-1, keepdims=True)


def likelihood(logs, labels):
    return -logs[np.arange(len(labels)), labels].mean()


# A fit is drawn to where it starts: one image more, like these, which is labelled by the start's own probabilities.
def drawn(logs, start, labels):
    expected = -(np.exp(start) * logs).sum(axis=1).mean()
    return likelihood(logs, labels) + expected / len(labels)


# Weights: SciPy's general solver on the simplex, from several starts.
def weighted(weights, logs):
    return log_softmax(np.tensordot(weights, logs, 1))


equal = weighted(np.full(5, 0.2), hold_out)
solutions = [
    scipy.optimize.minimize(
        lambda w: drawn(weighted(w, hold_out), equal, hold_labels), start, method="SLSQP", bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-15, "maxiter": 1000})
    for start in [np.full(5, 0.2), np.eye(5)[0] * 0.6 + 0.08, np.eye(5)[4] * 0.6 + 0.08]]
best = min(solutions, key=lambda found: found.fun)
assert all(np.allclose(best.x, found.x, atol=1e-4) for found in solutions)


# Greedy selection with replacement, written out.
def greedy(measure, rounds, rule):
    chosen, scores = [], []
    for _ in range(rounds):
        found = []
        for member in range(5):
            logs = hold_out[chosen + [member]]
            means = logs.mean(axis=0) if rule == "geometricMean" else scipy.special.logsumexp(logs, axis=0)
            combined = log_softmax(means)
            found.append(likelihood(combined, hold_labels) if measure == "negativeLogLikelihood"
                         else -(combined.argmax(axis=1) == hold_labels).mean())
        chosen.append(int(np.argmin(found)))
        scores.append(min(found))
    length = int(np.argmin(scores)) + 1
    sign = 1 if measure == "negativeLogLikelihood" else -1
    return {"measure": measure, "rule": rule, "rounds": chosen, "scores": [sign * s for s in scores], "length": length}


# Temperatures: SciPy's bounded scalar minimum, under a gamma prior of the inverse.
def temperature(logs, labels):
    def posterior(b):
        return likelihood(log_softmax(np.exp(b) * logs), labels) + 4 * (np.exp(b) - b) / len(labels)

    found = scipy.optimize.minimize_scalar(
        posterior, bounds=(-4, 4), method="bounded",
        options={"xatol": 1e-12})
    return float(np.exp(-found.x))


temperatures = [temperature(logs, hold_labels) for logs in hold_out]
ensemble = {split: log_softmax(logs.mean(axis=0)).astype(np.float32).astype(np.float64)
            for split, (logs, _) in sets.items()}
ensemble_temperature = temperature(ensemble["hold-out"], hold_labels)
before = {split: log_softmax(np.mean([log_softmax(l / t) for l, t in zip(logs, temperatures)], axis=0))
          for split, (logs, _) in sets.items()}
after = {split: log_softmax(logs / ensemble_temperature) for split, logs in ensemble.items()}


def equal_mass(logs, labels, bins):
    confidence, right = np.exp(logs).max(axis=1), logs.argmax(axis=1) == labels
    order = np.argsort(confidence, kind="stable")
    edges = [b * len(labels) // bins for b in range(bins + 1)]
    parts = [order[a:b] for a, b in zip(edges, edges[1:])]
    rows = [(len(p), confidence[p].mean(), right[p].mean()) for p in parts]
    return rows, sum(n * abs(a - c) for n, c, a in rows) / len(labels)


def classwise(logs, labels, bins):
    probabilities = np.exp(logs)
    edges = np.arange(bins + 1) / bins
    total = 0.0
    for c in range(classes):
        for low, high in zip(edges, edges[1:]):
            inside = (probabilities[:, c] > low) & (probabilities[:, c] <= high)
            if inside.any():
                total += inside.mean() * abs((labels[inside] == c).mean() - probabilities[inside, c].mean())
    return total / classes


def reliability(logs, labels):
    probabilities = np.exp(logs)
    theirs = MulticlassCalibrationError(classes, n_bins=15)(torch.tensor(probabilities), torch.tensor(labels)).item()
    rows, mass = equal_mass(logs, labels, 15)
    return {
        "negativeLogLikelihood": log_loss(labels, probabilities, labels=np.arange(classes)),
        "brier": ((probabilities - np.eye(classes)[labels]) ** 2).sum(axis=1).mean(),
        "equalWidth": theirs, "equalMass": mass, "classwise": classwise(logs, labels, 15),
        "massBins": [[int(n), float(c), float(a)] for n, c, a in rows],
    }


# Diversity of the test set's members.
wrong = test.argmax(axis=2) != test_labels
pairs = {"q": [], "correlation": []}
for i in range(5):
    q_row, r_row = [], []
    for j in range(5):
        both_right, both_wrong = int((~wrong[i] & ~wrong[j]).sum()), int((wrong[i] & wrong[j]).sum())
        first, second = int((~wrong[i] & wrong[j]).sum()), int((wrong[i] & ~wrong[j]).sum())
        q_row.append((both_right * both_wrong - first * second) / (both_right * both_wrong + first * second))
        r_row.append(matthews_corrcoef(wrong[i], wrong[j]))
        assert np.isclose(r_row[-1], np.corrcoef(wrong[i], wrong[j])[0, 1])
    pairs["q"].append(q_row)
    pairs["correlation"].append(r_row)


def accuracy(chosen):
    return float((test[list(chosen)].mean(axis=0).argmax(axis=1) == test_labels).mean())


added = []
for member in range(5):
    others = [m for m in range(5) if m != member]
    row = {"last": accuracy(range(5)) - accuracy(others), "mean": []}
    for size in range(5):
        gains = [accuracy((*s, member)) - (accuracy(s) if s else 0) for s in itertools.combinations(others, size)]
        row["mean"].append(float(np.mean(gains)))
    added.append(row)



# Cascades: what each stage says, and the best thresholds by trying all that differ in what they do.
def stage(logs, rule, count):
    """Predicted classes and how sure, by each measure."""
    logs = logs[:count]
    if rule == "geometricMean":
        probabilities = np.exp(log_softmax(logs.mean(axis=0)))
        predicted = probabilities.argmax(axis=1)
    elif rule == "arithmeticMean":
        probabilities = np.exp(logs).mean(axis=0)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        predicted = probabilities.argmax(axis=1)
    else:
        probabilities = np.eye(classes)[logs.argmax(axis=2)].mean(axis=0)
        predicted = np.lexsort((-logs.sum(axis=0), -probabilities), axis=1)[:, 0]
    ordered = np.sort(probabilities, axis=1)
    return predicted, {
        "maximumProbability": probabilities[np.arange(len(predicted)), predicted],
        "margin": ordered[:, -1] - ordered[:, -2],
        "entropy": -scipy.stats.entropy(probabilities, axis=1),
        "agreement": (logs.argmax(axis=2) == predicted).mean(axis=0),
    }


stages = {}
for rule in ["geometricMean", "arithmeticMean", "majorityVote"]:
    found = [stage(test, rule, count) for count in range(1, 6)]
    stages[rule] = {
        "isRight": [(predicted == test_labels).astype(int).tolist() for predicted, _ in found],
        "confidence": {name: [np.round(values[name][:60], 10).tolist() for _, values in found] for name in found[0][1]}}


def best_cascade(order, measure, goal, target):
    found = [stage(hold_out[order], "geometricMean", count) for count in (1, 2, 3)]
    right = [(predicted == hold_labels) for predicted, _ in found]
    sure = [values[measure] for _, values in found]
    steps = [costs[m] for m in order]
    best = None
    for first in [*np.unique(sure[0]), np.inf]:
        stops_first = sure[0] >= first
        for second in [*np.unique(sure[1][~stops_first]), np.inf]:
            stops_second = ~stops_first & (sure[1] >= second)
            rest = ~stops_first & ~stops_second
            hits = (right[0] & stops_first).sum() + (right[1] & stops_second).sum() + (right[2] & rest).sum()
            cost = len(hold_labels) * steps[0] + (~stops_first).sum() * steps[1] + rest.sum() * steps[2]
            if goal == "cost" and cost <= target * len(hold_labels):
                key = (hits, -cost)
            elif goal == "accuracy" and hits >= target * len(hold_labels) - 1e-6:
                key = (-cost, hits)
            else:
                continue
            if best is None or key > best[0]:
                best = (key, hits, cost)
    return {"order": order, "measure": measure, "goal": goal, "target": target, "accuracy": best[1] / len(hold_labels),
            "cost": best[2] / len(hold_labels)}


cascades = [best_cascade(order, measure, goal, target)
            for order in ([0, 2, 4], [3, 1, 4], [4, 3, 2]) for measure in ("maximumProbability", "margin", "entropy")
            for goal, target in (("cost", 760.0), ("cost", 1000.0), ("accuracy", 0.5), ("accuracy", 0.53))]

everything = {
    "stages": stages, "cascades": cascades,
    "weights": best.x.tolist(), "weightedLikelihood": float(likelihood(weighted(best.x, hold_out), hold_labels)),
    "weightedTest": likelihood(weighted(best.x, test), test_labels),
    "greedy": [greedy(measure, 12, rule) for measure in ["negativeLogLikelihood", "top1Accuracy"]
               for rule in ["geometricMean", "arithmeticMean"]],
    "temperatures": temperatures, "ensembleTemperature": ensemble_temperature,
    "uncalibrated": {s: reliability(ensemble[s], sets[s][1]) for s in sets},
    "before": {s: reliability(before[s], sets[s][1]) for s in sets},
    "after": {s: reliability(after[s], sets[s][1]) for s in sets},
    "qStatistic": pairs["q"], "errorCorrelation": pairs["correlation"], "added": added,
}
(here / "expected.json").write_text(json.dumps(everything, indent=0) + "\n")
print(best.x, best.fun, temperatures, ensemble_temperature)
print([g["rounds"] for g in everything["greedy"]], [g["length"] for g in everything["greedy"]])
