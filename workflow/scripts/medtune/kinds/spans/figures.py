"""What summaries show of entities, and what two runs are compared by."""

from collections.abc import Mapping, Sequence

import numpy as np

from medtune.kinds.shown import Automation, Shown
from medtune.kinds.spans.score import DOCUMENTS, ITEM_COLUMNS
from medtune.metrics.counts import f1_of_counts as ratio
from medtune.metrics.drawn import summed_by_unit

__all__ = ["AUTOMATION", "ITEM_COLUMNS", "JUDGED", "SHOWN", "ratio", "sums"]

JUDGED = "strict_f1"
AUTOMATION = Automation("confidence", "exact_match", DOCUMENTS)
"""A document goes without review, or not: right where its entities are found, and nothing else."""
SHOWN = (
    Shown("strict_f1", "strict F1 (boundaries and type)"),
    Shown("strict_precision", "strict precision"),
    Shown("strict_recall", "strict recall"),
    Shown("macro_f1", "strict macro-F1 over types"),
    Shown("exact_f1", "exact F1 (boundaries)"),
    Shown("partial_f1", "partial F1"),
    Shown("type_f1", "type F1"),
    Shown("document_match", "documents without any error"),
    Shown("parse_rate", "answers that parse"),
    Shown("grounded_rate", "listed values that are in the text"),
    Shown("ece", "calibration error (ECE) of the entities' confidences", share=False),
    Shown("ece_of_chance", "ECE that perfectly calibrated confidences have by chance", share=False),
)


def sums(items: Sequence[Mapping[str, str]]) -> tuple[list[str], np.ndarray]:
    """What was drawn, by name, and of each the strict tp, fp and fn, (units, 3). items: rows of items.csv."""
    right, predicted, gold = (
        np.array([int(item[name]) for item in items], dtype=float) for name in ("right", "predicted", "gold")
    )
    counts = np.column_stack([right, predicted - right, gold - right])
    return summed_by_unit(items, counts)
