"""Writes drift.json: Fisher's exact test, and the comparison of answers with those of a hold-out, by SciPy and NumPy.

    python3 make_drift.py > drift.json       # with numpy 2.4 and scipy 1.17

The probabilities are summed over the whole support in logarithms, so that they are right where SciPy's own function gives 0.
"""
import json

import numpy as np
import scipy.special
import scipy.stats


def log_p(first, second):
    """The logarithm of the two-sided probability; first and second are (hits, count)."""
    hits, count = first[0] + second[0], first[1] + second[1]
    values = np.arange(max(0, hits - second[1]), min(first[1], hits) + 1)
    logs = scipy.stats.hypergeom(count, hits, first[1]).logpmf(values)
    found = logs[first[0] - values[0]]
    result = min(0.0, float(scipy.special.logsumexp(logs[logs <= found + 1e-7])))
    table = [[first[0], first[1] - first[0]], [second[0], second[1] - second[0]]]
    known = scipy.stats.fisher_exact(table).pvalue
    if known > 1e-250:
        assert abs(np.log(known) - result) < 1e-6, (first, second, np.log(known), result)
    return result


def comparison(traffic, hold_out):
    """The least probability of cumulated counts, with Bonferroni's correction, and where."""
    below, known = np.cumsum(traffic)[:-1], np.cumsum(hold_out)[:-1]
    logs = [log_p((int(a), sum(traffic)), (int(b), sum(hold_out))) for a, b in zip(below, known)]
    bound = int(np.argmin(logs))
    return bound, min(0.0, logs[bound] + float(np.log(len(logs))))


def main():
    tests = [
        ((0, 1), (0, 1)), ((1, 1), (0, 1)), ((3, 10), (7, 10)), ((3, 10), (3, 10)), ((8, 10), (1, 10)),
        ((0, 20), (5, 20)), ((20, 20), (15, 20)), ((5, 5), (0, 7)), ((10, 100), (900, 5000)), ((90, 256), (2200, 10000)),
        ((256, 256), (2200, 10000)), ((0, 256), (9000, 10000)), ((8000, 16384), (25000, 50000)), ((128, 256), (64, 128)),
        ((7, 16384), (0, 50)), ((9000, 16384), (4000, 10000)), ((2, 256), (0, 100000)), ((55, 256), (2200, 10000)),
    ]
    rows = [{"first": a, "second": b, "logPValue": log_p(a, b)} for a, b in tests]
    cases = [
        ([130, 80, 46], [6200, 2300, 1500]), ([159, 59, 38], [6200, 2300, 1500]),
        ([0, 3, 10, 40, 200, 771], [40, 90, 300, 900, 2000, 6670]), ([1, 1, 1, 1], [1, 1, 1, 1]),
    ]
    comparisons = []
    for traffic, hold_out in cases:
        bound, value = comparison(traffic, hold_out)
        comparisons.append({"traffic": traffic, "holdOut": hold_out, "bound": bound, "logPValue": value})
    print(json.dumps({"tests": rows, "comparisons": comparisons}, indent=1))


main()
