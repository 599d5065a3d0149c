"""The values of NonInferiorityTests: the exact unconditional test by enumeration, with SciPy 1.17.1.

For each case: the most likely shares under the hypothesis by SciPy's bounded minimiser, the statistic of every pair of
counts, and the greatest probability over 4,000 shares of images that differ, within Chernoff's interval, by multinomial
probabilities. Prints a Swift tuple a case.
"""
import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln, xlogy

ERROR = 1e-5


def share(a, b, n, d):
    def loss(q):
        return -(xlogy(a, q) + xlogy(b, q + d) + xlogy(n - a - b, max(1 - 2 * q - d, 0)))
    found = minimize_scalar(loss, bounds=(0, (1 - d) / 2), method="bounded", options={"xatol": 1e-13})
    return min([0.0, found.x, (1 - d) / 2], key=loss)


def statistic(a, b, n, d):
    variance = n * (2 * share(a, b, n, d) + d - d * d)
    return (a - b + n * d) / np.sqrt(variance) if variance > 1e-9 else 0.0


def entropy(p, q):
    return (xlogy(p, p / q) if p > 0 else 0) + (xlogy(1 - p, (1 - p) / (1 - q)) if p < 1 else 0)


def value(a, b, n, d):
    seen, limit = (a + b) / n, np.log(2 / ERROR) / n
    low = brentq(lambda q: entropy(seen, q) - limit, 1e-15, seen) if seen > 0 else 0.0
    high = brentq(lambda q: entropy(seen, q) - limit, max(seen, 1e-12), 1 - 1e-15) if seen < 1 else 1.0
    pairs = np.array([(i, j) for i in range(n + 1) for j in range(n + 1 - i)])
    bound = statistic(a, b, n, d) - 1e-6
    region = pairs[[statistic(i, j, n, d) >= bound for i, j in pairs]]
    i, j = region[:, 0], region[:, 1]
    ways = gammaln(n + 1) - gammaln(i + 1) - gammaln(j + 1) - gammaln(n - i - j + 1)
    best = 0.0
    for psi in np.linspace(max(low, d), high, 4001):
        p, q = (psi - d) / 2, (psi + d) / 2
        logs = ways + xlogy(i, p) + xlogy(j, q) + xlogy(n - i - j, 1 - psi)
        best = max(best, np.exp(logs).sum())
    return min(1.0, best + ERROR)


for a, b, n, d in [(0, 0, 1, 0.005), (1, 0, 1, 0), (3, 0, 5, 0), (0, 0, 40, 0.05), (6, 1, 40, 0),
                   (4, 3, 40, 0.1), (0, 2, 40, 0.02), (10, 4, 60, 0.005), (5, 5, 60, 0.05),
                   (20, 18, 60, 0.1), (60, 0, 60, 0.3)]:
    print(f"    ({a}, {b}, {n}, {d}, {statistic(a, b, n, d):.9f}, {value(a, b, n, d):.9f}),")
