"""Precision, recall and F1 of what is counted by more than one scheme, each with its interval."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from medtune.metrics.estimate import Estimate, nothing
from medtune.metrics.intervals import GRADED, SHARE, divide

FIGURES = ("precision", "recall", "f1")
F1 = FIGURES.index("f1")
MICRO, MACRO = -2, -1
"""Rows that `with_micro_and_macro` puts after those of the labels."""


@dataclass(frozen=True)
class Figures:
    """Precision, recall and F1, each with its interval."""

    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class LabelScores:
    """One label. gold, predicted: how many there are. documents: those with gold ones. schemes: figures by scheme."""

    gold: int
    predicted: int
    documents: int
    schemes: dict[str, Figures]


@dataclass(frozen=True)
class ScoresByLabel:
    """Figures over documents. micro, macro: by scheme. macro_labels: the labels with gold, whose mean macro is."""

    documents: int
    gold: int
    predicted: int
    micro: dict[str, Figures]
    macro: dict[str, Figures]
    macro_labels: tuple[str, ...]
    by_label: dict[str, LabelScores]

    def as_dict(self) -> dict:
        """Plain dictionaries for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Totals:
    """Of each label, (labels,): gold and predicted ones, and documents with gold ones."""

    gold: np.ndarray
    predicted: np.ndarray
    documents: np.ndarray


def scores_by_label(
    labels: Sequence[str], schemes: Sequence[str], ends: np.ndarray, totals: Totals, documents: int, unit: str
) -> ScoresByLabel:
    """All figures; of a label with neither gold nor predictions there are none.

    ends: (3, labels + 2, schemes, 3), see `with_micro_and_macro`: value, lower and upper end. documents: their number.
    unit: how texts call them.
    """
    supported = totals.gold > 0
    there = supported | (totals.predicted > 0)

    def figures(row: int, defined: bool) -> dict[str, Figures]:
        method = GRADED if row == MACRO else SHARE
        return figures_by_scheme(schemes, ends[:, row], documents if defined else 0, unit, method)

    return ScoresByLabel(
        documents=documents,
        gold=round(totals.gold.sum()),
        predicted=round(totals.predicted.sum()),
        micro=figures(MICRO, bool(there.any())),
        macro=figures(MACRO, bool(supported.any())),
        macro_labels=tuple(label for label, has in zip(labels, supported, strict=True) if has),
        by_label={
            label: LabelScores(
                gold=round(totals.gold[row]),
                predicted=round(totals.predicted[row]),
                documents=int(totals.documents[row]),
                schemes=figures(row, bool(there[row])),
            )
            for row, label in enumerate(labels)
        },
    )


def figures_by_scheme(schemes: Sequence[str], ends: np.ndarray, n: int, unit: str, method: str) -> dict[str, Figures]:
    """ends: (3, schemes, 3), value, lower and upper end of precision, recall and F1. n: of the unit; 0 for no figure.
    method: how the ends were made, with `{unit}`."""
    if n == 0:
        return {scheme: Figures(*[nothing(unit)] * len(FIGURES)) for scheme in schemes}
    return {
        scheme: Figures(
            *(Estimate(*map(float, ends[:, s, f]), n, method.format(unit=unit), unit) for f in range(len(FIGURES)))
        )
        for s, scheme in enumerate(schemes)
    }


def f1_of_shares(shares: np.ndarray) -> np.ndarray:
    """F1 = 2 J / (1 + J), J being the share of hits among what is gold or predicted, a pair once."""
    return 2 * shares / (1 + shares)


def with_micro_and_macro(by_label: np.ndarray, micro: np.ndarray, supported: np.ndarray) -> np.ndarray:
    """(m, labels + 2, schemes, 3): by_label (m, labels, schemes, 3); micro (m, 1, schemes, 3); the mean of the labels
    that are supported, 0 where none is. supported: (m, labels, schemes or 1, 1), boolean."""
    macro = divide((by_label * supported).sum(axis=1, keepdims=True), supported.sum(axis=1, keepdims=True))
    return np.concatenate([by_label, micro, macro], axis=1)
