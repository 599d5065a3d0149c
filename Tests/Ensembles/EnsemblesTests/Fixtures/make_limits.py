"""Writes candidates/limits.json: prediction sets, risk by coverage and detection of other images, as outside libraries have them.

The geometric mean of the first three made-up members of make_candidates.py: the hold-out calibrates, the test images judge, and
the shifted ones stand for images unlike them. Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, PyTorch 2.11.0,
torch-uncertainty 0.13.0, MAPIE 1.6.0, crepes 0.9.1, scikit-learn 1.9.1.
"""

import json
from pathlib import Path

import numpy as np
import torch
from crepes import ConformalClassifier
from mapie.classification import SplitConformalClassifier
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import average_precision_score, roc_auc_score
from torch.utils.data import DataLoader, TensorDataset
from torch_uncertainty.metrics.classification import (AUGRC, AURC, FPR95, CovAtxRisk, CoverageRate, MutualInformation,
                                                      SetSize)
from torch_uncertainty.post_processing import ConformalClsAPS, ConformalClsRAPS, ConformalClsTHR

here = Path(__file__).parent / "candidates"
torch.set_default_dtype(torch.float64)


def tensors(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])

    def values(name, kind):
        first, last = header[name]["data_offsets"]
        return np.frombuffer(data[end + first:end + last], kind).reshape(header[name]["shape"])

    return values("log_probabilities", "<f4").astype(np.float64), values("labels", "<i8")


def split(name):
    files = [tensors(here / f"{name}-{member}.safetensors") for member in range(3)]
    members = np.stack([logs for logs, _ in files])
    mean = members.mean(axis=0)
    # As the ensemble's predictions are kept: float32.
    logs = mean - np.log(np.exp(mean).sum(axis=1, keepdims=True))
    return members, logs.astype(np.float32).astype(np.float64), files[0][1]


calibration_members, calibration, calibration_labels = split("hold-out")
test_members, test, labels = split("test")
other_members, other, _ = split("shifted")
classes = test.shape[1]


def softmax(logs):
    values = np.exp(logs)
    return values / values.sum(axis=1, keepdims=True)


def figures(sets):
    mask = torch.tensor(np.asarray(sets, dtype=np.float64))
    target = torch.tensor(labels.copy())
    coverage, macro, size = CoverageRate(), CoverageRate(classes, average="macro"), SetSize()
    coverage.update(mask, target)
    macro.update(mask, target)
    size.update(mask)
    return {
        "coverage": float(coverage.compute()), "macroCoverage": float(macro.compute()), "meanSize": float(size.compute()),
        "sets": " ".join("".join(str(c) for c in np.flatnonzero(row)) for row in np.asarray(sets)),
    }


def torch_uncertainty(kind, alpha, **options):
    if kind is not ConformalClsTHR:
        options["randomized"] = False
    method = kind(alpha=alpha, model=torch.nn.Identity(), enable_ts=False, device="cpu", **options)
    method.fit(DataLoader(TensorDataset(torch.tensor(calibration), torch.tensor(calibration_labels.copy())), batch_size=64))
    sets = method.conformal(torch.tensor(test)).numpy() > 0
    return {"threshold": float(method.quantile), **figures(sets)}


class Known(ClassifierMixin, BaseEstimator):
    """Gives the probabilities that it is asked for."""

    def fit(self, x, y):
        self.classes_ = np.arange(classes)
        self.is_fitted_ = True
        return self

    def predict_proba(self, x):
        return softmax(x)

    def predict(self, x):
        return softmax(x).argmax(axis=1)


def mapie(alpha):
    """Sets of MAPIE's score of least ambiguous sets; that of its adaptive ones is random where ours is not."""
    model = SplitConformalClassifier(
        estimator=Known().fit(None, None), confidence_level=1 - alpha, conformity_score="lac", prefit=True, random_state=0)
    model.conformalize(calibration, calibration_labels)
    _, sets = model.predict_set(test)
    return figures(with_predicted(sets[:, :, 0]))


def with_predicted(sets):
    """The sets with the predicted class, which ours always hold."""
    sets = np.array(sets)
    sets[np.arange(len(test)), test.argmax(axis=1)] = True
    return sets


def scores(kind, logs):
    probabilities = softmax(logs)
    if kind == "leastAmbiguous":
        return 1 - probabilities
    order = np.argsort(-logs, axis=1, kind="stable")
    sums = np.take_along_axis(probabilities, order, axis=1).cumsum(axis=1)
    result = np.empty_like(sums)
    np.put_along_axis(result, order, sums, axis=1)
    return result


