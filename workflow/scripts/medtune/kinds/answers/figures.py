"""What summaries show of answers, and what two runs are compared by."""

from collections.abc import Mapping, Sequence

import numpy as np

from medtune.kinds.answers.score import ITEM_COLUMNS, METRICS
from medtune.kinds.shown import Shown
from medtune.metrics.drawn import ratio, summed_by_unit
from medtune.metrics.text.names import ROUGE_L

__all__ = ["ITEM_COLUMNS", "JUDGED", "SHOWN", "ratio", "sums"]

JUDGED = ROUGE_L
SHOWN = (
    Shown(ROUGE_L, ROUGE_L),
    *(Shown(name, name.replace("_f1", " F1").replace("_", " ")) for name in METRICS if name != ROUGE_L),
    Shown("answer_rate", "questions that get an answer"),
    Shown("cut_rate", "answers that were cut"),
    Shown("mean_answer_tokens", "answer length, tokens", share=False),
)


def sums(items: Sequence[Mapping[str, str]]) -> tuple[list[str], np.ndarray]:
    """What was drawn, by name, and of each the sum of ROUGE-L and the number of answers, (units, 2). items: rows of
    items.csv."""
    counts = np.array([[float(item[JUDGED]), 1] for item in items]).reshape(-1, 2)
    return summed_by_unit(items, counts)
