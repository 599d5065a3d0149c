#!/usr/bin/env python3
"""Prints crossed.json: what analyses of variance say of trainings that meet the same images.

One kind of network alone, by the textbook's two-way layout without repetition: Var(mean) = (MS_images + MS_trainings - MS_both) / (N K),
and (MS_images + max(MS_trainings, MS_both)) / (N K) for four trainings or fewer.
Two kinds on the same images, by the same mean squares of each: the images' part of the difference, and each kind's trainings.
Satterthwaite's degrees of freedom with the mean squares of trainings as they are. Needs numpy 2.4.6 and scipy 1.17.1.
"""
import json

import numpy as np
from scipy import stats

rng = np.random.default_rng(7)
N = 40


def drawn(trainings, quality, spread):
    ability = rng.normal(size=N)
    own = spread * rng.normal(size=trainings)
    return (quality + ability + own[:, None] + 0.8 * rng.normal(size=(trainings, N)) > 0).astype(float)


def mean_squares(table):
    k, n = table.shape
    rows, columns, mean = table.mean(1, keepdims=True), table.mean(0, keepdims=True), table.mean()
    trainings = n * ((rows - mean) ** 2).sum() / (k - 1)
    both = ((table - rows - columns + mean) ** 2).sum() / ((k - 1) * (n - 1))
    return trainings / (n * k), both / (n * k)


def interval(kinds):
    values = kinds[0].mean(0) - sum(kind.mean(0) for kind in kinds[1:])
    images = values.var(ddof=1) / N
    variance, squares = images, images ** 2 / (N - 1)
    for kind in kinds:
        trainings, both = mean_squares(kind)
        # Of few trainings what they have in common with images stays in twice, and is the least.
        trainings = trainings if kind.shape[0] > 4 else max(trainings, both)
        variance += max(0, trainings - both) if kind.shape[0] > 4 else trainings
        squares += trainings ** 2 / (kind.shape[0] - 1)
    freedom = max(min([N - 1] + [kind.shape[0] - 1 for kind in kinds]), int(variance ** 2 / squares))
    half = stats.t.ppf(0.975, freedom) * variance ** 0.5
    return [values.mean() - half, values.mean() + half]


cases = []
for first, second, spread in [(6, None, 0.1), (4, 2, 0.0), (8, 5, 1.0), (6, 3, 0.0), (2, 4, 0.3)]:
    kinds = [drawn(first, 0.6, spread)] + ([drawn(second, 0.8, spread)] if second else [])
    cases.append({"kinds": [kind.astype(int).tolist() for kind in kinds], "interval": interval(kinds)})
print(json.dumps(cases))
