"""Prints what RepeatedEnsembleTests expects, by NumPy 2.4 and SciPy 1.17.

    python3 make_repeated.py
"""
import numpy as np
from scipy import stats

IMAGES = 2000


def correct(seed, percent):
    """1 where the model is right on an image: the test has the same rule."""
    image = np.arange(IMAGES)
    return ((image * 7919 + image // 7 * 31 + seed * 13) % 100 < percent).astype(float)


first = np.stack([correct(0, 70), correct(1, 72), correct(2, 71)])
second = np.stack([correct(3, 66), correct(4, 68), correct(5, 65)])
one, other = first.mean(1), second.mean(1)
print("accuracies", one.tolist(), other.tolist())
print("means", one.mean(), other.mean(), "deviations", one.std(ddof=1), other.std(ddof=1))
over_seeds = stats.ttest_ind(one, other).confidence_interval()
print("over seeds", over_seeds.low, over_seeds.high)
differences = first.mean(0) - second.mean(0)
random = np.random.default_rng(0)
resampled = [differences[random.integers(0, IMAGES, IMAGES)].mean() for _ in range(20000)]
print("over images", np.quantile(resampled, [0.025, 0.975]).tolist())
only = (int(((first[0] == 1) & (second[0] == 0)).sum()), int(((first[0] == 0) & (second[0] == 1)).sum()))
print("discordant", only, "p", stats.chi2.sf((abs(only[0] - only[1]) - 1) ** 2 / sum(only), 1))
print("quantiles", [stats.t.ppf(0.975, freedom) for freedom in (1, 4, 20)])
