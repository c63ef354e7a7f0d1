"""What the methods of one study left behind, read: its answers' counts and what they cost, by size and seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.files import read_json
from medtune.kinds.shown import Shown
from medtune.kinds.summary import MEASURED
from medtune.metrics.drawn import summed_by_unit
from medtune.metrics.estimate import Estimate
from medtune.metrics.over_seeds import LEAST_SEEDS, figure_over_seeds
from medtune.reporting.prose import listed
from medtune.reporting.tables import read_csv

DOCUMENTS_PER_COST = 1000
"""Documents whose answering is counted as a cost."""
PARSED = "ok"
"""Status of an answer in the expected form, in all kinds."""
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class UnitFiles:
    """What one method left behind at one size and seed. method: its name in the configuration. type: "rules", "prompt",
    "encoder", "adapter" or "trained". model: name of the base model; None for methods without one. size: number of
    training documents; None: all. seeded: whether the answers depend on the seed."""

    method: str
    type: str
    model: str | None
    size: int | None
    seed: int
    seeded: bool
    metrics: Path | str
    items: Path | str
    record: Path | str
    answering: Path | str


@dataclass(frozen=True)
class Unit:
    """The same, read. splits: of metrics.json. units, sums: by split what was drawn (documents, groups), and its
    additive counts, (units, k). means: of the test split by the names of `mean_figures`, (units, 2), sum of the values
    and number of documents."""

    files: UnitFiles
    splits: Mapping[str, Any]
    units: Mapping[str, Sequence[str]]
    sums: Mapping[str, np.ndarray]
    means: Mapping[str, np.ndarray]
    record: Mapping[str, Any]
    answering: Mapping[str, Any]

    @property
    def seconds_per_1000(self) -> float | None:
        """Of answering; None where it is not known, as of answers that were copied."""
        seconds = self.answering["seconds"]
        return None if seconds is None else DOCUMENTS_PER_COST * seconds / self.answering["documents"]

    @property
    def peak_memory_mb(self) -> float | None:
        """The larger of training and answering."""
        return max(found["peak_memory_mb"] or 0 for found in (self.record, self.answering)) or None


@dataclass(frozen=True)
class Entry:
    """One method at one size, with a unit for each seed."""

    units: Sequence[Unit]

    @property
    def files(self) -> UnitFiles:
        """Of the first seed."""
        return self.units[0].files

    @property
    def full(self) -> bool:
        """Whether it is trained on all documents."""
        return self.files.size is None

    @property
    def varies(self) -> bool:
        """Whether another seed would give other answers: by training or choice of examples, or by the subset."""
        return self.files.seeded or not self.full

    @property
    def least_seeds(self) -> int:
        """Seeds without which nothing is claimed of it."""
        return LEAST_SEEDS if self.varies else 1

    @property
    def title(self) -> str:
        """How texts call it."""
        return self.files.method if self.full else f"{self.files.method} ({self.files.size} documents)"

    @cached_property
    def sums(self) -> dict[str, np.ndarray]:
        """By split, (seeds, units, k)."""
        return {split: np.stack([unit.sums[split] for unit in self.units]) for split in SPLITS}

    @property
    def drawn(self) -> int:
        """Documents, or groups, of the test split."""
        return len(self.units[0].units["test"])

    @property
    def examples(self) -> int:
        """Training documents."""
        return self.units[0].record["examples"]

    def mean(self, value: Callable[[Unit], float]) -> float:
        """Of a value of each seed."""
        return float(np.mean([value(unit) for unit in self.units]))

    @property
    def train_seconds(self) -> float:
        """Mean over seeds."""
        return self.mean(lambda unit: unit.record["train_seconds"])

    @property
    def seconds_per_1000(self) -> float | None:
        """Of answering 1,000 documents; mean over the seeds of which they are known, None where they are of none."""
        known = [unit.seconds_per_1000 for unit in self.units if unit.seconds_per_1000 is not None]
        return float(np.mean(known)) if known else None

    @property
    def device(self) -> str | None:
        """What answered, of all seeds; None where it is not known."""
        known = {unit.answering["device"] for unit in self.units} - {None}
        return listed(sorted(known)) if known else None

    @property
    def cost(self) -> float:
        """Seconds of training once and answering 1,000 documents; infinite where they are not known."""
        return inf if self.seconds_per_1000 is None else self.train_seconds + self.seconds_per_1000


@dataclass(frozen=True)
class Methods:
    """All methods of a study. entries: by method and size, in the order of the configuration. kind: its module
    `figures`, see `medtune.kinds`."""

    entries: Sequence[Entry]
    kind: ModuleType

    @property
    def judged(self) -> Shown:
        """The figure by which methods are chosen and compared."""
        return next(shown for shown in self.kind.SHOWN if shown.key == self.kind.JUDGED)

    @property
    def full(self) -> list[Entry]:
        """Those trained on all documents, one for each method."""
        return [entry for entry in self.entries if entry.full]

    @property
    def best(self) -> Entry:
        """With the highest judged figure on validation, mean over seeds; ties go to the first in the configuration."""
        return max(self.full, key=lambda entry: self.figure(entry, "validation").value or 0.0)

    @property
    def cheapest(self) -> Entry:
        """With the fewest seconds of training and answering, as far as they are known; ties go to the first in the
        configuration."""
        return min(self.full, key=lambda entry: entry.cost)

    @property
    def unit(self) -> str:
        """What was drawn, in words (plural)."""
        return self.entries[0].units[0].splits["test"][self.kind.JUDGED]["unit"]

    def figure(self, entry: Entry, split: str = "test") -> Estimate:
        """The judged figure: mean over seeds, with an interval over documents and seeds together. With a single seed
        that of metrics.json. No value where the split holds nothing that it is measured on."""
        if len(entry.units) == 1:
            return Estimate(**entry.units[0].splits[split][self.kind.JUDGED])
        return figure_over_seeds(entry.sums[split], self.kind.ratio, self.unit)


def read_methods(files: Sequence[UnitFiles], kind: ModuleType) -> Methods:
    """Read the files of all methods. Raises InputError when one is missing or broken, for two units of one method, size
    and seed, for a method without a unit that is trained on all documents, when methods were not scored on the same
    items, and when the test split holds nothing that the judged figure is measured on."""
    by_entry: dict[tuple[str, int | None], list[UnitFiles]] = {}
    for one in files:
        members = by_entry.setdefault((one.method, one.size), [])
        if one.seed in [member.seed for member in members]:
            raise InputError(f'methods: two results of "{one.method}" at size {one.size or "all"}, seed {one.seed}')
        members.append(one)
    if not by_entry:
        raise InputError("methods: no method; expected at least one in `methods`")
    for method, _ in by_entry:
        if (method, None) not in by_entry:
            raise InputError(f'methods: "{method}" has no result of all training documents')
    methods = Methods([Entry([_read(one, kind) for one in members]) for members in by_entry.values()], kind)
    _check_sizes(methods)
    first = methods.entries[0].units[0]
    for unit in (unit for entry in methods.entries for unit in entry.units):
        if unit.units != first.units:
            raise InputError(f"{unit.files.items}: other items than those of {first.files.items}; score again")
    for split in SPLITS:
        if all(methods.figure(entry, split).value is None for entry in methods.entries):
            raise InputError(
                f"methods: the {split} split holds nothing that {methods.judged.name} is measured on; expected at "
                "least one annotated item"
            )
    return methods


def mean_figures(kind: ModuleType) -> tuple[str, ...]:
    """Names of the figures that stand beside the judged one and are means over documents: parse rate, and those that
    the kind has in items.csv."""
    return ("parse_rate", *(shown.key for shown in kind.SHOWN if shown.in_items))


def _read(files: UnitFiles, kind: ModuleType) -> Unit:
    rows = read_csv(files.items, kind.ITEM_COLUMNS)
    items = {split: [row for row in rows if row["split"] == split] for split in SPLITS}
    sums = {split: kind.sums(found) for split, found in items.items()}
    means = {
        name: [float(row["status"] == PARSED if name == "parse_rate" else row[name]) for row in items["test"]]
        for name in mean_figures(kind)
    }
    record, answering = _with_examples(read_json(files.record)), read_json(files.answering)
    _check(files.record, record, ("examples", *MEASURED))
    _check(files.answering, answering, ("seconds", "documents", "peak_memory_mb", "device"))
    if not answering["documents"]:
        raise InputError(f"{files.answering}: documents = {answering['documents']}; expected at least 1")
    return Unit(
        files,
        read_json(files.metrics)["splits"],
        {split: list(units) for split, (units, _) in sums.items()},
        {split: np.asarray(counts, dtype=float) for split, (_, counts) in sums.items()},
        {
            name: summed_by_unit(items["test"], np.column_stack([values, np.ones(len(values))]))[1]
            for name, values in means.items()
        },
        record,
        answering,
    )


def _check_sizes(methods: Methods) -> None:
    """Raises InputError when a method has two sizes with as many training documents."""
    seen: dict[tuple[str, int], Entry] = {}
    for entry in methods.entries:
        other = seen.setdefault((entry.files.method, entry.examples), entry)
        if other is not entry:
            raise InputError(
                f"{entry.units[0].files.record}: {entry.examples} training documents, as in "
                f"{other.units[0].files.record}; expected fewer at a smaller size"
            )


def _with_examples(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its training documents; that of an adapter counts rows, of which an example gives one."""
    if "examples" in record or "left_out_rows" not in record:
        return dict(record)
    return {"examples": record["rows"] + record["left_out_rows"], **record}


def _check(path: Path | str, content: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raises InputError unless all names are there."""
    missing = [name for name in names if name not in content]
    if missing:
        raise InputError(f"{path}: has no {listed(missing)}; expected the record of a method")
