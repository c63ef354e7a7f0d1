"""What the iterations changed in each specialty: the last training against the first, on the same questions."""

from collections.abc import Sequence

import numpy as np

from medtune.metrics.estimate import end_cells, end_columns
from medtune.studies.meerkat.comparisons import TESTED_COLUMNS, cells_of, tested
from medtune.studies.meerkat.runs import SPLITS, Run

BOTH = "both"
"""All held-out questions of a specialty: those of one split are few."""
CHANGE_COLUMNS = (
    *("specialty", "split", "metric", "n", "iteration", "reference", "train_size", "reference_train_size"),
    *(*end_columns("difference"), *TESTED_COLUMNS),
)


def specialty_changes(runs: Sequence[Run], metric: str, seed: int) -> list[dict]:
    """A row for each specialty and split, and one over both splits; none where there was one training only.

    runs: the iterations, from 1. Paired by question; Holm over the specialties of a split. A specialty without a scored
    question in a split has no row there.
    """
    trained = [run for run in runs if not run.copied]
    if len(trained) < 2:
        return []
    first, last = trained[0], trained[-1]
    specialties = sorted({name for split in SPLITS for name in first.specialties(split)})
    rows = []
    for split in (*SPLITS, BOTH):
        counts = {
            name: _counts(first, last, name, metric, SPLITS if split == BOTH else (split,)) for name in specialties
        }
        there = {name: pair for name, pair in counts.items() if len(pair[0])}
        tests = [tested(ours, theirs, metric, seed) for ours, theirs in there.values()]
        for name, test, cells in zip(there, tests, cells_of(tests), strict=True):
            rows.append(
                {
                    "specialty": name,
                    "split": split,
                    "metric": metric,
                    "n": test.n,
                    "iteration": last.iteration,
                    "reference": first.iteration,
                    "train_size": last.train_size(name),
                    "reference_train_size": first.train_size(name),
                    **end_cells("difference", test),
                    **cells,
                }
            )
    return rows


def _counts(first: Run, last: Run, specialty: str, metric: str, splits: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Counts (n, k) of the last and of the first run, for the specialty's questions that either has a score for."""
    parts = []
    for split in splits:
        own = np.array([item["specialty"] == specialty for item in first.of_split(split)], dtype=bool)
        own &= first.scored(split, metric) | last.scored(split, metric)
        parts.append([run.counts[split][metric][own] for run in (last, first)])
    ours, theirs = (np.concatenate(side) for side in zip(*parts, strict=True))
    return ours, theirs
