"""How members become an ensemble's answer, in NumPy: docs/inference.md, "What an answer is", for many images at once.

Log-probabilities are `[N, C]` of a member, `[K, N, C]` of several, float64, in nats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Minus infinity in a mean, and the least that a calibration takes.
_LEAST = -1e12
_LEAST_CALIBRATED = -103.27892990343185


def normalized(values: Floats) -> Floats:
    """The log-softmax of each row.

    >>> np.exp(normalized(np.array([[0.0, 0.0]]))).tolist()
    [[0.5, 0.5]]
    """
    shifted = values - values.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def combined(members: Floats, rule: str, weights: Sequence[float] | None = None) -> Floats:
    """The log-probabilities of some members together, `[N, C]`."""
    if rule in ("geometricMean", "logitMean"):
        floored = np.maximum(members, _LEAST)
        return normalized(floored.mean(0) if weights is None else np.tensordot(np.asarray(weights), floored, 1))
    with np.errstate(divide="ignore"):
        if rule == "arithmeticMean":
            return np.asarray(np.log(np.exp(members).mean(0)))
        return np.asarray(np.log(_votes(members)))


def _votes(members: Floats) -> Floats:
    """The share of the members whose most probable class it is."""
    return np.asarray((members.argmax(2)[..., None] == np.arange(members.shape[2])).mean(0))


def calibrated(values: Floats, manifest: Mapping[str, Any]) -> Floats:
    """What the temperature or the calibration of the whole makes of log-probabilities."""
    if "calibration" not in manifest:
        temperature = manifest.get("temperature")
        return values if temperature is None else normalized(values / temperature)
    ((method, how),) = manifest["calibration"].items()
    floored = np.maximum(values, _LEAST_CALIBRATED)
    if method == "vector":
        return normalized(floored * np.asarray(how["slopes"]) + how["intercepts"])
    if method == "dirichlet":
        return normalized(floored @ np.asarray(how["weights"]).T + how["intercepts"])
    odds = _log_odds(floored)
    curve = _isotonic if method == "isotonic" else _binned
    rows = how["curves"] if method == "isotonic" else how["logOdds"]
    changed = np.stack([curve(odds[:, place], row) for place, row in enumerate(rows)], 1)
    return normalized(-np.logaddexp(0, -changed))


def _log_odds(values: Floats) -> Floats:
    """Of each class against the sum of the others."""
    classes = values.shape[1]
    others = [np.logaddexp.reduce(np.delete(values, place, 1), 1) for place in range(classes)]
    return np.asarray(values - np.stack(others, 1))


def _isotonic(odds: Floats, curve: Mapping[str, Any]) -> Floats:
    """Straight between points, and beside them by the same shift."""
    given, made = curve["given"], curve["calibrated"]
    beside = np.minimum(odds - given[0], 0) + np.maximum(odds - given[-1], 0)
    return np.asarray(np.interp(odds, given, made) + beside)


def _binned(odds: Floats, row: Sequence[float]) -> Floats:
    place = np.ceil(len(row) / (1 + np.exp(-odds))).astype(int) - 1
    return np.asarray(row, np.float64)[np.maximum(place, 0)]


def confidence(kind: str, members: Floats, rule: str) -> Floats:
    """How sure members are of each image, by which a cascade stops, `[N]`."""
    values = combined(members, rule)
    if kind == "agreement":
        return np.asarray((members.argmax(2) == predicted(values, members)).mean(0))
    probabilities = np.exp(values)
    if kind == "entropy":
        return np.asarray((probabilities * np.log(np.maximum(probabilities, 1e-300))).sum(1))
    ordered = np.sort(probabilities, 1)
    return np.asarray(ordered[:, -1] - (ordered[:, -2] if kind == "margin" else 0))


def predicted(values: Floats, members: Floats) -> NDArray[np.intp]:
    """The most probable class of each image; of equals the one that members say is more probable, then the first."""
    ties = values == values.max(1, keepdims=True)
    sums = np.where(ties, np.maximum(members, _LEAST).sum(0), -np.inf)
    return np.asarray(sums.argmax(1), np.intp)
