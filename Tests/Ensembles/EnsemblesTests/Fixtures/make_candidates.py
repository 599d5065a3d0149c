"""Writes predictions of six made-up members of three networks, and what is to be decided among them, by brute force.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1 (the weights alone), scikit-learn 1.9.1, safetensors 0.8.0.
"""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import safetensors.numpy
import scipy.optimize
from sklearn.metrics import accuracy_score, log_loss

here = Path(__file__).parent / "candidates"
here.mkdir(exist_ok=True)
random = np.random.default_rng(20)
classes = 5
names = ["small-0", "small-1", "small-2", "medium-0", "medium-1", "large-0"]
networks = ["small", "small", "small", "medium", "medium", "large"]
macs = [100, 100, 100, 210, 210, 520]
parameters = [50, 50, 50, 30, 30, 90]
latencies = [0.9, 1.0, 1.1, 2.1, 2.0, 4.0]
quality = [1.6, 1.7, 1.5, 1.9, 1.8, 2.2]
sharpness = [1.5, 0.8, 2.5, 1.0, 2.0, 1.8]
everyone = range(6)


def log_softmax(values):
    shifted = values - values.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


sets = {}
for split, images, drop in [("hold-out", 240, 0.0), ("test", 310, 0.0), ("shifted", 50, 0.6)]:
    labels = random.integers(0, classes, images)
    shared = random.normal(0, 0.7, (images, classes))
    rows = []
    for member in everyone:
        logits = shared + random.normal(0, 1.2, (images, classes))
        logits[np.arange(images), labels] += quality[member] - drop
        values = log_softmax(logits * sharpness[member]).astype(np.float32)
        rows.append(values)
        safetensors.numpy.save_file(
            {"log_probabilities": values, "labels": labels.astype(np.int64)}, here / f"{split}-{member}.safetensors",
            {"name": names[member], "network": networks[member], "macs": str(macs[member]),
             "parameters": str(parameters[member]), "split": split, "fingerprint": f"{split} images"})
    sets[split] = (np.stack(rows).astype(np.float64), labels)


def combined(logs, rule="geometricMean", weights=None):
    """[N, C] log-probabilities of members [K, N, C]."""
    if weights is not None:
        return log_softmax(np.tensordot(weights, logs, 1))
    if rule == "geometricMean":
        return log_softmax(logs.mean(axis=0))
    if rule == "arithmeticMean":
        return np.log(np.exp(logs).mean(axis=0)) - np.log(np.exp(logs).mean(axis=0).sum(axis=1, keepdims=True))
    votes = np.eye(classes)[logs.argmax(axis=2)].sum(axis=0)
    with np.errstate(divide="ignore"):
        return np.log(votes / len(logs))


def predicted(logs, rule="geometricMean"):
    """[N]; classes of as many votes are ranked by their summed log-probability."""
    result = combined(logs, rule)
    if rule == "majorityVote":
        votes = np.eye(classes)[logs.argmax(axis=2)].sum(axis=0)
        return np.lexsort((-logs.sum(axis=0), -votes), axis=1)[:, 0]
    ordered = np.sort(result, axis=1)
    assert (ordered[:, -1] - ordered[:, -2]).min() > 1e-7, "a near tie, which float32 may turn"
    return result.argmax(axis=1)


def scores(logs, labels):
    """Accuracy and mean negative log-likelihood of combined predictions."""
    probabilities = np.exp(logs)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return [float(accuracy_score(labels, logs.argmax(axis=1))),
            float(log_loss(labels, probabilities, labels=np.arange(classes)))]


def likelihood(logs, labels):
    return -logs[np.arange(len(labels)), labels].mean()


def drawn(logs, start):
    """What a fit makes small: of the hold-out, and of one image more like these, labelled by the start's probabilities."""
    return likelihood(logs, hold_labels) - (np.exp(start) * logs).sum(axis=1).mean() / len(hold_labels)


# Every ensemble of up to four.
subsets = [s for size in (1, 2, 3, 4) for s in itertools.combinations(everyone, size)]
hold_out, hold_labels = sets["hold-out"]
test, test_labels = sets["test"]
rows = []
for subset in subsets:
    row = {"members": subset, "isSameNetwork": len({networks[m] for m in subset}) == 1}
    for split, key in [("hold-out", "holdOut"), ("test", "test"), ("shifted", "shifted")]:
        logs, labels = sets[split]
        predicted(logs[list(subset)])
        row[key] = scores(combined(logs[list(subset)]), labels)
    rows.append(row)


def cost(subset, measure):
    if measure == "parallelLatency":
        return max(latencies[m] for m in subset)
    return sum({"multiplyAccumulates": macs, "parameters": parameters, "latency": latencies}[measure][m] for m in subset)


