"""All methods of one study of the user's own beside each other: figure, differences, and what each costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from scipy.stats import t

from medtune.errors import InputError
from medtune.files import read_json
from medtune.kinds.summary import MEASURED, ONE_UNIT, Shown
from medtune.metrics.drawn import ratio, summed_by_unit
from medtune.metrics.estimate import Estimate, end_cells, end_columns
from medtune.metrics.learning_curve import LearningCurve, Sized, fault_of, learning_curve
from medtune.metrics.over_seeds import (
    LEAST_SEEDS,
    UNCLAIMED,
    difference_over_seeds,
    figure_over_seeds,
)
from medtune.metrics.settling import Settling, documents_of_methods, documents_to_settle
from medtune.metrics.significance import TESTED, Difference, paired_difference, tested_cells, untested_cells
from medtune.reporting.prose import listed
from medtune.reporting.tables import read_csv

DOCUMENTS_PER_COST = 1000
"""Documents whose answering is counted as a cost."""
SMALLER = "not tested: fewer training documents"
REFERENCE = "reference"
TIE = "tie"
PARSED = "ok"
"""Status of an answer in the expected form, in all kinds."""
PARETO = ("pareto_inference", "pareto_training")
"""Columns: whether no other method at full size has at least this figure for at most these seconds."""
SPLITS = ("validation", "test")
REFERENCES = ("best", "cheapest")
"""What every method is compared with."""
SETTLE = ("settle", "settle_least", "settle_most")
"""Columns of `Settling`: of a tie, the documents that would settle it, and an 80 % interval."""


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


def method_columns(kind: ModuleType) -> tuple[str, ...]:
    """Columns of the table of methods."""
    figures = (*end_columns(f"validation_{kind.JUDGED}", kind.JUDGED), "interval_over", "n", "unit")
    compared = [
        name
        for reference in REFERENCES
        for name in _prefixed(reference, dict.fromkeys((*end_columns("difference"), *TESTED, *SETTLE)))
    ]
    costs = (*end_columns(*mean_figures(kind)), *MEASURED[:2], "seconds_per_1000", *MEASURED[2:], "device")
    rows = ("method", "type", "model", "size", "documents", "seeds")
    return (*rows, *figures, *compared, *costs, *PARETO, "chosen", "cheapest")


def method_rows(methods: Methods, seed: int) -> list[dict]:
    """A row for each method and size; figures are of the test split, but for validation_…, on which the best is chosen.

    best_…, cheapest_…: the difference to that method at full size on the same items, with a 95 % interval. It is tested
    for methods at full size, Holm-corrected within each of the two families; of a method with fewer than three seeds
    nothing is claimed. seed: of the paired tests.
    """
    judged, best, cheapest = methods.kind.JUDGED, methods.best, methods.cheapest
    compared = {
        name: _compared(methods, reference, seed) for name, reference in zip(REFERENCES, (best, cheapest), strict=True)
    }
    optimal = pareto_optimal(methods)
    return [
        {
            "method": entry.files.method,
            "type": entry.files.type,
            "model": entry.files.model,
            "size": "all" if entry.full else entry.files.size,
            "documents": entry.examples,
            "seeds": len(entry.units),
            **end_cells(f"validation_{judged}", methods.figure(entry, "validation")),
            **end_cells(judged, methods.figure(entry)),
            "interval_over": f"{methods.unit} and seeds" if len(entry.units) > 1 else methods.unit,
            "n": entry.drawn,
            "unit": methods.unit,
            **{key: cell for name in REFERENCES for key, cell in _prefixed(name, compared[name][place]).items()},
            **{
                key: cell
                for name in mean_figures(methods.kind)
                for key, cell in end_cells(
                    name, figure_over_seeds(np.stack([unit.means[name] for unit in entry.units]), ratio, methods.unit)
                ).items()
            },
            "trainable_parameters": entry.units[0].record["trainable_parameters"],
            "train_seconds": entry.train_seconds,
            "seconds_per_1000": entry.seconds_per_1000,
            "peak_memory_mb": max(unit.peak_memory_mb or 0 for unit in entry.units) or None,
            "device": entry.device,
            **{name: optimal[name][place] for name in PARETO},
            "chosen": entry is best,
            "cheapest": entry is cheapest,
        }
        for place, entry in enumerate(methods.entries)
    ]


@dataclass(frozen=True)
class Series:
    """One method at all its sizes, from the smallest on. curve: None where none is fitted, for the reason `fault`."""

    entries: Sequence[Entry]
    curve: LearningCurve | None
    fault: str | None

    @property
    def method(self) -> str:
        """Its name."""
        return self.entries[0].files.method

    @property
    def sizes(self) -> list[int]:
        """Numbers of training documents: those measured and, where a curve is fitted, the one looked ahead to."""
        return [*(entry.examples for entry in self.entries), *([self.curve.next] if self.curve else [])]


def series_of(methods: Methods, seed: int) -> list[Series]:
    """The learning curve of each method. seed: of the draws of curves."""
    found = []
    for method in dict.fromkeys(entry.files.method for entry in methods.entries):
        entries = sorted((one for one in methods.entries if one.files.method == method), key=lambda one: one.examples)
        fault = fault_of({entry.examples: len(entry.units) for entry in entries})
        if fault is None and entries[0].drawn < 2:
            fault = "not fitted: the test split is a single unit"
        points = [Sized(entry.examples, entry.sums["test"]) for entry in entries]
        found.append(Series(entries, None if fault else learning_curve(points, methods.kind.ratio, seed), fault))
    return found


def curve_columns(kind: ModuleType) -> tuple[str, ...]:
    """Columns of the table of learning curves."""
    return ("method", "documents", "seeds", "n", "unit", *end_columns(kind.JUDGED, "fitted"))


def curve_rows(methods: Methods, series: Sequence[Series]) -> list[dict]:
    """The judged figure on the test split by method and number of training documents, with a 95 % interval, and as
    fitted, with an 80 % interval; last, without a figure, the number looked ahead to."""
    rows = []
    for one in series:
        by_size = {entry.examples: entry for entry in one.entries}
        for documents in one.sizes:
            entry = by_size.get(documents)
            rows.append(
                {
                    "method": one.method,
                    "documents": documents,
                    "seeds": entry and len(entry.units),
                    "n": one.entries[0].drawn,
                    "unit": methods.unit,
                    **end_cells(methods.kind.JUDGED, entry and methods.figure(entry)),
                    **end_cells("fitted", one.curve and one.curve.figure(documents)),
                }
            )
    return rows


OUTLOOK_COLUMNS = (
    *("method", "documents", "next_documents", "sizes"),
    *end_columns("exponent", "remaining_error", "expected", "gain"),
    "told",
)


def outlook_rows(series: Sequence[Series]) -> list[dict]:
    """For each method the fitted curve, error = a · documents^-exponent + remaining_error, the figure expected with
    twice the documents, the gain, each with an 80 % interval, and whether they are expected to help."""
    return [
        {
            "method": one.method,
            "documents": one.entries[-1].examples,
            "next_documents": one.curve and one.curve.next,
            "sizes": len(one.entries),
            **end_cells("exponent", one.curve and one.curve.rate),
            **end_cells("remaining_error", one.curve and one.curve.remaining),
            **end_cells("expected", one.curve and one.curve.figure(one.curve.next)),
            **end_cells("gain", one.curve and one.curve.gain),
            "told": one.curve.told if one.curve else one.fault,
        }
        for one in series
    ]


def pareto_optimal(methods: Methods) -> dict[str, list[bool | None]]:
    """Of each entry by the columns `PARETO`: whether no other one has at least its figure on the test split for at most
    its seconds, one of the two being better. None below full size, and where its seconds are not known."""
    figures = [methods.figure(entry).value or 0.0 for entry in methods.entries]
    costs = ([entry.seconds_per_1000 for entry in methods.entries], [entry.train_seconds for entry in methods.entries])
    full = [place for place, entry in enumerate(methods.entries) if entry.full]

    def known(cost: Sequence[float | None]) -> list[int]:
        return [place for place in full if cost[place] is not None]

    def beaten(place: int, cost: Sequence[float | None]) -> bool:
        return any(
            figures[other] >= figures[place]
            and cost[other] <= cost[place]
            and (figures[other], cost[other]) != (figures[place], cost[place])
            for other in known(cost)
        )

    return {
        name: [not beaten(place, cost) if place in known(cost) else None for place in range(len(figures))]
        for name, cost in zip(PARETO, costs, strict=True)
    }


def _compared(methods: Methods, reference: Entry, seed: int) -> list[dict]:
    """The cells of each entry's difference to a reference."""
    differences = [
        None if entry is reference else _difference(methods, entry, reference, seed) for entry in methods.entries
    ]
    unclaimed = [_unclaimed(entry, reference) for entry in methods.entries]
    claimed = [one for one, said in zip(differences, unclaimed, strict=True) if said is None]
    tested = iter(tested_cells(claimed))
    rows = []
    for entry, difference, said in zip(methods.entries, differences, unclaimed, strict=True):
        cells = next(tested) if said is None else untested_cells(said)
        settling = Settling(None, None, None)
        if cells["verdict"] == TIE:
            settling = _settling(methods, entry, reference, difference)
        rows.append(
            {
                **end_cells("difference", difference),
                **cells,
                **dict(zip(SETTLE, (settling.value, settling.low, settling.high), strict=True)),
            }
        )
    return rows


