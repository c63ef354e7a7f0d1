"""The files that `extract` writes, one note after the other."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from medtune.data.report_sources import SkippedReport
from medtune.files import rounded
from medtune.reporting.annotated_page import Mark, MarkedText, write_annotated_page
from medtune.reporting.streamed import SKIPPED, streamed_files
from medtune.studies.maccrobat.analysis.confidence import CALIBRATED
from medtune.studies.maccrobat.analysis.readiness import AUTO, REVIEW, ReviewRule

TITLE = "Entities in notes"
ENTITY_COLUMNS = ("note", "label", "text", "start", "end", "confidence", "decision")
NOTE_COLUMNS = ("note", "entities", "for_review", "confidence", "decision")
SKIPPED_COLUMNS = ("note", "reason")


@dataclass(frozen=True)
class Outputs:
    """Where the files go. predictions: notes with their entities, as JSON. page: HTML. record: what they were made
    from, as JSON. The others are tables: entities, notes, and notes that could not be tagged."""

    predictions: Path
    entities: Path
    notes: Path
    skipped: Path
    page: Path
    record: Path


class Entity(NamedTuple):
    """As `methods.encoder.tagger.Entity`, which needs torch: characters, end exclusive; both confidences."""

    start: int
    end: int
    label: str
    confidence: float
    raw: float


@dataclass(frozen=True)
class Extraction:
    """One note and its entities. least_raw, least_calibrated: the least confidence of all its words."""

    id: str
    text: str
    entities: tuple[Entity, ...]
    least_raw: float
    least_calibrated: float


def sure_of(entity: Entity, rule: ReviewRule) -> float:
    """The confidence that decides."""
    return entity.confidence if rule.confidence == CALIBRATED else entity.raw


def note_confidence(note: Extraction, rule: ReviewRule) -> float:
    """The least of its entities; without any, that of all its words: of there being none."""
    rest = note.least_calibrated if rule.confidence == CALIBRATED else note.least_raw
    return min((sure_of(entity, rule) for entity in note.entities), default=rest)


def write_extractions(
    items: Iterable[Extraction | SkippedReport],
    outputs: Outputs,
    labels: Iterable[str],
    rule: ReviewRule,
    page_notes: int,
) -> dict[str, Any]:
    """Write all files but the record; no more than one note is held, besides those on the page.

    labels: all entity types. page_notes: most notes on the page. Returns counts, for the record: notes, those and the
    entities that go without review, entities by type, and what was skipped by reason.
    """
    by_label: Counter[str] = Counter()
    tables = {
        "entities": (outputs.entities, ENTITY_COLUMNS),
        "notes": (outputs.notes, NOTE_COLUMNS),
        SKIPPED: (outputs.skipped, SKIPPED_COLUMNS),
    }
    with streamed_files((outputs.predictions, "list"), tables, page_notes) as files:
        for item in items:
            if isinstance(item, SkippedReport):
                files.counts["notes_skipped"] += 1
                files.skip(item, note=item.id)
                continue
            sure = note_confidence(item, rule)
            decision = rule.of_document(sure)
            rows = [_row(item, entity, rule, decision) for entity in item.entities]
            for_review = sum(row["decision"] == REVIEW for row in rows)
            files.json.add({"id": item.id, "text": item.text, "decision": decision, "entities": rows})
            for row in rows:
                files.add_row("entities", note=item.id, **row)
            whole = {"confidence": rounded(sure), "decision": decision}
            files.add_row("notes", note=item.id, entities=len(rows), for_review=for_review, **whole)
            files.counts.update(notes=1, entities=len(rows), entities_accepted=len(rows) - for_review)
            files.counts["notes_accepted"] += decision == AUTO
            by_label.update(entity.label for entity in item.entities)
            files.show(lambda item=item, rows=rows: MarkedText(item.id, item.text, tuple(map(_mark, rows))))
        meanings = dict.fromkeys(sorted(labels), "found")
        write_annotated_page(outputs.page, TITLE, files.shown, meanings, by_label, files.counts["notes"], what="note")
    names = ("notes", "notes_skipped", "notes_accepted", "entities", "entities_accepted")
    return {
        **{name: files.counts[name] for name in names},
        "entities_by_type": dict(sorted(by_label.items())),
        "skipped": files.skipped_by_reason(),
    }


def _row(note: Extraction, entity: Entity, rule: ReviewRule, whole: str) -> dict[str, Any]:
    """With `ENTITY_COLUMNS`, but for the note. whole: the decision on the note."""
    sure = sure_of(entity, rule)
    return {
        "label": entity.label,
        "text": note.text[entity.start : entity.end],
        "start": entity.start,
        "end": entity.end,
        "confidence": rounded(sure),
        "decision": rule.of_entity(entity.label, sure, whole),
    }


def _mark(row: dict[str, Any]) -> Mark:
    note = f"confidence {row['confidence']:.3f}, {row['decision']}"
    return Mark(row["start"], row["end"], row["label"], note)
