"""Differences between two ways of training, over training seeds and documents together.

A claim about a method, rather than about two models, must hold for other training seeds as well as for other documents.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import t

from medtune.metrics.significance import Difference

LEAST_SEEDS = 3
"""Fewer training seeds say nothing about a method."""
UNCLAIMED = f"nothing claimed: fewer than {LEAST_SEEDS} training seeds"
"""The verdict then."""


def difference_over_seeds(
    counts_a: np.ndarray, counts_b: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> Difference:
    """Difference of the mean of a statistic over training seeds, with a 95 % interval and a two-sided p-value.

    counts_a, counts_b: (seeds, documents, k) additive counts of the same documents; the seeds of the two are apart.
    statistic: maps sums (m, k) to (m,), as `f1_of_counts`. Both parts of the variance are added: that of the documents
    by the jackknife (Efron and Tibshirani 1993, ch. 11) of the difference, and that of the seeds from the values of
    each; the degrees of freedom are Satterthwaite's (1946). Where nothing varies the interval is that of the rule of
    three, 3 / documents to either side, and p the one at which such an interval ends at 0. n: documents.
    Raises ValueError for other shapes, fewer than `LEAST_SEEDS` seeds or fewer than two documents.
    """
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    if a.ndim != 3 or b.ndim != 3 or a.shape[1:] != b.shape[1:] or a.shape[1] < 2:
        raise ValueError(f"shapes {a.shape} and {b.shape}: expected (seeds, documents, counts) of the same documents")
    if min(len(a), len(b)) < LEAST_SEEDS:
        raise ValueError(f"{len(a)} and {len(b)} training seeds; expected {LEAST_SEEDS} or more of each")
    n = a.shape[1]
    values = [statistic(counts.sum(axis=1)) for counts in (a, b)]
    value = float(values[0].mean() - values[1].mean())
    without = _means_without_each(a, statistic) - _means_without_each(b, statistic)
    parts = [((n - 1) / n * ((without - without.mean()) ** 2).sum(), n - 1)]
    parts += [(found.var(ddof=1) / len(found), len(found) - 1) for found in values]
    variance = sum(part for part, _ in parts)
    if variance > 1e-24:
        freedom, error = variance**2 / sum(part**2 / degrees for part, degrees in parts), float(np.sqrt(variance))
    else:
        freedom = n - 1
        error = 3 / n / float(t.ppf(0.975, freedom))
    half = float(t.ppf(0.975, freedom)) * error
    p_value = float(2 * t.sf(abs(value) / error, freedom))
    return Difference(value, max(-1.0, value - half), min(1.0, value + half), n, p_value)


def _means_without_each(counts: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(documents,) the mean over seeds without each document in turn."""
    seeds, n, k = counts.shape
    left = counts.sum(axis=1, keepdims=True) - counts
    return np.asarray(statistic(left.reshape(seeds * n, k))).reshape(seeds, n).mean(axis=0)