# Weights and greedy choice, on the hold-out.
solutions = [
    scipy.optimize.minimize(
        lambda w: drawn(combined(hold_out, weights=w), combined(hold_out)), start, method="SLSQP", bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-15, "maxiter": 1000})
    for start in [np.full(6, 1 / 6), np.eye(6)[0] * 0.4 + 0.1, np.eye(6)[5] * 0.4 + 0.1]]
weights = min(solutions, key=lambda found: found.fun).x
weights = np.where(weights < 1e-6, 0, weights) / weights[weights >= 1e-6].sum()
chosen, losses = [], []
for _ in range(25):
    found = [likelihood(combined(hold_out[chosen + [m]]), hold_labels) for m in everyone]
    chosen.append(int(np.argmin(found)))
    losses.append(min(found))
chosen = chosen[:int(np.argmin(losses)) + 1]
greedy = np.array([chosen.count(m) / len(chosen) for m in everyone])
fitted = []
for kind, some in [("weighted", weights), ("greedy", greedy)]:
    used = [m for m in everyone if some[m] > 0]
    fitted.append({"kind": kind, "members": used, "weights": [float(some[m]) for m in used],
                   "holdOut": scores(combined(hold_out, weights=some), hold_labels),
                   "test": scores(combined(test, weights=some), test_labels)})


# Nothing is better in one and as good in the other; of equals the first.
def frontier(found, measure):
    def dominates(a, b):
        better = a["holdOut"][0] > b["holdOut"][0] or cost(a["members"], measure) < cost(b["members"], measure) - 1e-9
        return better and a["holdOut"][0] >= b["holdOut"][0] \
            and cost(a["members"], measure) <= cost(b["members"], measure) + 1e-9

    left = [b for b in found if not any(dominates(a, b) for a in found)]
    unique = {}
    for row in left:
        unique.setdefault((row["holdOut"][0], round(cost(row["members"], measure), 6)), row)
    return [row["members"] for row in unique.values()]


def choice(found, measure, budget, needed):
    reference = max((r for r in rows if len(r["members"]) == 1),
                    key=lambda r: (r["holdOut"][0], -cost(r["members"], measure)))
    least = needed if needed is not None else (0 if budget is not None else reference["holdOut"][0])
    allowed = [r for r in found if r["holdOut"][0] >= least - 1e-9
               and (budget is None or cost(r["members"], measure) <= budget + 1e-9)]
    if not allowed:
        return None

    def key(r):
        price, accuracy = cost(r["members"], measure), r["holdOut"][0]
        return (round(price, 6), -accuracy) if budget is None else (-accuracy, round(price, 6))

    best = min(allowed, key=key)
    return {"members": best["members"], "kind": best.get("kind", "")}


same = [row for row in rows if row["isSameNetwork"]]
top = max(row["holdOut"][0] for row in rows + fitted)
measures = ["multiplyAccumulates", "parameters", "latency", "parallelLatency"]
best_same = max(row["holdOut"][0] for row in same)
budgets = {"multiplyAccumulates": [99, 100, 250, 420, 630, 5000], "parameters": [29, 60, 130, 1000],
           "latency": [0.5, 2.1, 4.1, 100], "parallelLatency": [0.5, 1.1, 2.1, 100]}
choices = []
for measure in measures:
    for budget in [None, *budgets[measure]]:
        for needed in [None, 0.5, best_same, top, 0.999]:
            choices.append({"cost": measure, "budget": budget, "needed": needed,
                            "same": choice(same, measure, budget, needed),
                            "all": choice(rows + fitted, measure, budget, needed)})
frontiers = {m: {"all": frontier(rows + fitted, m), "same": frontier(same, m)} for m in measures}


# A cascade of given thresholds, on the test images, one by one.
def sure(logs, rule, measure):
    result = np.exp(combined(logs, rule))
    ordered = np.sort(result, axis=1)
    if measure == "maximumProbability":
        return ordered[:, -1]
    if measure == "margin":
        return ordered[:, -1] - ordered[:, -2]
    if measure == "entropy":
        return np.where(result > 0, result * np.log(np.maximum(result, 1e-300)), 0).sum(axis=1)
    return (logs.argmax(axis=2) == predicted(logs, rule)).mean(axis=0)


order = [1, 3, 5]
cascades = []
for rule in ["geometricMean", "arithmeticMean", "majorityVote"]:
    for measure, thresholds in [("maximumProbability", [0.63, 0.71]), ("margin", [0.31, None]), ("margin", [None, 0.4]),
                                ("entropy", [-1.05, -0.83]), ("agreement", [1.01, 0.9])]:
        exits, hits, losses, price, milliseconds = [], 0, 0.0, 0.0, 0.0
        stages = [test[order[:count]] for count in (1, 2, 3)]
        certainty = [sure(logs, rule, measure) for logs in stages]
        guesses = [predicted(logs, rule) for logs in stages]
        results = [np.maximum(combined(logs, rule), -103.27892990343185) for logs in stages]
        for image, label in enumerate(test_labels):
            stage = 0
            while stage < 2 and (thresholds[stage] is None or certainty[stage][image] < thresholds[stage]):
                stage += 1
            exits.append(stage)
            hits += guesses[stage][image] == label
            losses -= results[stage][image, label]
            price += sum(macs[m] for m in order[:stage + 1])
            milliseconds += sum(latencies[m] for m in order[:stage + 1])
        n = len(test_labels)
        cascades.append({
            "rule": rule, "confidence": measure, "thresholds": thresholds, "members": order, "accuracy": hits / n,
            "negativeLogLikelihood": losses / n, "cost": price / n, "latency": milliseconds / n,
            "exitFractions": [exits.count(stage) / n for stage in range(3)], "exits": exits[:40]})

