"""Writes what ensembles of the made-up members of make_candidates.py are worth on the hold-out, whole and without one member.

Image by image, and temperatures by bisection. Made with Python 3.11, NumPy 2.4.6.
"""

import json
import math
from pathlib import Path

import numpy as np

here = Path(__file__).parent / "candidates"
macs = [100, 100, 100, 210, 210, 520]


def tensors(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])

    def values(name, kind):
        first, last = header[name]["data_offsets"]
        return np.frombuffer(data[end + first:end + last], kind).reshape(header[name]["shape"])

    return values("log_probabilities", "<f4").astype(np.float64), values("labels", "<i8")


files = [tensors(here / f"hold-out-{member}.safetensors") for member in range(6)]
hold_out, labels = np.stack([logs for logs, _ in files]), files[0][1]
images, classes = hold_out.shape[1:]


def log_softmax(values):
    shifted = values - values.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def of_image(rows, rule, weights=None):
    """The log-probabilities of one image and its class, of rows [K, C]."""
    if rule == "geometricMean":
        result = log_softmax(np.average(rows, axis=0, weights=weights))
    elif rule == "arithmeticMean":
        result = np.log(np.exp(rows).mean(axis=0) / np.exp(rows).mean(axis=0).sum())
    else:
        votes = np.bincount(rows.argmax(axis=1), minlength=classes)
        with np.errstate(divide="ignore"):
            return np.log(votes / len(rows)), int(np.lexsort((-rows.sum(axis=0), -votes))[0])
    return result, int(result.argmax())


def sure(rows, rule, measure):
    result, best = of_image(rows, rule)
    ordered = np.sort(np.exp(result))
    if measure == "maximumProbability":
        return ordered[-1]
    if measure == "margin":
        return ordered[-1] - ordered[-2]
    if measure == "entropy":
        return (np.exp(result) * np.maximum(result, -1e9)).sum()
    return (rows.argmax(axis=1) == best).mean()


def answers(members, how):
    """Of each image, its log-probabilities without a temperature, its class, and how many members ran."""
    heats, stops = how.get("memberTemperatures"), how.get("cascade")
    logs = hold_out[members]
    if heats:
        logs = np.stack([log_softmax(one / heat) for one, heat in zip(logs, heats)])
    found = []
    for image in range(images):
        ran = len(members)
        if stops:
            for stage, threshold in enumerate(stops["confidenceThresholds"]):
                if threshold is not None and sure(logs[:stage + 1, image], how["rule"], stops["confidence"]) >= threshold:
                    ran = stage + 1
                    break
        found.append((*of_image(logs[:ran, image], how["rule"], how.get("weights")), ran))
    return np.stack([row for row, _, _ in found]), np.array([c for _, c, _ in found]), np.array([n for _, _, n in found])


def temperature(logs):
    """Of the least likelihood of the hold-out, under a gamma prior of the inverse, of the density b^4 e^(-4 b)."""
    if np.isneginf(logs[np.arange(images), labels]).any():
        return None

    def slope(inverse):
        at = (np.exp(log_softmax(inverse * logs)) * logs).sum(axis=1)
        return (at - logs[np.arange(images), labels]).mean() + 4 * (1 - 1 / inverse) / images

    low, high = 0.01, 100.0
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return 1 / low


# Wilson, doi:10.1080/01621459.1927.10502953, as the roots of (p - share)^2 = z^2 p (1 - p) / n.
def share(hits):
    z, value = 1.959963984540054, hits / images
    a, b, c = 1 + z * z / images, -(2 * value + z * z / images), value * value
    root = math.sqrt(b * b - 4 * a * c)
    return [float(value), (-b - root) / (2 * a), (-b + root) / (2 * a)]


def bounds(confidences):
    """Halfway between neighbours that differ, each as near as can be to a tenth of the images."""
    ordered = np.sort(np.round(confidences, 6))
    places = [i for i in range(1, images) if ordered[i] > ordered[i - 1]]
    chosen = sorted({min(places, key=lambda i: abs(i - tenth * images / 10)) for tenth in range(1, 10)} if places else [])
    return [float((ordered[i - 1] + ordered[i]) / 2) for i in chosen]


