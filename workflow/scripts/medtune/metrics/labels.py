"""Scores of one label per item. A prediction of None (an output without a label) is wrong for every label."""

from collections.abc import Sequence

import numpy as np

from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import bounded
from medtune.metrics.proportions import proportion

NONE = "none"
"""How the confusion matrix calls an output without a label."""


def accuracy(gold: Sequence[str], predicted: Sequence[str | None], unit: str = "items") -> Estimate:
    """Share of items with the gold label, Wilson interval. Raises ValueError when the lengths differ."""
    _check(gold, predicted)
    return proportion(sum(g == p for g, p in zip(gold, predicted, strict=True)), len(gold), unit=unit)


def macro_f1(
    gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], unit: str = "items"
) -> Estimate:
    """Unweighted mean of the labels' F1 over all of `labels`, with an interval over items.

    A label without gold items and without predictions counts 0 (scikit-learn's `zero_division=0`).
    Raises ValueError when the lengths differ or a label is not in `labels`.
    """
    _check(gold, predicted, labels)
    counts = np.zeros((len(gold), len(labels), 3))
    for row, (wanted, found) in enumerate(zip(gold, predicted, strict=True)):
        if wanted == found:
            counts[row, labels.index(wanted), 0] = 1
        else:
            counts[row, labels.index(wanted), 2] = 1
            if found is not None:
                counts[row, labels.index(found), 1] = 1

    def mean_f1(sums: np.ndarray) -> np.ndarray:
        return f1_of_counts(sums.reshape(-1, 3)).reshape(len(sums), len(labels)).mean(axis=1)

    return bounded(counts.reshape(len(gold), len(labels) * 3), mean_f1, unit)


def confusion(gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts by gold label, then by predicted label; the last column, "none", has the outputs without a label.

    Raises ValueError when the lengths differ or a label is not in `labels`.
    """
    _check(gold, predicted, labels)
    table = {label: dict.fromkeys([*labels, NONE], 0) for label in labels}
    for wanted, found in zip(gold, predicted, strict=True):
        table[wanted][NONE if found is None else found] += 1
    return table


def _check(gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str] | None = None) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold labels and {len(predicted)} predictions")
    if labels is not None:
        unknown = {*gold, *predicted} - {*labels, None}
        if unknown:
            raise ValueError(f"unknown labels {sorted(map(str, unknown))}")
