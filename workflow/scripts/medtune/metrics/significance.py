"""Paired comparisons of two models on the same items, and the correction for making many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from medtune.metrics.bootstrap import SAMPLES, Statistic, resamples

ALPHA = 0.05


@dataclass(frozen=True)
class McNemar:
    """n: items. only_a, only_b: items that only the one model has right. p_value: two-sided."""

    n: int
    only_a: int
    only_b: int
    p_value: float


@dataclass(frozen=True)
class Difference:
    """value = statistic(a) - statistic(b), with a 95 % interval, over n documents. p_value: two-sided."""

    value: float
    low: float
    high: float
    n: int
    p_value: float


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> McNemar:
    """Exact McNemar test: binomial with one half on the discordant pairs (McNemar 1947), two-sided.
    Without discordant pairs p is 1.

    correct_a, correct_b: (n,) bool, same items in the same order. Raises ValueError when the shapes differ.
    """
    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"shapes {a.shape} and {b.shape}: expected the same items for both")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    discordant = only_a + only_b
    p_value = float(binomtest(only_a, discordant, 0.5).pvalue) if discordant else 1.0
    return McNemar(len(a), only_a, only_b, min(p_value, 1.0))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (Holm 1979, step-down), in the order given.

    Raises ValueError when one is not in [0, 1].
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError("p-values must be in [0, 1]")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - position) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def paired_bootstrap(
    counts_a: ArrayLike, counts_b: ArrayLike, statistic: Statistic, seed: int, samples: int = SAMPLES
) -> Difference:
    """Difference of a statistic between two models, resampling the same documents for both.

    counts_a, counts_b: (n, k) additive counts per document, as in `bootstrap`. The interval is the percentile
    one; p is twice the smaller share of resamples at either side of 0, (count + 1) / (samples + 1)
    (Efron and Tibshirani 1993, ch. 15-16). Raises ValueError when the shapes differ or n = 0.
    """
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    if a.shape != b.shape or a.ndim != 2 or len(a) == 0:
        raise ValueError(f"shapes {a.shape} and {b.shape}: expected the same (documents, counts) for both")

    def difference(sums_a: np.ndarray, sums_b: np.ndarray) -> np.ndarray:
        return np.asarray(statistic(sums_a), dtype=float) - np.asarray(statistic(sums_b), dtype=float)

    value = difference(a.sum(axis=0, keepdims=True), b.sum(axis=0, keepdims=True))[0]
    resampled = np.concatenate([difference(w @ a, w @ b) for w in resamples(len(a), seed, samples)])
    low, high = np.percentile(resampled, [2.5, 97.5])
    side = min((resampled <= 0).sum(), (resampled >= 0).sum())
    p_value = min(1.0, 2 * (int(side) + 1) / (samples + 1))
    return Difference(float(value), float(low), float(high), len(a), p_value)
