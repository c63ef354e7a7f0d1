"""Figures of a way of training, and differences between two, over training seeds and documents together.

A claim about a method, rather than about two models, must hold for other training seeds as well as for other documents.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from medtune.metrics.counts import Statistic
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import of_statistic, quantiles
from medtune.metrics.significance import Difference

LEAST_SEEDS = 3
"""Fewer training seeds say nothing about a method."""
UNCLAIMED = f"nothing claimed: fewer than {LEAST_SEEDS} training seeds"
"""The verdict then."""
SEEDED = "{method}, plus the variance between {seeds} training seeds"


@dataclass(frozen=True)
class Spread:
    """What a difference of means over training seeds varies by. documents, seeds: the two parts of its variance.
    freedom: degrees of freedom of their sum (Satterthwaite 1946). n: documents."""

    value: float
    documents: float
    seeds: float
    freedom: float
    n: int

    @property
    def variance(self) -> float:
        """Of the difference."""
        return self.documents + self.seeds


def figure_over_seeds(counts: ArrayLike, statistic: Statistic, unit: str = "documents", top: float = 1) -> Estimate:
    """Mean of a statistic over training seeds, with a 95 % interval over documents and seeds together.

    counts: (seeds, documents, k) additive counts. The interval over documents is that of `of_statistic` for the mean
    counts; at each side the variance that it stands for and that of the mean over seeds are added, with Satterthwaite's
    (1946) degrees of freedom. With a single seed it is the interval over documents. n: documents.
    """
    counts = np.asarray(counts, dtype=float)
    documents = of_statistic(counts.mean(axis=0), statistic, unit, top)
    if len(counts) == 1 or documents.value is None:
        return documents
    values = statistic(counts.sum(axis=1))
    value, seeds = float(values.mean()), float(values.var(ddof=1) / len(values))
    quantile = float(quantiles(np.array(documents.n)))
    ends = []
    for sign, length in ((-1, documents.value - documents.low), (1, documents.high - documents.value)):
        parts = [((length / quantile) ** 2, max(documents.n - 1, 1)), (seeds, len(values) - 1)]
        half = float(scipy.stats.t.ppf(0.975, _freedom(parts)) * np.sqrt(sum(part for part, _ in parts)))
        ends.append(min(max(value + sign * half, 0.0), top))
    method = SEEDED.format(method=documents.method, seeds=len(values))
    return Estimate(value, *ends, documents.n, method, unit)


def spread_over_seeds(
    counts_a: np.ndarray, counts_b: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> Spread:
    """Difference of the mean of a statistic over training seeds, and what it varies by.

    counts_a, counts_b: (seeds, documents, k) additive counts of the same documents; the seeds of the two are apart.
    statistic: maps sums (m, k) to (m,), as `f1_of_counts`. The part of the documents is that of the jackknife (Efron
    and Tibshirani 1993, ch. 11) of the difference, that of the seeds comes from the values of each; a side with a
    single seed adds none. Raises ValueError for other shapes, or fewer than two documents.
    """
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    if a.ndim != 3 or b.ndim != 3 or a.shape[1:] != b.shape[1:] or a.shape[1] < 2:
        raise ValueError(f"shapes {a.shape} and {b.shape}: expected (seeds, documents, counts) of the same documents")
    n = a.shape[1]
    values = [statistic(counts.sum(axis=1)) for counts in (a, b)]
    value = float(values[0].mean() - values[1].mean())
    without = statistic_without_each(a, statistic).mean(axis=0) - statistic_without_each(b, statistic).mean(axis=0)
    documents = (n - 1) / n * ((without - without.mean()) ** 2).sum()
    seeds = [(found.var(ddof=1) / len(found), len(found) - 1) for found in values if len(found) > 1]
    freedom = _freedom([(documents, n - 1), *seeds])
    return Spread(value, float(documents), float(sum(part for part, _ in seeds)), freedom, n)


def seed_variance(counts: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> float:
    """Variance of a statistic between training seeds that more documents would not take away; below 0 by chance.

    counts: (seeds, documents, k), of at least two of both. That of the values, less the part that comes of seeds
    differing in single documents (jackknife).
    """
    left = statistic_without_each(counts, statistic)
    seeds, n = left.shape
    apart = left - left.mean(axis=0)
    in_documents = (n - 1) / n * ((apart - apart.mean(axis=1, keepdims=True)) ** 2).sum() / (seeds - 1)
    return float(np.var(statistic(np.asarray(counts, dtype=float).sum(axis=1)), ddof=1) - in_documents)


def statistic_without_each(counts: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(seeds, documents) the statistic without each document in turn. counts: (seeds, documents, k)."""
    seeds, n, k = counts.shape
    left = counts.sum(axis=1, keepdims=True) - counts
    return np.asarray(statistic(left.reshape(seeds * n, k)), dtype=float).reshape(seeds, n)


def difference_over_seeds(
    counts_a: np.ndarray,
    counts_b: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    least: tuple[int, int] = (LEAST_SEEDS, LEAST_SEEDS),
) -> Difference:
    """Difference of the mean of a statistic over training seeds, with a 95 % interval and a two-sided p-value.

    Arguments and both parts of the variance, which are added: `spread_over_seeds`. least: seeds that each side must
    have; 1 of a method that is the same at every seed. Where nothing varies the interval is that of the rule of three,
    3 / documents to either side, and p the one at which such an interval ends at 0. n: documents.
    Raises ValueError as `spread_over_seeds`, and for fewer seeds.
    """
    if len(counts_a) < least[0] or len(counts_b) < least[1]:
        raise ValueError(f"{len(counts_a)} and {len(counts_b)} training seeds; expected {least[0]} and {least[1]}")
    spread = spread_over_seeds(counts_a, counts_b, statistic)
    value, n = spread.value, spread.n
    if spread.variance > 1e-24:
        freedom, error = spread.freedom, float(np.sqrt(spread.variance))
    else:
        freedom = n - 1
        error = 3 / n / float(scipy.stats.t.ppf(0.975, freedom))
    half = float(scipy.stats.t.ppf(0.975, freedom)) * error
    p_value = float(2 * scipy.stats.t.sf(abs(value) / error, freedom))
    return Difference(value, max(-1.0, value - half), min(1.0, value + half), n, p_value)


def _freedom(parts: list[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances, from those of each (Satterthwaite 1946); where all are 0, the first."""
    variance = sum(part for part, _ in parts)
    if variance <= 1e-24:
        return parts[0][1]
    return float(variance**2 / sum(part**2 / degrees for part, degrees in parts))
