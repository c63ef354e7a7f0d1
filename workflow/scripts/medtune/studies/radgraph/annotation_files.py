"""The files that `annotate` writes, one report after the other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.data.report_sources import SkippedReport
from medtune.reporting.annotated_page import Mark, MarkedText, write_annotated_page
from medtune.reporting.streamed import SKIPPED, streamed_files
from medtune.studies.radgraph.combine import CONFLICT_COLUMNS, annotated, combine_entities, conflict_row, layout_of
from medtune.studies.radgraph.found import Found
from medtune.studies.radgraph.thresholds import accepts

TITLE = "Annotated reports"
MEANINGS = {
    "ANAT-DP": "anatomy",
    "OBS-DP": "observation, present",
    "OBS-DA": "observation, absent",
    "OBS-U": "observation, uncertain",
}
ENTITY_COLUMNS = (
    "report",
    "label",
    "text",
    "start_char",
    "end_char",
    "start_token",
    "end_token",
    "confidence",
    "conflict",
)
REPORT_COLUMNS = ("report", "sentences", *MEANINGS, "conflicts", "skipped", "confidence", "accepted")
SKIPPED_COLUMNS = ("report", "label", "start_char", "end_char", "reason")


@dataclass(frozen=True)
class Outputs:
    """Where the files go. annotations: RadGraph's layout. page: HTML. record: what they were made from, as JSON.
    The others are tables: reports, entities, conflicts, and whatever could not be annotated."""

    annotations: Path
    reports: Path
    entities: Path
    conflicts: Path
    skipped: Path
    page: Path
    record: Path


@dataclass(frozen=True)
class Problem:
    """Something of an answer, or a whole report, that could not be used. start_char, end_char: of the answer's sentence
    in the report."""

    label: str | None
    start_char: int | None
    end_char: int | None
    reason: str


@dataclass(frozen=True)
class Annotation:
    """All that the adapters found in one report, not combined yet. confidence: the least of all answers."""

    id: str
    text: str
    sentences: int
    found: tuple[Found, ...]
    problems: tuple[Problem, ...]
    confidence: float


def write_annotations(
    items: Iterable[Annotation | SkippedReport],
    outputs: Outputs,
    labels: Sequence[str],
    page_reports: int,
    threshold: float | None = None,
) -> dict[str, Any]:
    """Write all files but the record; no more than one report is held, besides those on the page.

    labels: the entity types that were asked for. page_reports: most reports on the page. threshold: confidence from
    which a report goes without review; none means that all are for review.
    Returns counts, for the record: reports, those accepted without review, sentences, entities by label, conflicts,
    and what was skipped by reason.
    """
    by_label: Counter[str] = Counter()
    tables = {
        "reports": (outputs.reports, REPORT_COLUMNS),
        "entities": (outputs.entities, ENTITY_COLUMNS),
        "conflicts": (outputs.conflicts, CONFLICT_COLUMNS),
        SKIPPED: (outputs.skipped, SKIPPED_COLUMNS),
    }
    with streamed_files((outputs.annotations, "object"), tables, page_reports) as files:
        for item in items:
            if isinstance(item, SkippedReport):
                files.counts["reports_skipped"] += 1
                files.skip(Problem(None, None, None, item.reason), report=item.id)
                continue
            kept, conflicts = combine_entities(item.found)
            files.json.update(layout_of([annotated(item.id, item.text, kept, source=None, split=None)]))
            disputed = {conflict.kept for conflict in conflicts}
            for entity in kept:
                files.add_row("entities", entity, report=item.id, conflict=entity in disputed)
            for conflict in conflicts:
                files.add_row("conflicts", **conflict_row(item.id, conflict))
            for problem in item.problems:
                files.skip(problem, report=item.id)
            in_report = dict.fromkeys(MEANINGS, 0) | Counter(entity.label for entity in kept)
            accepted = accepts(threshold, item.confidence)
            numbers = {"conflicts": len(conflicts), "skipped": len(item.problems), "accepted": accepted}
            files.add_row("reports", item, report=item.id, **in_report, **numbers)
            by_label.update(in_report)
            files.counts.update(reports=1, accepted=int(accepted), sentences=item.sentences, conflicts=len(conflicts))
            files.show(lambda item=item, kept=kept: MarkedText(item.id, item.text, tuple(map(_mark, kept))))
        meanings = {label: MEANINGS[label] for label in labels}
        write_annotated_page(outputs.page, TITLE, files.shown, meanings, by_label, files.counts["reports"])
    return {
        **{name: files.counts[name] for name in ("reports", "reports_skipped", "accepted", "sentences")},
        "entities": {label: by_label[label] for label in labels},
        "conflicts": files.counts["conflicts"],
        "skipped": files.skipped_by_reason(),
    }


def _mark(entity: Found) -> Mark:
    note = "" if entity.confidence is None else f"confidence {entity.confidence:.3f}"
    return Mark(entity.start_char, entity.end_char, entity.label, note)
