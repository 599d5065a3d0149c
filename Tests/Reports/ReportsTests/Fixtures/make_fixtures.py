"""Writes frontier.json and diversity.json: plausible figures of three networks, made up from a seed.

Python 3.11, standard library only. The verdicts hold a better, a worse and an undecided pair on purpose.
"""
import json
import math
import pathlib
import random

here = pathlib.Path(__file__).parent
random.seed(1)
networks = [  # name, MACs, parameters, members, accuracy of one, gain towards many
    ("wide-resnet-16-1", 26_657_408, 175_066, 8, 0.842, 0.036),
    ("wide-resnet-16-2", 101_106_944, 691_674, 4, 0.871, 0.022),
    ("wide-resnet-16-4", 392_612_352, 2_748_890, 2, 0.898, 0.012),
]


def metrics(accuracy):
    return {
        "top1Accuracy": accuracy, "topKAccuracy": 1 - (1 - accuracy) / 12,
        "negativeLogLikelihood": round(3.1 * (1 - accuracy), 6),
        "brierScore": round(1.45 * (1 - accuracy), 6),
        "expectedCalibrationError": round(0.35 * (1 - accuracy), 6),
    }


curves, points = [], []
for name, macs, parameters, members, single, gain in networks:
    curve = {
        "network": name, "multiplyAccumulates": macs, "parameters": parameters,
        "members": [f"{name}-{index}" for index in range(members)], "points": [],
    }
    for n in range(1, members + 1):
        accuracy = round(single + gain * (1 - 1 / n), 6)
        spread = round(0.0035 / n * math.sqrt(1 - (n - 1) / members), 6) if n < members else 0.0
        subsets = math.comb(members, n)
        curve["points"].append({
            "memberCount": n, "multiplyAccumulates": n * macs, "floatingPointOperations": 2 * n * macs,
            "parameters": n * parameters, "subsetCount": subsets, "isSampled": False,
            "accuracy": accuracy, "mean": metrics(accuracy), "top1StandardDeviation": spread,
            "top1Minimum": round(accuracy - 1.7 * spread, 6),
            "top1Maximum": round(accuracy + 1.6 * spread, 6), "isOnParetoFrontier": False,
        })
    curves.append(curve)
    points += curve["points"]
for point in points:
    point["isOnParetoFrontier"] = not any(
        other["multiplyAccumulates"] <= point["multiplyAccumulates"]
        and other["accuracy"] > point["accuracy"] for other in points)


def comparison(small, count, large, difference, half, p, verdict):
    a, b = curves[small], curves[large]
    base = b["points"][0]["accuracy"]
    return {
        "smallNetwork": a["network"], "smallCount": count, "largeNetwork": b["network"],
        "smallMultiplyAccumulates": count * a["multiplyAccumulates"],
        "largeMultiplyAccumulates": b["multiplyAccumulates"],
        "smallAccuracy": round(base + difference, 6), "largeAccuracy": base, "difference": difference,
        "lowerBound": round(difference - half, 6), "upperBound": round(difference + half, 6),
        "pairDifference": round(difference + 0.001, 6), "mcNemarPValue": p, "verdict": verdict,
    }


comparisons = [
    comparison(0, 2, 1, -0.011, 0.006, 0.0004, "worse"),
    comparison(0, 3, 1, -0.003, 0.0045, 0.131, "undecided"),
    comparison(0, 4, 1, 0.001, 0.005, 0.44, "undecided"),
    comparison(0, 7, 2, -0.0251, 0.006, 1e-12, "worse"),
    comparison(0, 8, 2, -0.0245, 0.006, 1e-12, "worse"),
    comparison(1, 2, 2, -0.001, 0.0055, 0.7, "undecided"),
    comparison(1, 3, 2, 0.0125, 0.005, 0.0000021, "better"),
    comparison(1, 4, 2, 0.0145, 0.005, 0.0000002, "better"),
]
frontier = {
    "split": "test", "fingerprint": "3f" * 32, "images": 10_000, "classes": 10,
    "rule": "geometricMean", "curves": curves, "comparisons": comparisons,
}
names = [member for curve in curves for member in curve["members"]]
size = len(names)
matrices = {}
for key, base in [("disagreement", 0.17), ("doubleFault", 0.085)]:
    matrix = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row):
            value = round(base * random.uniform(0.8, 1.2), 6)
            matrix[row][column] = matrix[column][row] = value
    matrices[key] = matrix
diversity = {"members": names, **matrices}
(here / "frontier.json").write_text(json.dumps(frontier, indent=1) + "\n")
(here / "diversity.json").write_text(json.dumps(diversity) + "\n")
