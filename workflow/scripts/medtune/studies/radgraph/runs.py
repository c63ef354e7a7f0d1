"""The scored models that a summary compares: by entity type the base model, asked in two forms, and its adapter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.data.span import Span
from medtune.errors import InputError
from medtune.files import read_json
from medtune.metrics.span_scores import SpanDocument
from medtune.studies.radgraph.found import Found
from medtune.studies.radgraph.reports import LABELS
from medtune.studies.radgraph.score import span_of

MODELS = ("base", "practised", "adapter")
"""The base model asked as the adapters are, the base model in its practised form, and the adapters."""

NAMES = {"base": "base model", "practised": "base model, practised form", "adapter": "adapter"}
"""How texts call them."""


@dataclass(frozen=True)
class RunFiles:
    """What one model left behind for one entity type. model: one of `MODELS`."""

    entity: str
    model: str
    metrics: Path | str
    results: Path | str


@dataclass(frozen=True)
class Outcome:
    """One report as one model answered it, from results.json. found: entities with a place, their labels as
    written. unplaced: labels of values without one. confidence: least of its sentences'."""

    id: str
    text: str
    gold: tuple[Span, ...]
    found: tuple[Found, ...]
    unplaced: tuple[str, ...]
    parsed: bool
    confidence: float

    @property
    def document(self) -> SpanDocument:
        """As span scores take it."""
        return SpanDocument(self.gold, [span_of(found) for found in self.found], (), self.unplaced)

    @property
    def right(self) -> bool:
        """Whether all gold spans are found and nothing else."""
        spans = sorted(span_of(found) for found in self.found)
        return self.parsed and not self.unplaced and spans == sorted(self.gold)


@dataclass(frozen=True)
class Run:
    """A model with its files read. splits: of metrics.json. outcomes: by split, in the order of the data."""

    entity: str
    model: str
    splits: dict
    outcomes: dict[str, list[Outcome]]

    @property
    def test(self) -> dict:
        """Figures of the test split."""
        return self.splits["test"]


def read_runs(files: Sequence[RunFiles]) -> dict[str, list[Run]]:
    """By model, its runs in the order of `LABELS`.

    Raises InputError when a run is missing or doubled, when metrics are of another entity type, or when the runs were
    not scored on the same reports.
    """
    read = {(given.model, given.entity): read_run(given) for given in files}
    expected = {(model, label) for model in MODELS for label in LABELS}
    if len(read) != len(files) or set(read) != expected:
        raise InputError(f"summary: expected {', '.join(MODELS)} of each of {', '.join(LABELS)}, once each")
    runs = {model: [read[model, label] for label in LABELS] for model in MODELS}
    reference = _reports(runs["base"][0])
    for split in ("validation", "test"):
        if not reference.get(split):
            raise InputError(f"summary: no report of the split {split} was scored; expected at least one")
    for run in (run for members in runs.values() for run in members):
        if _reports(run) != reference:
            raise InputError(
                f"summary: {run.model} and base were scored on different reports ({run.entity}); score again"
            )
    for base, *others in zip(*runs.values(), strict=True):
        for run in others:
            if any(_gold(base, split) != _gold(run, split) for split in reference):
                raise InputError(
                    f"summary: base and {run.model} of {base.entity} were scored on different data; score again"
                )
    return runs


def read_run(files: RunFiles) -> Run:
    """One of them. Raises InputError for metrics of another entity type."""
    metrics = read_json(files.metrics)
    if metrics["entity"] != files.entity:
        raise InputError(f"{files.metrics}: of entity type {metrics['entity']}; expected {files.entity}")
    outcomes: dict[str, list[Outcome]] = {split: [] for split in metrics["splits"]}
    for entry in read_json(files.results):
        outcomes[entry["split"]].append(_outcome(entry))
    return Run(files.entity, files.model, metrics["splits"], outcomes)


def _outcome(entry: dict) -> Outcome:
    return Outcome(
        id=entry["id"],
        text=entry["report"],
        gold=tuple(
            Span(item["start_position"], item["end_position"], item["entity_type"]) for item in entry["true_labels"]
        ),
        found=tuple(
            Found(
                item["entity_type"],
                item["start_position"],
                item["end_position"],
                item["entity_value"],
                item["start_token"],
                item["end_token"],
                item["confidence"],
            )
            for item in entry["model_output"]
        ),
        unplaced=tuple(item["entity_type"] for item in entry["ungroundable"]),
        parsed=entry["parsed"],
        confidence=entry["confidence"],
    )


def _reports(run: Run) -> dict[str, list[tuple[str, str]]]:
    return {split: [(outcome.id, outcome.text) for outcome in members] for split, members in run.outcomes.items()}


def _gold(run: Run, split: str) -> list[tuple[Span, ...]]:
    return [outcome.gold for outcome in run.outcomes[split]]


def by_entity(runs: Mapping[str, Sequence[Run]]) -> list[tuple[Run, ...]]:
    """The models of each entity type, in the order of `MODELS`. runs: of each model, by entity type."""
    return list(zip(*(runs[model] for model in MODELS), strict=True))
