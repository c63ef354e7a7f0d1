"""Which types are taken for which."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from medtune.metrics import intervals
from medtune.metrics.estimate import end_cells, end_columns
from medtune.studies.maccrobat.analysis.errors import Case

SHOWN_TYPES = 15
NONE, OTHER = "none", "other"
PAIR_COLUMNS = (
    "gold",
    "predicted",
    "count",
    "same_boundaries",
    "gold_entities",
    *end_columns("share_of_gold", "share_of_confusions"),
)


def frequent_labels(cases: Sequence[Case], most: int = SHOWN_TYPES) -> list[str]:
    """The types with most gold entities, most frequent first, equals by name."""
    counts = Counter(case.gold.label for case in cases if case.gold)
    return sorted(counts, key=lambda label: (-counts[label], label))[:most]


def confusion_matrix(cases: Sequence[Case], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts by gold label, then by predicted label, over pairs with equal boundaries or an overlap.

    The row "none" holds spurious predictions, the column "none" missed entities. Labels other than `labels` share a
    row and a column "other", which are there only where something is in them: all gold and all predicted entities
    are counted.
    """

    def name(label: str | None) -> str:
        if label is None:
            return NONE
        return label if label in labels else OTHER

    counts = Counter(
        (name(case.gold and case.gold.label), name(case.predicted and case.predicted.span.label)) for case in cases
    )
    rows = [*labels, *([OTHER] if any(gold == OTHER for gold, _ in counts) else []), NONE]
    columns = [*labels, *([OTHER] if any(predicted == OTHER for _, predicted in counts) else []), NONE]
    return {gold: {predicted: counts[gold, predicted] for predicted in columns} for gold in rows}


def confusion_rows(matrix: dict[str, dict[str, int]]) -> list[dict]:
    """The matrix as a long table."""
    return [
        {"gold": gold, "predicted": predicted, "count": count}
        for gold, row in matrix.items()
        for predicted, count in row.items()
    ]


def confused_pairs(cases: Sequence[Case], documents: int) -> list[dict]:
    """Pairs of different types, most frequent first, with columns `PAIR_COLUMNS`.

    share_of_gold: of the gold entities of that type, how many were taken for the other.  share_of_confusions: of all
    pairs of different types. Both have intervals over documents.
    """
    gold = {}
    taken = {}
    same_boundaries = Counter()
    for case in cases:
        if case.gold is None:
            continue
        gold.setdefault(case.gold.label, np.zeros(documents))[case.document] += 1
        if case.predicted and case.predicted.span.label != case.gold.label:
            pair = case.gold.label, case.predicted.span.label
            taken.setdefault(pair, np.zeros(documents))[case.document] += 1
            same_boundaries[pair] += not case.direction
    total = sum(taken.values())
    rows = []
    for (wanted, found), counts in taken.items():
        rows.append(
            {
                "gold": wanted,
                "predicted": found,
                "count": round(counts.sum()),
                "same_boundaries": same_boundaries[wanted, found],
                "gold_entities": round(gold[wanted].sum()),
                **end_cells("share_of_gold", intervals.share(counts, gold[wanted])),
                **end_cells("share_of_confusions", intervals.share(counts, total)),
            }
        )
    return sorted(rows, key=lambda row: (-row["count"], row["gold"], row["predicted"]))
