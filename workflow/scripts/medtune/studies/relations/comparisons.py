"""Runs against `default` on the same documents, and which of them is chosen."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import ENDS, end_cells, end_columns
from medtune.metrics.over_seeds import LEAST_SEEDS, UNCLAIMED, difference_over_seeds
from medtune.metrics.significance import TESTED, Difference, paired_difference, tested_cells
from medtune.studies.relations.runs import DEFAULT, SPLITS, Run, Runs

COMPARISON_COLUMNS = (
    "run",
    "split",
    *end_columns("entity_f1", "relation_f1"),
    "relation_f1_gold_entities",
    "parse_rate",
    "repair_rate",
    "duplicates",
    "p_value_against_default",
    "n_documents",
    *(f"{name}{end}" for name in ("relation_f1_gold_entities", "parse_rate", "repair_rate") for end in ENDS if end),
    "p_holm_against_default",
)
"""The first are those of the study's document, in its order."""
SWITCH_COLUMNS = (
    "switch",
    "changes",
    "split",
    "n_documents",
    "n_seeds",
    *end_columns("entity_f1_difference", "relation_f1_difference"),
    *TESTED,
    "labels",
)
HELPED, HARMED, UNTOLD = "helped", "harmed", "no significant difference"
"""Without further training seeds a difference is one between two models, not one that a switch makes."""


def against_default(runs: Runs, run: Run, split: str, kind: str, seed: int) -> Difference:
    """Difference of micro F1 between a run and `default`: paired permutation over documents. kind: as in `COUNTED`."""
    return paired_difference(run.counts[split][kind], runs.default.counts[split][kind], f1_of_counts, seed)


def given_against_own(run: Run, seed: int) -> Difference:
    """What gold entities in place of a run's own change in its strict relation F1 on the test documents."""
    return paired_difference(run.relations_given, run.counts["test"]["relation"], f1_of_counts, seed)


def comparison_rows(runs: Runs, seed: int) -> list[dict]:
    """Rows of comparison.csv: each run on validation and test; then those with further training seeds.

    F1 is strict and micro. relation_f1_gold_entities: of the test documents, with their entities given. duplicates:
    repeated relations in what is scored. p_value_against_default: of the relation F1, without correction;
    p_holm_against_default: corrected over the runs of a split.
    """
    shown = [*runs, *(run for run in runs.trained for run in runs.again.get(run.name, ()))]
    compared = [run for run in shown if run.name != DEFAULT]
    tested: dict[tuple[str, str], dict] = {}
    for split in SPLITS:
        tests = [against_default(runs, run, split, "relation", seed) for run in compared]
        tested |= {(run.name, split): cells for run, cells in zip(compared, tested_cells(tests), strict=True)}
    return [_comparison_row(run, split, tested.get((run.name, split), {})) for run in shown for split in SPLITS]


def switch_rows(runs: Runs, seed: int) -> list[dict]:
    """Rows of switches.csv but for `labels`: each switch on validation and test, with p-values corrected over the
    switches of a split. With `LEAST_SEEDS` training seeds or more, means over these are compared, and seeds and
    documents both count as drawn; with fewer it is the runs of the first seed, and no verdict is given."""
    tests = {split: [over_seeds(runs, run, split, "relation", seed) for run in runs.switches] for split in SPLITS}
    cells = {split: tested_cells(of_split, (HELPED, HARMED, UNTOLD)) for split, of_split in tests.items()}
    rows = []
    for number, run in enumerate(runs.switches):
        seeds = _seeds(runs, run)
        for split in SPLITS:
            test = tests[split][number]
            rows.append(
                {
                    "switch": run.name,
                    "changes": run.what,
                    "split": split,
                    "n_documents": test.n,
                    "n_seeds": seeds,
                    **end_cells("entity_f1_difference", over_seeds(runs, run, split, "entity", seed)),
                    **end_cells("relation_f1_difference", test),
                    **cells[split][number],
                    **({"verdict": UNCLAIMED} if seeds < LEAST_SEEDS else {}),
                }
            )
    return rows


def over_seeds(runs: Runs, run: Run, split: str, kind: str, seed: int) -> Difference:
    """Difference of micro F1 between a switch and `default`: over training seeds where there are enough of them."""
    if _seeds(runs, run) < LEAST_SEEDS:
        return against_default(runs, run, split, kind, seed)
    counts = [np.stack([r.counts[split][kind] for r in runs.of_all_seeds(each)]) for each in (run, runs.default)]
    return difference_over_seeds(*counts, f1_of_counts)


def choose(runs: Runs) -> Run:
    """The trained run with the highest strict relation F1 on validation, the mean over its training seeds; of equals
    `default`, then the one that changes fewer settings, then the first."""
    return max(runs.trained, key=lambda run: (mean_validation_f1(runs, run), run is runs.default, -len(run.changes)))


def equals(runs: Runs, chosen: Run) -> Sequence[Run]:
    """Other trained runs with the chosen one's relation F1 on validation."""
    best = mean_validation_f1(runs, chosen)
    return [run for run in runs.trained if run is not chosen and mean_validation_f1(runs, run) == best]


def mean_validation_f1(runs: Runs, run: Run) -> float:
    """Mean over the training seeds of a trained run."""
    return fmean(map(validation_f1, runs.of_all_seeds(run)))


def validation_f1(run: Run) -> float:
    """Strict relation F1 on validation; 0 where there is nothing gold or predicted."""
    return run.splits["validation"]["relation_f1"]["value"] or 0.0


def _seeds(runs: Runs, run: Run) -> int:
    """How many training seeds both the run and `default` have."""
    return min(len(runs.of_all_seeds(each)) for each in (run, runs.default))


def _comparison_row(run: Run, split: str, tested: dict) -> dict:
    """tested: cells of the test against `default`; none for `default` itself."""
    found = run.splits[split]
    return {
        "run": run.name,
        "split": split,
        **end_cells("entity_f1", found["entity_f1"]),
        **end_cells("relation_f1", found["relation_f1"]),
        **end_cells("relation_f1_gold_entities", found["relation_f1_gold_entities"] if split == "test" else None),
        **end_cells("parse_rate", found["parse_rate"]),
        **end_cells("repair_rate", found["repair_rate"]),
        "duplicates": found["duplicates"],
        "p_value_against_default": tested.get("p_value"),
        "n_documents": found["n"],
        "p_holm_against_default": tested.get("p_holm"),
    }
