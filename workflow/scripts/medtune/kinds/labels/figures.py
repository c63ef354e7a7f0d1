"""What summaries show of labels, and what two runs are compared by."""

from collections.abc import Mapping, Sequence

import numpy as np

from medtune.kinds.labels.score import ITEM_COLUMNS, TEXTS
from medtune.kinds.shown import Automation, Shown
from medtune.metrics.drawn import ratio, summed_by_unit

__all__ = ["AUTOMATION", "ITEM_COLUMNS", "JUDGED", "SHOWN", "ratio", "sums"]

JUDGED = "accuracy"
AUTOMATION = Automation("likelihood_confidence", "likelihood_correct", TEXTS)
"""The likeliest label goes without review, or not."""
SHOWN = (
    Shown("accuracy", "accuracy"),
    Shown("macro_f1", "macro-F1"),
    Shown("strict_accuracy", "accuracy in the exact format"),
    Shown("format_rate", "answers in the exact format"),
    Shown("likelihood_accuracy", "accuracy of the likeliest label"),
    Shown("likelihood_macro_f1", "macro-F1 of the likeliest label"),
    Shown("ece", "calibration error (ECE) of its likelihood", share=False),
    Shown("ece_of_chance", "ECE that a perfectly calibrated model has by chance", share=False),
    Shown("brier", "Brier score (0 to 2) of its likelihood", share=False),
)


def sums(items: Sequence[Mapping[str, str]]) -> tuple[list[str], np.ndarray]:
    """What was drawn, by name, and of each the number of right answers and of answers, (units, 2). items: rows of
    items.csv."""
    counts = np.array([[item["correct"] == "True", 1] for item in items], dtype=float).reshape(-1, 2)
    return summed_by_unit(items, counts)
