"""The scored models of the study: the base model, and the model of each iteration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from medtune.errors import InputError
from medtune.files import read_json
from medtune.reporting.tables import read_csv
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.prepare import DatasetStats
from medtune.studies.run_files import answers_to, with_keys

SPLITS = ("evaluation", "holdout")
STEERING_SPLIT, FINAL_SPLIT = SPLITS
"""The one tells which specialties are low; the other is kept for the final comparison."""
GIVEN = "given"
"""In place of the number of an iteration: an adapter that was made elsewhere."""
PRACTISED = "practised"
"""In its place: the base model, asked in the form that it knows."""
ITEM_COLUMNS = ("id", "split", "specialty", "status")
METRICS_KEYS = ("metrics", "definitions", "splits")
RECORD_KEYS = (
    "base_model",
    "seed",
    "rows",
    "effective_batch",
    "per_device_batch",
    "accumulation",
    "processes",
    "settings",
    "versions",
)


@dataclass(frozen=True)
class RunFiles:
    """What one model left behind.

    iteration: 0 is the base model, `PRACTISED` the same in its practised form, `GIVEN` an adapter made elsewhere; all
    three have no record (training.json) and no stats (dataset_stats.json). predictions: only where answers are shown.
    """

    iteration: int | str
    metrics: Path | str
    items: Path | str
    counts: Path | str
    predictions: Path | str | None = None
    record: Path | str | None = None
    stats: Path | str | None = None


@dataclass(frozen=True)
class Run:
    """A model with its files read.

    metrics: names in the order of tables. definitions: by metric. splits: of metrics.json. items: rows of items.csv.
    counts: by split and metric, (n, k) in the order of the items. answers: by (split, id), rows of predictions.jsonl.
    record, stats: empty and None for the base model, in either form, and an adapter made elsewhere.
    """

    iteration: int | str
    metrics: tuple[str, ...]
    definitions: Mapping[str, str]
    splits: Mapping[str, Any]
    items: list[dict[str, str]]
    counts: Mapping[str, Mapping[str, np.ndarray]]
    answers: Mapping[tuple[str, str], dict]
    record: Mapping[str, Any]
    stats: DatasetStats | None

    @property
    def name(self) -> str:
        """How texts and plots call it."""
        if self.iteration == GIVEN:
            return "adapter made elsewhere"
        if self.iteration == PRACTISED:
            return "base, practised form"
        return f"iteration {self.iteration}" if self.iteration else "base model"

    @property
    def copied(self) -> bool:
        """Whether it is the model of the iteration before, since no training set grew."""
        return "copied_from" in self.record

    def of_split(self, split: str) -> list[dict[str, str]]:
        """Rows of items.csv of one split."""
        return [item for item in self.items if item["split"] == split]

    def specialties(self, split: str) -> list[str]:
        """Those that have items in a split, by name."""
        return sorted(self.splits[split]["specialties"])

    def estimate(self, split: str, metric: str, specialty: str = ALL) -> Mapping[str, Any]:
        """A figure as the dictionary of an `Estimate`."""
        found = self.splits[split]
        return found["overall"][metric] if specialty == ALL else found["specialties"][specialty]["metrics"][metric]

    def scored(self, split: str, metric: str) -> np.ndarray:
        """(n,) bool: which items of a split the metric is defined for."""
        return np.array([item[metric] != "" for item in self.of_split(split)], dtype=bool)

    def train_size(self, specialty: str = ALL) -> int | None:
        """Questions that it was trained on; 0 for the base model, None where it was made elsewhere."""
        if self.iteration == GIVEN:
            return None
        if self.stats is None:
            return 0
        return self.stats.total["train"] if specialty == ALL else self.stats.specialties[specialty].train


def read_run(files: RunFiles) -> Run:
    """Read the files of one model. Raises InputError naming the file that lacks something."""
    metrics = with_keys(files.metrics, METRICS_KEYS, "score again")
    names = tuple(metrics["metrics"])
    items = read_csv(files.items, (*ITEM_COLUMNS, *names))
    record = {} if files.record is None else with_keys(files.record, RECORD_KEYS, "train again")
    run = Run(
        files.iteration,
        names,
        metrics["definitions"],
        metrics["splits"],
        items,
        _counts(files.counts, names, items, metrics["splits"]),
        {} if files.predictions is None else answers_to(items, files.predictions, files.items),
        record,
        None if files.stats is None else _stats(files.stats),
    )
    for split in SPLITS:
        if split not in run.splits or not run.of_split(split):
            raise InputError(f"{files.items}: no item of the split {split} was scored; expected at least one")
    strangers = {item["specialty"] for item in items} - set(run.stats.specialties if run.stats else ())
    if run.stats and strangers:
        raise InputError(f'{files.stats}: has no specialty "{min(strangers)}", which {files.items} has; score again')
    return run


def last_trained(runs: Sequence[Run]) -> Run:
    """The last iteration with a training of its own. runs: the iterations, in their order."""
    return [run for run in runs if not run.copied][-1]


def check_same(base: Run, runs: Sequence[Run]) -> None:
    """Paired tests need the same items in the same order, scored by the same metrics, and a training each.

    Raises InputError where that does not hold, when there is no run, and when an iteration is there twice.
    """
    if not runs:
        raise InputError("meerkat: no trained model; expected at least one iteration")
    numbers = [run.iteration for run in runs]
    if base.iteration != 0 or 0 in numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"meerkat: iterations {numbers}; expected each once, from 1, beside the base model")
    for run in runs:
        if run.iteration not in (GIVEN, PRACTISED) and (run.stats is None or not run.record):
            raise InputError(f"meerkat: {run.name} lacks training.json or dataset_stats.json")
        if _identity(run) != _identity(base):
            raise InputError(f"meerkat: {run.name} and the base model were scored on different items; score again")
        if run.metrics != base.metrics or run.definitions != base.definitions:
            differing = [
                name
                for name in dict.fromkeys((*base.metrics, *run.metrics))
                if run.definitions.get(name) != base.definitions.get(name)
            ]
            raise InputError(
                f"meerkat: {run.name} and the base model were scored by different metrics"
                f" ({', '.join(differing) or 'in another order'}); score again"
            )


def check_metric(run: Run, metric: str) -> None:
    """Raise InputError unless the metric was scored."""
    if metric not in run.metrics:
        raise InputError(f'meerkat: the metric "{metric}" was not scored; expected one of {", ".join(run.metrics)}')


def _counts(
    path: Path | str, metrics: Sequence[str], items: Sequence[Mapping[str, str]], splits: Mapping[str, Any]
) -> dict[str, dict[str, np.ndarray]]:
    content = read_json(path)
    counts: dict[str, dict[str, np.ndarray]] = {}
    for split in splits:
        n = sum(item["split"] == split for item in items)
        counts[split] = {}
        for metric in metrics:
            rows = content.get(split, {}).get(metric, [])
            if len(rows) != n or len({len(row) for row in rows}) > 1:
                raise InputError(f"{path}: not one row of counts for each item of {metric} ({split}); score again")
            counts[split][metric] = np.array(rows, dtype=float)
    return counts


def _stats(path: Path | str) -> DatasetStats:
    try:
        return DatasetStats.model_validate(read_json(path))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise InputError(f"{path}: {where}: {fault['msg']}; prepare the data again") from error


def _identity(run: Run) -> list[tuple[str, str, str]]:
    return [(item["split"], item["id"], item["specialty"]) for item in run.items]
