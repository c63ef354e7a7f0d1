"""Entities that the models of all entity types find together, in the form of their kind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medtune.inert import inert
from medtune.kinds.spans.task import SpanTask
from medtune.methods.taken import Taken, listed
from medtune.studies.radgraph.combined import Combined, combine_outcomes
from medtune.studies.radgraph.reports import LABELS, read_radgraph
from medtune.studies.radgraph.runs import RunFiles, read_run

NOT_THERE = "(value that its sentence does not hold)"
"""In place of a value without a place, which a whole report might hold elsewhere: it stays a false positive."""
BROKEN = "not_json"
"""Status of the answer on a report where one of its sentences has none that parses."""


def plain_answers(task: SpanTask, files: Mapping[str, Sequence[Path]]) -> Iterator[Taken]:
    """What the models find in each report, combined as the study combines it, of the types that the task has. files: as
    `RadGraphJobs.taken` names them, metrics and results in the order of `LABELS`."""
    each = zip(LABELS, files["metrics"], files["results"], strict=True)
    runs = [read_run(RunFiles(entity, "taken", metrics, results)) for entity, metrics, results in each]
    for split in runs[0].outcomes:
        for report in combine_outcomes(runs, split):
            yield _taken(task, split, report)


def training_documents(files: Mapping[str, Sequence[Path]]) -> int:
    """Reports that the adapters are trained on."""
    return len(read_radgraph(files["train"][0]).reports)


def _taken(task: SpanTask, split: str, report: Combined) -> Taken:
    text = inert(report.annotation.text)
    entities = sorted(
        (found for found in report.entities if found.label in task.types.names),
        key=lambda found: (found.start_char, found.end_char),
    )
    items = [{"type": found.label, "text": text[found.start_char : found.end_char]} for found in entities]
    items += [{"type": label, "text": NOT_THERE} for label in report.unplaced if label in task.types.names]
    parts = [found.confidence for found in entities] + [None] * (len(items) - len(entities)) + [report.confidence]
    status = None if report.parsed else BROKEN
    return Taken(split, report.id, listed(entities=items), status, report.confidence, part_confidences=parts)
