"""The scored models that a summary compares: the base model, and one run per rank and seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtune.errors import InputError
from medtune.files import read_json
from medtune.reporting.tables import read_csv
from medtune.studies.run_files import answers_to, with_keys
from medtune.studies.yesno.score import ITEM_COLUMNS

PRACTISED = "base, practised form"
RECORD_KEYS = ("trainable_parameters", "train_seconds", "peak_memory_mb", "history")


@dataclass(frozen=True)
class RunFiles:
    """What one model left behind. rank, seed and record (training.json) are None for the base model.
    practised: the base model was asked in the form that it knows."""

    metrics: Path | str
    items: Path | str
    predictions: Path | str
    record: Path | str | None = None
    rank: int | None = None
    seed: int | None = None
    practised: bool = False


@dataclass(frozen=True)
class Run:
    """A model with its files read. splits: of metrics.json. items: rows of items.csv.
    predictions: by (split, id). record: training.json, empty for the base model."""

    rank: int | None
    seed: int | None
    splits: dict
    items: list[dict[str, str]]
    predictions: dict[tuple[str, str], dict]
    record: dict
    practised: bool = False

    def of_split(self, split: str) -> list[dict[str, str]]:
        """Rows of items.csv of one split."""
        return [item for item in self.items if item["split"] == split]

    def correct(self, split: str) -> np.ndarray:
        """(n,) bool: which items of a split were answered right."""
        return np.array([item["correct"] == "True" for item in self.of_split(split)], dtype=bool)

    @property
    def name(self) -> str:
        """What texts and plots call it, without its seed."""
        if self.rank is None:
            return PRACTISED if self.practised else "base"
        return f"rank {self.rank}"

    @property
    def title(self) -> str:
        """The same with its seed."""
        return self.name if self.seed is None else f"{self.name} (seed {self.seed})"

    @property
    def key(self) -> dict[str, int | str | None]:
        """What tells it from others in tables; of the base model what it is called."""
        return {"rank": self.name if self.rank is None else self.rank, "seed": self.seed}

    @property
    def validation_accuracy(self) -> float:
        """The figure that the choice is made on."""
        return self.splits["validation"]["accuracy"]["value"]


def read_run(files: RunFiles) -> Run:
    """Read the files of one model. Raises InputError naming the file that lacks something."""
    items = read_csv(files.items, ITEM_COLUMNS)
    predictions = answers_to(items, files.predictions, files.items)
    record = {} if files.record is None else with_keys(files.record, RECORD_KEYS, "train again")
    return Run(files.rank, files.seed, read_json(files.metrics)["splits"], items, predictions, record, files.practised)


def check_same_items(base: Run, runs: Sequence[Run]) -> None:
    """Paired tests need the same items in the same order, and a choice needs validation items.

    Raises InputError where that does not hold, or when there is no run.
    """
    if not runs:
        raise InputError("summary: no trained run; expected at least one rank")
    for split in ("validation", "test"):
        if not base.of_split(split):
            raise InputError(f"summary: no item of the split {split} was scored; expected at least one")
    for run in runs:
        if _identity(run) != _identity(base):
            raise InputError(f"summary: {run.title} and the base model were scored on different items; score again")


def choose(runs: Sequence[Run]) -> Run:
    """The run with the highest validation accuracy; ties go to the smaller rank, then to the smaller seed."""
    return min(runs, key=lambda run: (-run.validation_accuracy, *by_size(run)))


def by_size(run: Run) -> tuple[int, int]:
    """Sorting key of trained runs: rank, then seed."""
    return run.rank, run.seed


def _identity(run: Run) -> list[tuple[str, str, str]]:
    return [(item["split"], item["id"], item["gold"]) for item in run.items]
