"""Shares and means of items that come in documents, and what two of them differ by.

Entities of one document are alike, so that an interval over single entities would be too narrow.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics.bootstrap import bootstrap
from medtune.metrics.estimate import Estimate

Z = 1.959963984540054
"""Standard normal quantile of 97.5 %."""

NO_DIFFERENCE = "no difference shown"


@dataclass(frozen=True)
class Contrast:
    """value = a - b with a 95 % interval; all three are None where a or b has no value."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def shown(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low is not None and (self.low > 0 or self.high < 0)

    def in_words(self, higher: str = "higher", lower: str = "lower") -> str:
        """ "higher", "lower", or that nothing is shown: the only words that reports use for a difference."""
        if self.value is None:
            return "nothing to compare"
        if not self.shown:
            return NO_DIFFERENCE
        return higher if self.value > 0 else lower


def clustered_share(successes: ArrayLike, items: ArrayLike) -> Estimate:
    """Share of successes among items with a 95 % interval over documents; n counts the items.

    successes, items: (documents,) counts.  Wilson's interval with the effective number of items n / d, d >= 1 being the
    design effect of the documents (Kish 1965, ratio estimator): close to its 95 % for clustered shares also near 0 and
    1 (Franco et al. 2019, J. Surv. Stat. Methodol. 7), where a bootstrap would give an interval without width.
    Raises ValueError when the shapes differ or a document has more successes than items.
    """
    x, n = np.asarray(successes, dtype=float), np.asarray(items, dtype=float)
    if x.shape != n.shape or x.ndim != 1:
        raise ValueError(f"shapes {x.shape} and {n.shape}: expected one count of each per document")
    if ((x < 0) | (x > n)).any():
        raise ValueError("a document has more successes than items")
    total = n.sum()
    method = "Wilson, number of items reduced by the design effect of documents"
    if total == 0:
        return Estimate(None, None, None, 0, method)
    share = x.sum() / total
    low, high = _wilson(share, total / _design_effect(x, n, share))
    return Estimate(float(share), float(min(low, share)), float(max(high, share)), round(total), method)


def clustered_mean(sums: ArrayLike, items: ArrayLike, seed: int) -> Estimate:
    """Mean of values in [0, 1] with a bootstrap interval over the documents that have items; n counts the items.

    sums, items: (documents,) sum of the values, and how many.  One document alone says nothing of the next: its
    interval is [0, 1]. Raises ValueError when the shapes differ.
    """
    s, n = np.asarray(sums, dtype=float), np.asarray(items, dtype=float)
    if s.shape != n.shape or s.ndim != 1:
        raise ValueError(f"shapes {s.shape} and {n.shape}: expected one sum and one number per document")
    counts = np.stack([s, n], axis=1)[n > 0]
    found = bootstrap(counts, lambda totals: totals[:, 0] / totals[:, 1], seed)
    low, high = (0.0, 1.0) if len(counts) == 1 else (found.low, found.high)
    return Estimate(found.value, low, high, round(n.sum()), found.method)


def contrast(a: Estimate, b: Estimate) -> Contrast:
    """a - b, its interval recovered from those of a and b (Newcombe 1998, method 10; Zou and Donner 2008).

    Takes a and b as independent: of the same documents, which tend to be easy or hard in all, it is on the safe side.
    """
    if a.value is None or b.value is None:
        return Contrast(None, None, None)
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Contrast(value, low, high)


def _wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's (1927) interval for a number of items that need not be whole."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def _design_effect(x: np.ndarray, n: np.ndarray, share: float) -> float:
    """Variance of the share over documents, by that of as many independent items; at least 1."""
    documents = int((n > 0).sum())
    if documents < 2 or share in (0, 1):
        return 1.0
    residuals = (x - share * n)[n > 0]
    variance = documents / (documents - 1) * (residuals**2).sum() / n.sum() ** 2
    return max(1.0, float(variance / (share * (1 - share) / n.sum())))
