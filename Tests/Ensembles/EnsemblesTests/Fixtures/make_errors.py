"""Writes where two made-up classifiers err by class and by group, as scikit-learn, statsmodels and SciPy have it.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm
from sklearn.metrics import balanced_accuracy_score, classification_report, confusion_matrix
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

warnings.simplefilter("ignore")
random = np.random.default_rng(19)
images, classes = 400, 8
# Class 6 has no image, class 7 few; class 5 is never predicted by the second.
labels = random.choice(classes, images, p=[0.3, 0.2, 0.15, 0.13, 0.1, 0.1, 0, 0.02])
groups = random.choice(["north", "south", "east", "west, far"], images, p=[0.5, 0.3, 0.18, 0.02])


def predict(skill):
    values = random.normal(0, 1, (images, classes))
    values[np.arange(images), labels] += skill[labels]
    return values


def log_softmax(values):
    shifted = values - values.max(axis=1, keepdims=True)
    # As few digits as will do: what follows is of the rounded ones.
    return np.round(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), 4)


first = log_softmax(predict(np.array([3, 3, 2.5, 2, 1.5, 1.0, 2, 2]))).astype(np.float32)
second = predict(np.array([2.2, 3, 2.5, 2.5, 3.2, 0, 2, 2]))
second[:, 5] -= 30
second = log_softmax(second).astype(np.float32)
costs = np.round(random.uniform(0.5, 4, (classes, classes)), 2)
np.fill_diagonal(costs, [0, 0, -0.5, 0, 0, 0.25, 0, 0])
costs[3, :3] = 20
nearly_zero_one = 1.0 - np.eye(classes)
nearly_zero_one[4, 0] = 30


def wilson(hits, count, comparisons):
    return [float(bound) for bound in proportion_confint(hits, count, 0.05 / comparisons, "wilson")]


def shares(counts, hits, names):
    present = [k for k in range(len(counts)) if counts[k] > 0]
    return [{"name": names[k], "images": int(counts[k]), "accuracy": hits[k] / counts[k],
             "own": wilson(hits[k], counts[k], 1), "interval": wilson(hits[k], counts[k], len(present))}
            for k in present]


# Tango's interval from its definition: the score statistic with the likelihood maximised under the difference by a
# general solver, and its ends by a general root finder.
def score(difference, b, c, n):
    low, high = max(0, -difference), (1 - difference) / 2
    def loss(q):
        terms = [(b, q + difference), (c, q), (n - b - c, 1 - 2 * q - difference)]
        return -sum(count * np.log(max(value, 1e-300)) for count, value in terms if count)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-14})
    q = min([low, high, found.x], key=loss)
    variance = n * (2 * q + difference * (1 - difference))
    return (b - c - n * difference) / np.sqrt(max(variance, 1e-300))


def tango(b, c, n, comparisons):
    z = norm.isf(0.025 / comparisons)
    value = (b - c) / n
    def end(limit, sign):
        inside, outside = value, limit
        def excess(difference):
            return abs(score(difference, b, c, n)) - z
        edge = limit * (1 - 1e-12)
        return float(brentq(excess, value + sign * 1e-9, edge, xtol=1e-13)) if excess(edge) > 0 else limit
    return [end(-1.0, -1), end(1.0, 1)]


def differences(keys, names):
    present = [key for key in names if (keys == key).any()]
    right = [values.argmax(axis=1) == labels for values in (first, second)]
    rows = []
    for key in present:
        inside = keys == key
        b = int((right[0] & ~right[1] & inside).sum())
        c = int((right[1] & ~right[0] & inside).sum())
        n = int(inside.sum())
        rows.append({"name": str(key), "images": n, "onlyFirst": b, "onlySecond": c,
                     "pValue": float(mcnemar([[0, b], [c, 0]], exact=True).pvalue),
                     "tango": tango(b, c, n, len(present))})
    for row, corrected in zip(rows, multipletests([row["pValue"] for row in rows], method="holm")[1]):
        row["correctedPValue"] = float(corrected)
    return rows


def by_costs(values, table):
    predicted = (np.exp(values.astype(np.float64)) @ table).argmin(axis=1)
    return {"predicted": predicted.tolist(), "meanCost": float(table[labels, predicted].mean()),
            "meanCostOfMostProbable": float(table[labels, values.argmax(axis=1)].mean())}


def profile(values):
    predicted = values.argmax(axis=1)
    matrix = confusion_matrix(labels, predicted, labels=range(classes))
    report = classification_report(labels, predicted, labels=range(classes), output_dict=True, zero_division=0)
    names = [str(k) for k in range(classes)]
    return {
        "confusion": matrix.tolist(), "balancedAccuracy": float(balanced_accuracy_score(labels, predicted)),
        "recalls": [report[str(k)]["recall"] for k in range(classes)],
        "precisions": [report[str(k)]["precision"] for k in range(classes)],
        "byClass": shares(matrix.sum(axis=1), matrix.diagonal(), names),
        "byPrediction": shares(matrix.sum(axis=0), matrix.diagonal(), names),
        "costs": by_costs(values, costs), "nearlyZeroOne": by_costs(values, nearly_zero_one),
    }


out = {
    "labels": labels.tolist(), "groups": groups.tolist(), "first": np.round(first.astype(np.float64), 4).tolist(), "second": np.round(second.astype(np.float64), 4).tolist(),
    "costs": costs.tolist(), "nearlyZeroOne": nearly_zero_one.tolist(),
    "firstProfile": profile(first), "secondProfile": profile(second),
    "byClass": differences(labels, list(range(classes))), "byGroup": differences(groups, sorted(set(groups))),
}

(Path(__file__).parent / "errors.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