# Temperatures and weights of every kind, combined: the first images.
images = 12
fixed = [0.5, 0.3, 0.2]
heats = [1.7, 0.6, 2.2]
some = test[[0, 3, 5]]
heated = np.stack([log_softmax(logs / t) for logs, t in zip(some, heats)])
combinations = {
    "weights": combined(some, weights=fixed), "memberTemperatures": combined(heated),
    "temperature": log_softmax(combined(some) / 1.4), "arithmeticMean": combined(some, "arithmeticMean"),
    "both": log_softmax(combined(heated, weights=fixed) / 0.8)}


# Temperatures fitted by golden section, of a plain ensemble on the hold-out, under a gamma prior of the inverse.
def temperature(logs):
    def loss(inverse):
        prior = 4 * (math.exp(inverse) - inverse) / len(hold_labels)
        return likelihood(log_softmax(math.exp(inverse) * logs), hold_labels) + prior

    low, high, ratio = -4.0, 4.0, (math.sqrt(5) - 1) / 2
    for _ in range(120):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, second) if loss(first) < loss(second) else (first, high)
    return math.exp(-(low + high) / 2)


def calibration(subset):
    logs = {split: values[list(subset)] for split, (values, _) in sets.items()}
    plain = {split: combined(values).astype(np.float32).astype(np.float64) for split, values in logs.items()}
    member = [temperature(values) for values in logs["hold-out"]]
    after = temperature(plain["hold-out"])
    before = {split: combined(np.stack([log_softmax(v / t) for v, t in zip(values, member)]))
              for split, values in logs.items()}
    rows = {"without": plain, "beforeCombining": before,
            "afterCombining": {split: log_softmax(values / after) for split, values in plain.items()}}
    return {"members": subset, "memberTemperatures": member, "temperature": after,
            "holdOut": {place: scores(found["hold-out"], hold_labels) for place, found in rows.items()},
            "test": {place: scores(found["test"], test_labels) for place, found in rows.items()}}


calibrations = [calibration(subset) for subset in [(0, 1), (3, 4), (0, 1, 2), (1, 3, 5)]]


# Wilson, doi:10.1080/01621459.1927.10502953, as the roots of (p - share)^2 = z^2 p (1 - p) / n.
def wilson(hits, n):
    z, share = 1.959963984540054, hits / n
    lows = [1 + z * z / n, -(2 * share + z * z / n), share * share]
    root = math.sqrt(max(0.0, lows[1] ** 2 - 4 * lows[0] * lows[2]))
    return [(-lows[1] - root) / (2 * lows[0]), (-lows[1] + root) / (2 * lows[0])]


def mc_nemar(first, second):
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    n = only_first + only_second
    if n == 0:
        return 1.0
    if n < 25:
        tail = sum(math.comb(n, k) for k in range(min(only_first, only_second) + 1)) / 2 ** n
        return min(1.0, 2 * tail)
    excess = max(0, abs(only_first - only_second) - 1)
    return math.erfc(math.sqrt(excess * excess / n / 2))


best_member = max(everyone, key=lambda m: (rows[m]["holdOut"][0], -macs[m]))
reference = test[best_member].argmax(axis=1) == test_labels
for row in rows:
    right = combined(test[list(row["members"])]).argmax(axis=1) == test_labels
    row["difference"] = float(right.mean() - reference.mean())
    row["pValue"] = mc_nemar(right, reference)

everything = {
    "names": names, "latencies": dict(zip(names, latencies)), "subsets": rows, "fitted": fitted,
    "reference": names[best_member], "frontiers": frontiers, "choices": choices, "cascades": cascades,
    "combinations": {name: np.round(values[:images], 9).tolist() for name, values in combinations.items()},
    "calibrations": calibrations,
    "wilson": [[hits, n, *wilson(hits, n)] for hits, n in [(0, 1), (1, 1), (0, 20), (20, 20), (81, 263), (9_712, 10_000)]],
}
(here / "expected.json").write_text(json.dumps(everything, separators=(",", ":")) + "\n")
print(best_member, top, best_same, weights.round(4), greedy, frontiers["multiplyAccumulates"])
