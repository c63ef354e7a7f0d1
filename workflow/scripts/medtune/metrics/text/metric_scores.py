"""The scores of one metric over items, and the figures that come from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics.counts import Statistic
from medtune.metrics.drawn import Drawn
from medtune.metrics.estimate import Estimate

UNIT = "questions"
"""What is drawn where texts are scored."""
QUESTIONS = Drawn(UNIT)
"""Each on its own."""


@dataclass(frozen=True)
class MetricScores:
    """One metric over n items.

    items: (n,) the score of each item, NaN where the metric is not defined for it.
    counts, statistic: (n, k) additive counts per item, and the corpus figure of their sums, as `intervals.bounded` and
    `significance.paired_difference` take them. An item without score has counts of 0.
    definition: what exactly was computed, in words.
    share: each item is right (1) or wrong (0), and the figure is the share of right ones.
    unbounded: scores may lie outside [0, 1].
    """

    items: np.ndarray
    counts: np.ndarray
    statistic: Statistic
    definition: str
    share: bool = False
    unbounded: bool = False

    def estimate(self, rows: Sequence[int] | None = None, drawn: Drawn = QUESTIONS) -> Estimate:
        """The corpus figure over the items that have a score, with an interval over what was drawn.

        rows: indices of some of the items; None means all. drawn: what all items were drawn as.
        """
        chosen = np.arange(len(self.items)) if rows is None else np.asarray(rows, dtype=int)
        chosen = chosen[~np.isnan(self.items[chosen])]
        drawn = drawn.of(chosen)
        if self.share:
            return drawn.share(self.items[chosen])
        if self.unbounded:
            return drawn.amount(self.items[chosen], least=None)
        return drawn.bounded(self.counts[chosen], self.statistic)


def mean_of(items: ArrayLike, definition: str, unbounded: bool = False) -> MetricScores:
    """A metric whose corpus figure is the mean of its items, (n,). unbounded: they may lie outside [0, 1]."""
    items = np.asarray(items, dtype=float)
    return MetricScores(items, _counted(items), _mean, definition, unbounded=unbounded)


def share_of(items: ArrayLike, definition: str) -> MetricScores:
    """A metric that finds each item right or wrong, (n,) of 0 and 1."""
    items = np.asarray(items, dtype=float)
    return MetricScores(items, _counted(items), _mean, definition, share=True)


def ratio_of(found: ArrayLike, expected: ArrayLike, definition: str) -> MetricScores:
    """A metric that finds some of what each item expects, (n,) counts: the figure is the share found over all items,
    an item's score its own share. An item that expects nothing has no score."""
    counts = np.column_stack([np.asarray(found, dtype=float), np.asarray(expected, dtype=float)])
    items = np.divide(counts[:, 0], counts[:, 1], out=np.full(len(counts), np.nan), where=counts[:, 1] > 0)
    return MetricScores(items, counts, _mean, definition)


def _counted(items: np.ndarray) -> np.ndarray:
    """(n, 2): the score and a one for each item that has a score, else zeros."""
    there = ~np.isnan(items)
    return np.column_stack([np.where(there, items, 0), there])


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]
