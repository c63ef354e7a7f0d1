"""Several trained runs as one answerer: majority vote, and averaged label probabilities."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medtune.kinds.labels.score import label_probabilities, likeliest, likelihood_metrics, predicted_label
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.runs import Run
from medtune.studies.yesno.score import DRAWN, answered_metrics

VOTE, AVERAGE = "vote", "averaged likelihood"
CALIBRATION = ("ece", "brier")
"""Figures that an ensemble has where it has probabilities."""


@dataclass(frozen=True)
class EnsembleAnswers:
    """votes: (n,) labels, None where no run gave one. probabilities: (n, labels), averaged over the runs."""

    votes: list[str | None]
    probabilities: np.ndarray


@dataclass(frozen=True)
class Ensemble:
    """All runs as one model. members: how many. splits: figures as in metrics.json. labels: its answers, by split, in
    their order."""

    name: str
    members: int
    splits: dict
    labels: dict[str, list[str | None]]

    @property
    def title(self) -> str:
        """What texts call it."""
        return f"{self.name} of all runs"

    @property
    def key(self) -> dict[str, str | None]:
        """What tells it from runs in tables."""
        return {"rank": self.title, "seed": None}


def ensembles_of(runs: Sequence[Run]) -> list[Ensemble]:
    """The vote and the averaged likelihood of the runs, scored by what scores a single model. A vote has no
    probability, so no calibration."""
    splits: dict[str, dict] = {VOTE: {}, AVERAGE: {}}
    labels: dict[str, dict] = {VOTE: {}, AVERAGE: {}}
    for split in runs[0].splits:
        items = runs[0].of_split(split)
        gold, sources = ([item[column] for item in items] for column in ("gold", "source"))
        answers = combine([[run.predictions[split, item["id"]] for item in items] for run in runs])
        labels[VOTE][split], labels[AVERAGE][split] = answers.votes, likeliest(answers.probabilities, LABELS)
        likelihood = likelihood_metrics(gold, answers.probabilities, LABELS, DRAWN)
        for name, calibrated in ((VOTE, {}), (AVERAGE, {figure: likelihood[figure] for figure in CALIBRATION})):
            splits[name][split] = {
                "n": len(items),
                **answered_metrics(gold, labels[name][split], sources),
                **calibrated,
            }
    return [Ensemble(name, len(runs), splits[name], labels[name]) for name in (VOTE, AVERAGE)]


def combine(runs: Sequence[Sequence[dict]]) -> EnsembleAnswers:
    """Combine the predictions of runs on the same items, in the same order in each.

    Vote: the label that most generated answers give; answers without a label abstain; ties go to
    the label with the larger averaged probability, then to the first of LABELS.
    Raises ValueError when the runs differ in their items.
    """
    ids = {tuple((row["split"], row["id"]) for row in rows) for rows in runs}
    if len(ids) != 1:
        raise ValueError("an ensemble needs runs on the same items in the same order")
    probabilities = np.mean([label_probabilities(rows, LABELS) for rows in runs], axis=0)
    votes = [
        _vote([predicted_label(row, LABELS) for row in answers], probabilities[number])
        for number, answers in enumerate(zip(*runs, strict=True))
    ]
    return EnsembleAnswers(votes, probabilities)


def _vote(labels: Sequence[str | None], probabilities: np.ndarray) -> str | None:
    counts = Counter(label for label in labels if label is not None)
    if not counts:
        return None
    return max(LABELS, key=lambda label: (counts[label], probabilities[LABELS.index(label)]))
