"""Scores of one label per item. A prediction of None (an output without a label) is wrong for every label."""

from collections.abc import Sequence

import numpy as np

from medtune.metrics.counts import f1_of_counts
from medtune.metrics.drawn import Drawn
from medtune.metrics.estimate import Estimate
from medtune.metrics.prf import FIGURES, f1_of_shares

NONE = "none"
"""How the confusion matrix calls an output without a label."""
ITEMS = Drawn()


def accuracy(gold: Sequence[str], predicted: Sequence[str | None], drawn: Drawn = ITEMS) -> Estimate:
    """Share of items with the gold label, Wilson interval. Raises ValueError when the lengths differ."""
    _check(gold, predicted)
    return drawn.share([g == p for g, p in zip(gold, predicted, strict=True)])


def macro_f1(
    gold: Sequence[str],
    predicted: Sequence[str | None],
    labels: Sequence[str],
    drawn: Drawn = ITEMS,
    over: Sequence[str] | None = None,
) -> Estimate:
    """Unweighted mean of the labels' F1 over all of `labels`, with an interval over what was drawn.

    over: those of the labels that the mean is of; None: all. One of them without gold items and without predictions
    counts 0 (scikit-learn's `zero_division=0`).
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

    places = [labels.index(label) for label in (labels if over is None else over)]

    def mean_f1(sums: np.ndarray) -> np.ndarray:
        return f1_of_counts(sums.reshape(-1, 3)).reshape(len(sums), len(labels))[:, places].mean(axis=1)

    return drawn.bounded(counts.reshape(len(gold), len(labels) * 3), mean_f1)


def by_label(
    gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], drawn: Drawn = ITEMS
) -> dict[str, dict[str, Estimate]]:
    """The `FIGURES` of each label. F1 = 2 J / (1 + J) of the share J of items right among those that have or got the
    label, and so are the ends of its interval. Raises ValueError when the lengths differ or a label is unknown."""
    _check(gold, predicted, labels)
    figures = {}
    for label in labels:
        wanted, found = (np.array([one == label for one in named], dtype=bool) for named in (gold, predicted))
        shares = (drawn.share(wanted & found, among) for among in (found, wanted, wanted | found))
        precision, recall, either = shares
        figures[label] = dict(zip(FIGURES, (precision, recall, _f1(either)), strict=True))
    return figures


def confusion(gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts by gold label, then by predicted label; the last column, see `no_label`, has the outputs without a label.

    Raises ValueError when the lengths differ or a label is not in `labels`.
    """
    _check(gold, predicted, labels)
    nothing = no_label(labels)
    table = {label: dict.fromkeys([*labels, nothing], 0) for label in labels}
    for wanted, found in zip(gold, predicted, strict=True):
        table[wanted][nothing if found is None else found] += 1
    return table


def no_label(labels: Sequence[str]) -> str:
    """How the confusion matrix calls an output without a label: `NONE`, in brackets where a label is called so."""
    name = NONE
    while name in labels:
        name = f"({name})"
    return name


def _f1(share: Estimate) -> Estimate:
    """F1 of the share J."""
    if share.value is None:
        return share
    ends = (float(f1_of_shares(end)) for end in (share.value, share.low, share.high))
    return Estimate(*ends, share.n, share.method, share.unit)


def _check(gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str] | None = None) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold labels and {len(predicted)} predictions")
    if labels is not None:
        unknown = {*gold, *predicted} - {*labels, None}
        if unknown:
            raise ValueError(f"unknown labels {sorted(map(str, unknown))}")
