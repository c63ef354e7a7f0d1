"""Several trained runs as one answerer: majority vote, and averaged label probabilities."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medtune.data.labels import LABELS
from medtune.tasks.yesno.score import label_probabilities, predicted_label


@dataclass(frozen=True)
class EnsembleAnswers:
    """votes: (n,) labels, None where no run gave one. probabilities: (n, labels), averaged over the runs."""

    votes: list[str | None]
    probabilities: np.ndarray


def combine(runs: Sequence[Sequence[dict]]) -> EnsembleAnswers:
    """Combine the predictions of runs on the same items, in the same order in each.

    Vote: the label that most generated answers give; answers without a label abstain; ties go to
    the label with the larger averaged probability, then to the first of LABELS.
    Raises ValueError when the runs differ in their items.
    """
    ids = {tuple((row["split"], row["id"]) for row in rows) for rows in runs}
    if len(ids) != 1:
        raise ValueError("an ensemble needs runs on the same items in the same order")
    probabilities = np.mean([label_probabilities(rows) for rows in runs], axis=0)
    votes = [
        _vote([predicted_label(row) for row in answers], probabilities[number])
        for number, answers in enumerate(zip(*runs, strict=True))
    ]
    return EnsembleAnswers(votes, probabilities)


def _vote(labels: Sequence[str | None], probabilities: np.ndarray) -> str | None:
    counts = Counter(label for label in labels if label is not None)
    if not counts:
        return None
    return max(LABELS, key=lambda label: (counts[label], probabilities[LABELS.index(label)]))