def without(how, place, count):
    left = {key: value for key, value in how.items() if key != "temperature"}
    drop = lambda values, at: [value for index, value in enumerate(values) if index != at]
    if "memberTemperatures" in how:
        left["memberTemperatures"] = drop(how["memberTemperatures"], place)
    if "weights" in how:
        rest = drop(how["weights"], place)
        if sum(rest) == 0:
            return None
        left["weights"] = [weight / sum(rest) for weight in rest]
    if "cascade" in how:
        thresholds = how["cascade"]["confidenceThresholds"]
        left["cascade"] = {**how["cascade"], "confidenceThresholds": drop(thresholds, min(place, len(thresholds) - 1))}
    if count == 2:
        left.pop("weights", None)
        left.pop("cascade", None)
    return left


def service(members, how):
    logs, predicted, ran = answers(members, how)
    shown = log_softmax(logs / how.get("temperature", 1)) if how["rule"] != "majorityVote" else logs
    confidences = np.exp(shown.max(axis=1))
    edges = bounds(confidences)
    own = hold_out[members].argmax(axis=2)
    reductions = []
    for place in range(len(members)) if len(members) > 1 else []:
        left = without(how, place, len(members))
        if left is None:
            continue
        others = members[:place] + members[place + 1:]
        logs, guesses, stages = answers(others, left)
        heat = temperature(logs)
        reductions.append({
            "missing": members[place], "combination": left, "temperature": heat,
            "accuracy": share((guesses == labels).sum()),
            "multiplyAccumulates": float(np.mean([sum(macs[m] for m in others[:n]) for n in stages]))})
    return {
        "members": members, "combination": how, "images": images, "accuracy": share((predicted == labels).sum()),
        "exits": [int((ran == n + 1).sum()) for n in range(len(members))] if "cascade" in how else None,
        "confidenceBounds": edges, "confidences": np.bincount(np.digitize(confidences, edges), minlength=len(edges) + 1).tolist(),
        "disagreements": int(sum(len(set(own[:n, image])) > 1 for image, n in enumerate(ran))),
        "reductions": reductions}


def cascade(confidence, *thresholds):
    return {"confidence": confidence, "confidenceThresholds": list(thresholds)}


services = [service(members, how) for members, how in [
    ([0, 3, 5], {"rule": "geometricMean", "temperature": 0.9}),
    ([0, 3, 5], {"rule": "geometricMean", "weights": [0.5, 0.3, 0.2], "temperature": 1.3}),
    ([2, 4, 5], {"rule": "geometricMean", "weights": [0.0, 1.0, 0.0]}),
    ([0, 5], {"rule": "geometricMean", "weights": [0.25, 0.75]}),
    ([1, 2, 4], {"rule": "arithmeticMean", "memberTemperatures": [0.8, 2.1, 1.4]}),
    ([1, 3, 4, 5], {"rule": "geometricMean", "cascade": cascade("maximumProbability", 0.63, None, 0.71), "temperature": 1.2}),
    ([0, 4, 5], {"rule": "arithmeticMean", "cascade": cascade("entropy", -1.05, -0.83), "memberTemperatures": [1.7, 1.1, 2.2]}),
    ([3, 5], {"rule": "geometricMean", "cascade": cascade("margin", 0.31)}),
    ([0, 1, 2, 3], {"rule": "majorityVote"}),
    ([5], {"rule": "geometricMean", "temperature": 1.6})]]
(here / "service.json").write_text(json.dumps(services, separators=(",", ":")) + "\n")
for one in services:
    print(one["combination"], one["accuracy"], one["exits"], one["disagreements"], one["confidences"],
          [(r["missing"], r["temperature"], r["accuracy"][0], r["multiplyAccumulates"]) for r in one["reductions"]])
