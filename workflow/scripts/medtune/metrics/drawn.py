"""What was drawn: items one by one, or groups of them (the texts of a patient); intervals are over it."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics import intervals
from medtune.metrics.counts import Statistic
from medtune.metrics.estimate import Estimate
from medtune.metrics.proportions import proportion


@dataclass(frozen=True)
class Drawn:
    """items: what single items are called (plural: "texts"). groups: the group of each item, in their order; None where
    each item was drawn on its own."""

    items: str = "items"
    groups: Sequence[Hashable] | None = None

    @property
    def unit(self) -> str:
        """The name of what was drawn."""
        return self.items if self.groups is None else "groups"

    def share(self, right: ArrayLike, among: ArrayLike | None = None) -> Estimate:
        """Share of items that are right, with Wilson's interval, for groups with their design effect.

        right, among: (n,) of true and false; among: the items that count, which hold the right ones; None for all.
        """
        right = np.asarray(right, dtype=bool)
        among = np.ones(len(right), dtype=bool) if among is None else np.asarray(among, dtype=bool)
        if self.groups is None:
            return proportion(int(right.sum()), int(among.sum()), unit=self.unit)
        return intervals.share(self.summed(right[:, None])[:, 0], self.summed(among[:, None])[:, 0], self.unit)

    def mean(self, values: ArrayLike, top: float = 1) -> Estimate:
        """Mean of one value in [0, top] for each item, (n,)."""
        values = np.asarray(values, dtype=float)
        return self.bounded(np.column_stack([values, np.ones(len(values))]), ratio, top)

    def amount(self, values: ArrayLike, least: float | None = 0) -> Estimate:
        """Mean of one value without an upper bound for each item, (n,). least: the lower bound."""
        values = np.asarray(values, dtype=float)
        sums = self.summed(np.column_stack([values, np.ones(len(values))]))
        return intervals.amount(sums[:, 0], self.unit, least, sums[:, 1])

    def bounded(self, counts: ArrayLike, statistic: Statistic, top: float = 1) -> Estimate:
        """A statistic in [0, top] of the summed counts of items, (n, k)."""
        return intervals.bounded(self.summed(counts), statistic, self.unit, top)

    def of(self, places: Sequence[int]) -> "Drawn":
        """The same for some of the items, by their places."""
        return self if self.groups is None else replace(self, groups=[self.groups[place] for place in places])

    def summed(self, counts: ArrayLike) -> np.ndarray:
        """Counts of items, (n, …), added up by what was drawn: (units, …)."""
        counts = np.asarray(counts, dtype=float)
        if self.groups is None:
            return counts
        numbers = {group: number for number, group in enumerate(dict.fromkeys(self.groups))}
        sums = np.zeros((len(numbers), *counts.shape[1:]))
        np.add.at(sums, [numbers[group] for group in self.groups], counts)
        return sums


def unit_of(row: Mapping[str, Any]) -> str:
    """Names what an example, or a row of items.csv, was drawn with: its group, or itself."""
    column = "group" if row.get("group") else "id"
    return f"{column} {row[column]}"


def summed_by_unit(items: Sequence[Mapping[str, Any]], counts: ArrayLike) -> tuple[list[str], np.ndarray]:
    """What rows of items.csv were drawn with, by name, and their counts, (n, k), added up by it: (units, k)."""
    units = [unit_of(item) for item in items]
    return list(dict.fromkeys(units)), Drawn(groups=units).summed(counts)


def drawn_of(examples: Sequence[Mapping[str, Any]], items: str) -> Drawn:
    """What the examples of a split were drawn as: groups where any has one. items: what single ones are called."""
    if any(example.get("group") for example in examples):
        return Drawn(items, [unit_of(example) for example in examples])
    return Drawn(items)


def ratio(sums: np.ndarray) -> np.ndarray:
    """(m,) the first of two sums over the second, (m, 2): a share or a mean."""
    return intervals.divide(sums[:, 0], sums[:, 1])