def crepes(kind, alpha, by_class):
    own = scores(kind, calibration)[np.arange(len(calibration)), calibration_labels]
    method = ConformalClassifier()
    method.fit(own, bins=calibration_labels if by_class else None)
    all_scores = scores(kind, test)
    columns = []
    for c in range(classes):
        p = method.predict_p(all_scores[:, [c]], bins=np.full(len(test), c) if by_class else None, smoothing=False)
        columns.append(np.asarray(p).reshape(-1) > alpha)
    return figures(with_predicted(np.stack(columns, axis=1)))


def risk(logs, target):
    probabilities, target = torch.tensor(softmax(logs)), torch.tensor(target.copy())
    result = {}
    for name, metric in [("area", AURC()), ("generalizedArea", AUGRC()), ("coverageAt5", CovAtxRisk(0.05))]:
        metric.update(probabilities, target)
        result[name] = float(metric.compute())
    wrong = int((softmax(logs).argmax(axis=1) != target.numpy()).sum())
    # The oracle: the same number of wrong answers, all of them the least sure.
    count = len(target)
    oracle = AURC()
    oracle.update(
        torch.stack([torch.linspace(0.99, 0.6, count), 1 - torch.linspace(0.99, 0.6, count)], dim=1),
        torch.tensor([0] * (count - wrong) + [1] * wrong))
    result["excessArea"] = result["area"] - float(oracle.compute())
    return result


def entropy(probabilities):
    return stats.entropy(probabilities, axis=-1)


def mutual_information(members):
    metric = MutualInformation(reduction="none")
    metric.update(torch.tensor(np.exp(members).transpose(1, 0, 2)))
    return np.asarray(metric.compute())


def detection(known, unlike):
    scores = np.concatenate([known, unlike])
    target = np.concatenate([np.zeros(len(known), int), np.ones(len(unlike), int)])
    alarms, misses = FPR95(pos_label=1), FPR95(pos_label=1)
    alarms.update(torch.tensor(scores), torch.tensor(target))
    misses.update(torch.tensor(-scores), torch.tensor(1 - target))
    return {
        "areaUnderROC": roc_auc_score(target, scores), "precisionOfUnlike": average_precision_score(target, scores),
        "precisionOfKnown": average_precision_score(1 - target, -scores), "falseAlarms": float(alarms.compute()),
        "misses": float(misses.compute()),
    }


result = {
    "torchUncertainty": [
        {"kind": kind, "missRate": alpha, **torch_uncertainty(method, alpha, **options)}
        for alpha in (0.1, 0.3)
        for kind, method, options in [
            ("leastAmbiguous", ConformalClsTHR, {}), ("adaptive", ConformalClsAPS, {}),
            ("regularizedAdaptive", ConformalClsRAPS, {"penalty": 0.05, "regularization_rank": 2})]],
    "mapie": [{"kind": "leastAmbiguous", "missRate": alpha, **mapie(alpha)} for alpha in (0.05, 0.3)],
    "crepes": [
        {"kind": kind, "byClass": by_class, "missRate": alpha, **crepes(kind, alpha, by_class)}
        for alpha in (0.1, 0.2) for kind in ("leastAmbiguous", "adaptive") for by_class in (False, True)],
    "risk": risk(test, labels),
    "detection": {
        "maximumProbability": detection(1 - softmax(test).max(axis=1), 1 - softmax(other).max(axis=1)),
        "entropy": detection(entropy(softmax(test)), entropy(softmax(other))),
        "mutualInformation": detection(mutual_information(test_members), mutual_information(other_members)),
        # With many equal scores.
        "rounded": detection(np.round(entropy(softmax(test)), 1), np.round(entropy(softmax(other)), 1)),
    },
    "entropies": entropy(softmax(test))[:20].tolist(),
    "mutualInformation": mutual_information(test_members)[:20].tolist(),
    # Exact bounds of a share: hits, count, confidence, lower, upper.
    "bounds": [
        [hits, count, confidence,
         0.0 if hits == 0 else float(stats.beta.ppf(1 - confidence, hits, count - hits + 1)),
         1.0 if hits == count else float(stats.beta.ppf(confidence, hits + 1, count - hits))]
        for hits, count, confidence in [
            (0, 1, 0.95), (1, 1, 0.95), (0, 300, 0.95), (3, 1000, 0.975), (40, 50, 0.9), (500, 50_000, 0.99),
            (1999, 2000, 0.95)]],
    # The spread of coverages: count, rate of misses, lower, upper.
    "spreads": [
        [count, alpha, *(float(stats.beta.ppf(p, rank, count + 1 - rank)) for p in (0.025, 0.975))]
        for count, alpha in [(9, 0.1), (240, 0.1), (1000, 0.05)]
        for rank in [int(np.ceil(round((count + 1) * (1 - alpha), 9)))]],
}
(here / "limits.json").write_text(json.dumps(result, indent=1) + "\n")
