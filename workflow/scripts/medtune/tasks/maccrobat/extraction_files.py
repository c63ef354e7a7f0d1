"""The files that `extract` writes, one note after the other."""

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from medtune.analysis.confidence import CALIBRATED
from medtune.analysis.readiness import AUTO, REVIEW, ReviewRule
from medtune.data.report_sources import SkippedReport
from medtune.reporting.annotated_page import Mark, MarkedText, write_annotated_page
from medtune.reporting.streamed import JsonParts, opened, opened_table
from medtune.reporting.tables import csv_line
from medtune.tasks.generation import rounded

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
    """As `inference.tagger.Entity`, which needs torch: characters, end exclusive; calibrated and raw confidence."""

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
    counts: Counter[str] = Counter()
    by_label: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    shown: list[MarkedText] = []
    with contextlib.ExitStack() as stack:
        predictions = JsonParts(opened(outputs.predictions, stack), "list")
        entity_table = opened_table(outputs.entities, ENTITY_COLUMNS, stack)
        note_table = opened_table(outputs.notes, NOTE_COLUMNS, stack)
        skipped_table = opened_table(outputs.skipped, SKIPPED_COLUMNS, stack)
        for item in items:
            if isinstance(item, SkippedReport):
                counts["notes_skipped"] += 1
                skipped[item.reason] += 1
                skipped_table.write(csv_line((item.id, item.reason)))
                continue
            sure = note_confidence(item, rule)
            decision, confidence = rule.of_document(sure), rounded(sure)
            rows = [_row(item, entity, rule, decision) for entity in item.entities]
            for_review = sum(row["decision"] == REVIEW for row in rows)
            predictions.add({"id": item.id, "text": item.text, "decision": decision, "entities": rows})
            entity_table.writelines(csv_line((item.id, *row.values())) for row in rows)
            note_table.write(csv_line((item.id, len(rows), for_review, confidence, decision)))
            counts.update(notes=1, entities=len(rows), entities_accepted=len(rows) - for_review)
            counts["notes_accepted"] += decision == AUTO
            by_label.update(entity.label for entity in item.entities)
            if len(shown) < page_notes:
                shown.append(MarkedText(item.id, item.text, tuple(map(_mark, rows))))
        predictions.close()
        meanings = dict.fromkeys(sorted(labels), "found")
        write_annotated_page(outputs.page, TITLE, shown, meanings, by_label, counts["notes"], what="note")
    names = ("notes", "notes_skipped", "notes_accepted", "entities", "entities_accepted")
    return {
        **{name: counts[name] for name in names},
        "entities_by_type": dict(sorted(by_label.items())),
        "skipped": dict(sorted(skipped.items())),
    }


def _row(note: Extraction, entity: Entity, rule: ReviewRule, whole: str) -> dict[str, Any]:
    """With `ENTITY_COLUMNS`, but for the note. whole: the decision on the note."""
    sure = sure_of(entity, rule)
    values = (
        entity.label,
        note.text[entity.start : entity.end],
        entity.start,
        entity.end,
        rounded(sure),
        rule.of_entity(entity.label, sure, whole),
    )
    return dict(zip(ENTITY_COLUMNS[1:], values, strict=True))


def _mark(row: dict[str, Any]) -> Mark:
    note = f"confidence {row['confidence']:.3f}, {row['decision']}"
    return Mark(row["start"], row["end"], row["label"], note)