def _unclaimed(entry: Entry, reference: Entry) -> str | None:
    """Why no difference is claimed; None where one is tested."""
    if entry is reference:
        return REFERENCE
    if not entry.full:
        return SMALLER
    if entry.drawn < 2:
        return ONE_UNIT
    if any(len(side.units) < side.least_seeds for side in (entry, reference)):
        return UNCLAIMED
    return None


def _difference(methods: Methods, entry: Entry, reference: Entry, seed: int) -> Difference:
    """On the same items: of two single models by paired permutation, else over seeds and documents together."""
    sides, ratio_of = (entry, reference), methods.kind.ratio
    if all(len(side.units) == 1 for side in sides) or entry.drawn < 2:
        return paired_difference(*(side.sums["test"].mean(axis=0) for side in sides), ratio_of, seed)
    return difference_over_seeds(*(side.sums["test"] for side in sides), ratio_of, least=(1, 1))


def _settling(methods: Methods, entry: Entry, reference: Entry, difference: Difference) -> Settling:
    """Documents that would settle a tie. Where the jackknife finds nothing that varies, by the interval's width."""
    sides = (entry.sums["test"], reference.sums["test"])
    settling = documents_of_methods(*sides, methods.kind.ratio)
    if settling is not None:
        return settling
    error = (difference.high - difference.low) / 2 / float(t.ppf(0.975, entry.drawn - 1))
    return documents_to_settle(difference.value, error**2, 0.0, entry.drawn)


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


def _prefixed(name: str, cells: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}_{key}": cell for key, cell in cells.items()}
