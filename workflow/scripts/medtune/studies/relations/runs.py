"""The scored runs that a summary compares: the base model, `default`, and one for each switch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.files import read_json
from medtune.kinds.relations.counted import COUNTED
from medtune.reporting.tables import read_csv
from medtune.studies.relations.answers import GIVEN

BASE, DEFAULT = "base", "default"
PRACTISED, PRACTISED_TITLE = "practised", "base, practised form"
"""The base model asked in the form that it knows, by the name of its folder and as tables call it."""
SPLITS = ("validation", "test")
WORDS = {
    "training.epochs": "epochs",
    "training.max_steps": "most steps",
    "training.max_tokens": "most tokens of a training row",
    "training.lora.rank": "LoRA rank",
    "training.lora.alpha": "LoRA alpha",
    "training.learning_rate": "learning rate",
    "training.schedule": "learning-rate schedule",
    "training.warmup": "warm-up",
    "relation_weight": "loss weight of relation tokens",
    "without_relations": "share of training documents without relations",
    "mix": "real data mixed in",
    "two_steps": "entities and relations as two tasks",
    "constrained": "answers held to their form",
    "deduplicate": "repeated items left out",
    "drop_violations": "relations against the schema left out",
}
"""What settings are called; others are named by their keys."""


@dataclass(frozen=True)
class RunFiles:
    """What one run left behind. settings: the effective ones, nested. metrics: metrics.json. items: items.csv."""

    name: str
    settings: Mapping[str, Any]
    metrics: Path | str
    items: Path | str


@dataclass(frozen=True)
class Change:
    """A setting, by its key with dots, in which a run differs from `default`."""

    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{WORDS.get(self.key, self.key)}: {_shown(self.before)} → {_shown(self.after)}"


@dataclass(frozen=True)
class Run:
    """A run with its files read. name: as tables call it. changes: from `default`. splits: of metrics.json, by split.
    ids: of its documents, by split. counts: by split and by kind (see `COUNTED`), (documents, 3): tp, fp, fn.
    relations_between: "mentions" or "concepts"."""

    name: str
    settings: Mapping[str, Any]
    changes: tuple[Change, ...]
    splits: Mapping[str, Mapping[str, Any]]
    ids: Mapping[str, Sequence[str]]
    counts: Mapping[str, Mapping[str, np.ndarray]]
    relations_between: str
    seconds_per_document: float | None

    @property
    def what(self) -> str:
        """What it changes, in words."""
        return "; ".join(map(str, self.changes))

    @property
    def relations_given(self) -> np.ndarray:
        """Counts of relations for the test documents, in their order, when the gold entities are given."""
        place = {identifier: number for number, identifier in enumerate(self.ids[GIVEN])}
        return self.counts[GIVEN]["relation"][[place[identifier] for identifier in self.ids["test"]]]


@dataclass(frozen=True)
class Runs:
    """All runs of the study, scored on the same documents. switches: in the order of the configuration. again: by the
    name of a trained run, the same with further training seeds, in the order of these."""

    base: Run
    practised: Run
    default: Run
    switches: tuple[Run, ...]
    again: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Run]:
        return iter((self.base, self.practised, *self.trained))

    @property
    def trained(self) -> tuple[Run, ...]:
        """Those with an adapter, each with the first training seed."""
        return (self.default, *self.switches)

    def of_all_seeds(self, run: Run) -> tuple[Run, ...]:
        """A trained run with each training seed."""
        return (run, *self.again.get(run.name, ()))


@dataclass(frozen=True)
class Labels:
    """How the corpus's labels are read: as they are ("own"), or by the label map of this name. caption: what is to be
    said wherever figures are shown; empty for nothing."""

    name: str = "own"
    caption: str = ""

    def noted(self, text: str) -> str:
        """A text with the caption behind it."""
        return f"{text} {self.caption}".strip()

    def titled(self, text: str) -> str:
        """A title that names the labels where something is to be said of them."""
        return f"{text}; labels: {self.name}" if self.caption else text


def labels_of(manifest: Mapping[str, Any]) -> Labels:
    """How the labels of the documents are read, from a manifest; what is only mixed into training is not scored."""
    mapped = manifest["labels"].get("documents")
    return Labels(**mapped) if mapped else Labels()


def read_runs(files: Sequence[RunFiles]) -> Runs:
    """Read what the runs left behind.

    Raises InputError when a run without a switch is missing, a run is there twice, a split has no document, or runs
    were not scored on the same documents.
    """
    names = [given.name for given in files]
    if len(set(names)) != len(names) or not {BASE, PRACTISED, DEFAULT} <= set(names):
        raise InputError(
            f"summary: expected {BASE}, {PRACTISED}, {DEFAULT} and each switch once; found {', '.join(names)}"
        )
    settings = next(given.settings for given in files if given.name == DEFAULT)
    runs = {given.name: _read(given, settings) for given in files}
    reference = runs[DEFAULT].ids
    for split in (*SPLITS, GIVEN):
        if not reference.get(split):
            raise InputError(f"summary: no document of the split {split} was scored; expected at least one")
    if set(reference[GIVEN]) != set(reference["test"]):
        raise InputError(f"summary: the splits test and {GIVEN} hold different documents; prepare the data again")
    for run in runs.values():
        if run.ids != reference:
            raise InputError(f"summary: {run.name} and {DEFAULT} were scored on different documents; score again")
    first = settings.get("seed")
    trained = {name: run for name, run in runs.items() if name not in (BASE, PRACTISED)}
    firsts = {name: run for name, run in trained.items() if run.settings.get("seed") == first}
    again = {
        name: tuple(run for other, run in trained.items() if _again(other, run) == name and name != other)
        for name in firsts
    }
    return Runs(
        runs[BASE],
        runs[PRACTISED],
        runs[DEFAULT],
        tuple(run for name, run in firsts.items() if name != DEFAULT),
        {name: members for name, members in again.items() if members},
    )


def changes(settings: Mapping[str, Any], default: Mapping[str, Any]) -> tuple[Change, ...]:
    """The settings that differ, but for the training seed, in the order in which the default names them."""
    after, before = (dict(_flat({**given, "seed": None})) for given in (settings, default))
    return tuple(
        Change(key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    )


def _again(name: str, run: Run) -> str:
    """The name of the same run with the first seed."""
    return name.removesuffix(f"-seed{run.settings.get('seed')}")


def _read(files: RunFiles, default: Mapping[str, Any]) -> Run:
    metrics = read_json(files.metrics)
    rows = read_csv(files.items, ("id", "split", *(name for names in COUNTED.values() for name in names)))
    by_split = {split: [row for row in rows if row["split"] == split] for split in metrics["splits"]}
    return Run(
        name=PRACTISED_TITLE if files.name == PRACTISED else files.name,
        settings=files.settings,
        changes=() if files.name in (BASE, PRACTISED) else changes(files.settings, default),
        splits=metrics["splits"],
        ids={split: [row["id"] for row in members] for split, members in by_split.items()},
        counts={split: _counts(members, split) for split, members in by_split.items()},
        relations_between=metrics["relations_between"],
        seconds_per_document=metrics["seconds_per_document"],
    )


def _counts(rows: Sequence[Mapping[str, str]], split: str) -> dict[str, np.ndarray]:
    kinds = {kind: names for kind, names in COUNTED.items() if not (split == GIVEN and kind == "entity")}
    return {
        kind: np.array([[float(row[name]) for name in names] for row in rows]).reshape(-1, len(names))
        for kind, names in kinds.items()
    }


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
