"""Writes where two made-up classifiers err by class and by group, as scikit-learn and statsmodels have it.

Made with Python 3.11, NumPy 2.4.6, scikit-learn 1.9.1, statsmodels 0.15.0.
"""

import json
import warnings
from pathlib import Path

import numpy as np
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


def interval(hits, count, miss, method):
    if count == 0:
        return [0.0, 1.0]
    return [float(np.clip(bound, 0, 1)) for bound in proportion_confint(hits, count, miss, method)]


def shares(counts, hits, names):
    present = [k for k in range(len(counts)) if counts[k] > 0]
    return [{"name": names[k], "images": int(counts[k]), "accuracy": hits[k] / counts[k],
             "own": interval(hits[k], counts[k], 0.05, "wilson"),
             "interval": interval(hits[k], counts[k], 0.05 / len(present), "beta")}
            for k in present]


# How many images only one of the two gets right, at a tenth of the level, and which of the two it is, at the rest.
def paired(b, c, n, comparisons):
    miss = 0.05 / comparisons
    discord, first = interval(b + c, n, 0.1 * miss, "beta"), interval(b, b + c, 0.9 * miss, "beta")
    products = [(2 * share - 1) * count for share in first for count in discord]
    return [min(products[:2]), max(products[2:])]


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
                     "interval": paired(b, c, n, len(present))})
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
