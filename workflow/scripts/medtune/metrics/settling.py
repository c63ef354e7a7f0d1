"""How many documents would tell a difference from none."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t

from medtune.metrics.counts import Statistic
from medtune.metrics.estimate import Figure
from medtune.metrics.over_seeds import seed_variance, spread_over_seeds

POWER = 0.8
NEEDED = float(norm.ppf(0.975) + norm.ppf(POWER))
"""Standard errors that a difference is to have."""
LEVEL = 0.8
"""Of the interval."""


@dataclass(frozen=True)
class Settling:
    """Documents at which a difference would be told from none (two-sided 0.05) with a power of 80 %. value: were the
    true difference the one measured; low, high: an 80 % interval. None: no number of documents would, as at no
    difference, or where the seeds alone vary too much."""

    value: int | None
    low: int | None
    high: int | None


def documents_to_settle(
    difference: float, of_documents: float, of_seeds: float, n: int, freedom: float | None = None
) -> Settling:
    """The number for a difference over n documents. of_documents, of_seeds: the parts of its variance; the first falls
    with the number of documents, the second does not. freedom: degrees of freedom of both; None: n - 1.

    The interval inverts the test of the size of the difference: its absolute value over its standard error has a folded
    t distribution, and the ends are the true values of which no more than a tenth of draws lies below, or above.
    """
    error = math.sqrt(of_documents + of_seeds)
    if error == 0:
        return Settling(None, None, None)

    def documents(true: float) -> int | None:
        left = (true / NEEDED) ** 2 - of_seeds
        return None if left <= 0 else max(1, math.ceil(n * of_documents / left))

    smallest, largest = _size_ends(abs(difference) / error, max(n - 1, 1) if freedom is None else freedom)
    return Settling(documents(difference), documents(error * largest), documents(error * smallest))


def documents_by_interval(difference: Figure, n: int) -> Settling:
    """The number for a difference over n documents of which the 95 % interval alone is known (t quantile, n - 1)."""
    error = (difference.high - difference.low) / 2 / float(t.ppf(0.975, max(n - 1, 1)))
    return documents_to_settle(difference.value, error**2, 0.0, n)


def documents_of_methods(counts_a: np.ndarray, counts_b: np.ndarray, statistic: Statistic) -> Settling | None:
    """The number for the difference of two methods, as `difference_over_seeds` tests it; None where nothing varies.

    counts_a, counts_b: (seeds, documents, k) additive counts of the same documents.
    """
    spread = spread_over_seeds(counts_a, counts_b, statistic)
    if spread.variance <= 0:
        return None
    several = [counts for counts in (counts_a, counts_b) if len(counts) > 1]
    of_seeds = sum(max(0.0, seed_variance(counts, statistic)) / len(counts) for counts in several)
    of_seeds = min(of_seeds, spread.variance)
    return documents_to_settle(spread.value, spread.variance - of_seeds, of_seeds, spread.n, spread.freedom)


def _size_ends(found: float, freedom: float) -> tuple[float, float]:
    """80 % interval of the absolute value of the mean of a t distribution, of which a draw's is found."""
    tail = (1 - LEVEL) / 2

    def below(mean: float) -> float:
        """Share of draws whose absolute value is below the one found."""
        return float(t.cdf(found - mean, freedom) - t.cdf(-found - mean, freedom))

    def end(share: float) -> float:
        if below(0) <= share:
            return 0.0
        return float(brentq(lambda mean: below(mean) - share, 0, found + float(t.isf(tail / 2, freedom))))

    return end(1 - tail), end(tail)
