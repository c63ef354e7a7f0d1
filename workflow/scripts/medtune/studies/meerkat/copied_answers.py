"""Figures without the held-out answers that a model could copy from a record that it may have been trained on."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from medtune.errors import InputError
from medtune.files import read_json
from medtune.metrics.estimate import VALUES, end_cells, end_columns, value_cells
from medtune.metrics.text.registry import estimate_of_counts
from medtune.studies.meerkat.runs import SPLITS, Run

TWIN_COLUMNS = (
    *("iteration", "split", "metric", "near_twins", "n", *VALUES),
    *("n_without", *end_columns("value_without")),
)


def read_near_twins(manifest: Path | str) -> dict[str, set[str]]:
    """By split the ids of the answers that have a near twin among the records for training and pool.

    Raises InputError for a manifest of an earlier version.
    """
    found = read_json(manifest)["leakage"].get("near_twins")
    if found is None:
        raise InputError(f"{manifest}: does not say which answers have near twins; prepare the data again")
    return {split: set(found[split]["ids"]) for split in SPLITS}


def twin_rows(runs: Sequence[Run], twins: Mapping[str, Collection[str]]) -> list[dict]:
    """near_twins.csv: every figure of every model over all questions, and without those whose answers have near twins;
    none for splits without any."""
    rows = []
    for run in runs:
        for split in (split for split in SPLITS if twins[split]):
            others = np.array([item["id"] not in twins[split] for item in run.of_split(split)], dtype=bool)
            for metric in run.metrics:
                kept = run.counts[split][metric][others & run.scored(split, metric)]
                all_of_them, without = run.estimate(split, metric), estimate_of_counts(metric, kept).as_dict()
                rows.append(
                    {
                        "iteration": run.iteration,
                        "split": split,
                        "metric": metric,
                        "near_twins": len(twins[split]),
                        "n": all_of_them["n"],
                        **value_cells(all_of_them),
                        "n_without": without["n"],
                        **end_cells("value_without", without),
                    }
                )
    return rows
