"""The runs of one study of the user's own beside the base model: tables, the choice, and what may be claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.files import read_json
from medtune.kinds.shown import Shown
from medtune.metrics.estimate import Range, end_cells, end_columns
from medtune.metrics.intervals import of_statistic
from medtune.metrics.over_seeds import LEAST_SEEDS, UNCLAIMED, difference_over_seeds
from medtune.metrics.settling import documents_by_interval
from medtune.metrics.significance import TESTED, paired_difference, tested_cells, untested_cells
from medtune.reporting.tables import read_csv

BASE = "base"
MEASURED = ("trainable_parameters", "train_seconds", "peak_memory_mb")
ONE_UNIT = "nothing claimed: the test split is a single unit"


@dataclass(frozen=True)
class RunFiles:
    """What one model left behind. run: the name in the configuration, or `BASE`. seed and record (training.json) are
    None for the base model. guard: what the adapter forgot (guard.json), where it was measured."""

    run: str
    seed: int | None
    metrics: Path | str
    items: Path | str
    record: Path | str | None = None
    guard: Path | str | None = None


@dataclass(frozen=True)
class Run:
    """A model with its files read. splits: of metrics.json. units, sums: of the test split, what is drawn (documents,
    groups) and its additive counts, (units, k)."""

    name: str
    seed: int | None
    splits: Mapping[str, Any]
    units: Sequence[str]
    sums: np.ndarray
    record: Mapping[str, Any]

    @property
    def title(self) -> str:
        """How texts call it."""
        return self.name if self.seed is None else f"{self.name} (seed {self.seed})"


@dataclass(frozen=True)
class Runs:
    """All models of a study. kind: its module `figures`, see `medtune.kinds`."""

    base: Run
    trained: Sequence[Run]
    kind: ModuleType

    @property
    def judged(self) -> Shown:
        """The figure by which a run is chosen and compared."""
        return next(shown for shown in self.kind.SHOWN if shown.key == self.kind.JUDGED)

    @property
    def chosen(self) -> Run:
        """The trained run with the highest judged figure on validation; ties go to the first in the configuration."""
        return max(self.trained, key=lambda run: _value(run, "validation", self.kind.JUDGED))


def read_runs(files: Sequence[RunFiles], kind: ModuleType) -> Runs:
    """Read the files of all models. Raises InputError when one is missing or broken, when there is no trained run, when
    models were not scored on the same items, or when a split holds nothing that the judged figure is measured on."""
    runs = [_read(one, kind) for one in files]
    base = next(run for run in runs if run.name == BASE)
    trained = [run for run in runs if run is not base]
    if not trained:
        raise InputError("summary: no trained run; expected at least one in `runs`")
    for run in trained:
        if list(run.units) != list(base.units):
            raise InputError(f"summary: {run.title} and the base model were scored on different items; score again")
    found = Runs(base, trained, kind)
    for split in ("validation", "test"):
        if all(run.splits[split][kind.JUDGED]["value"] is None for run in runs):
            raise InputError(
                f"summary: the {split} split holds nothing that {found.judged.name} is measured on; expected at least "
                "one annotated item"
            )
    return found


def run_columns(kind: ModuleType) -> tuple[str, ...]:
    """Columns of the table of runs."""
    figures = end_columns(f"validation_{kind.JUDGED}", *(shown.key for shown in kind.SHOWN))
    return ("run", "seed", "n", "unit", *figures, *MEASURED, "chosen")


def run_rows(runs: Runs) -> list[dict]:
    """A row for the base model and one for each run; figures are of the test split, but for validation_…"""
    judged = runs.kind.JUDGED
    return [
        {
            "run": run.name,
            "seed": run.seed,
            "n": run.splits["test"][judged]["n"],
            "unit": run.splits["test"][judged]["unit"],
            **end_cells(f"validation_{judged}", run.splits["validation"][judged]),
            **{key: cell for shown in runs.kind.SHOWN for key, cell in _test_cells(run, shown).items()},
            **{name: run.record.get(name) for name in MEASURED},
            "chosen": run is runs.chosen,
        }
        for run in (runs.base, *runs.trained)
    ]


COMPARISON_COLUMNS = ("family", "run", "seed", "reference", "figure", "n", *end_columns("difference"), *TESTED)


def comparison_rows(runs: Runs, seed: int) -> list[dict]:
    """Each run against the base model, and each other run against the chosen one, on the same test items.

    Paired permutation (`paired_difference`), Holm-corrected within each of the two families.
    """
    chosen = runs.chosen
    others = [run for run in runs.trained if run is not chosen]
    return [*_family(runs, "base", runs.trained, runs.base, seed), *_family(runs, "chosen", others, chosen, seed)]


SEED_COLUMNS = ("run", "seeds", *end_columns("pooled"), "seed_sd", "reference", *end_columns("difference"), *TESTED)


def seed_rows(runs: Runs) -> list[dict]:
    """The judged figure of each run over its training seeds, and what may be claimed of it as a method against the
    chosen run: a difference over seeds and items together, Holm-corrected, with `LEAST_SEEDS` seeds or more.

    pooled: of all its seeds' answers together; its interval is over what was drawn, with the seeds as they are.
    seed_sd: standard deviation between training seeds on the same items. The two are not added up.
    """
    by_name: dict[str, list[Run]] = {}
    for run in runs.trained:
        by_name.setdefault(run.name, []).append(run)
    reference = runs.chosen.name
    counts = {name: np.stack([run.sums for run in members]) for name, members in by_name.items()}
    tests = {
        name: difference_over_seeds(counts[name], counts[reference], runs.kind.ratio)
        for name in by_name
        if name != reference
        and min(len(counts[name]), len(counts[reference])) >= LEAST_SEEDS
        and len(runs.base.units) > 1
    }
    tested = dict(zip(tests, tested_cells(list(tests.values())), strict=True))
    unclaimed = UNCLAIMED if len(runs.base.units) > 1 else ONE_UNIT
    rows = []
    for name, members in by_name.items():
        values = [_value(run, "test", runs.kind.JUDGED) for run in members]
        rows.append(
            {
                "run": name,
                "seeds": len(members),
                **end_cells("pooled", of_statistic(counts[name].sum(axis=0), runs.kind.ratio)),
                "seed_sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
                "reference": reference,
                **end_cells("difference", tests.get(name)),
                **(tested.get(name) or untested_cells("reference" if name == reference else unclaimed)),
            }
        )
    return rows


def items_to_settle(row: Mapping[str, Any]) -> int | None:
    """Number of items at which a difference as large as that of a row of comparisons would be told from none with a
    power of 80 %, by the normal approximation with the interval's standard error; None where there is no difference."""
    if row["difference"] is None:
        return None
    difference = Range(*(row[name] for name in end_columns("difference")))
    return documents_by_interval(difference, row["n"]).value


def _read(files: RunFiles, kind: ModuleType) -> Run:
    items = [row for row in read_csv(files.items, kind.ITEM_COLUMNS) if row["split"] == "test"]
    units, sums = kind.sums(items)
    record = {} if files.record is None else read_json(files.record)
    return Run(files.run, files.seed, read_json(files.metrics)["splits"], units, np.asarray(sums, dtype=float), record)


def _value(run: Run, split: str, key: str) -> float:
    """0 where there is nothing gold or predicted, so that F1 has no value."""
    return run.splits[split][key]["value"] or 0.0


def _test_cells(run: Run, shown: Shown) -> dict[str, float | None]:
    return end_cells(shown.key, run.splits["test"].get(shown.key))


def _family(runs: Runs, family: str, members: Sequence[Run], reference: Run, seed: int) -> list[dict]:
    tests = [paired_difference(run.sums, reference.sums, runs.kind.ratio, seed) for run in members]
    return [
        {
            "family": family,
            "run": run.name,
            "seed": run.seed,
            "reference": reference.title,
            "figure": runs.kind.JUDGED,
            "n": test.n,
            **end_cells("difference", test),
            **tested,
        }
        for run, test, tested in zip(members, tests, tested_cells(tests), strict=True)
    ]
