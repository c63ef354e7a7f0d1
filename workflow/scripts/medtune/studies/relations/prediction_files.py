"""The files that `predict` writes, one note after the other."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.data.listed_entities import UNKNOWN
from medtune.data.related import RelatedDocument, RelatedEntity, Relation, to_row
from medtune.data.relation_schema import RelationSchema
from medtune.data.report_sources import SkippedReport
from medtune.kinds.relations.output import Extraction
from medtune.methods.new_texts import READ_IN_PART, UNREADABLE
from medtune.reporting.annotated_page import Mark
from medtune.reporting.streamed import SKIPPED, streamed_files
from medtune.studies.relations.relations_page import Arrow, Example, Panel, write_relations_page

TITLE = "Entities and relations"
NOT_THERE = "the value is not in the note"
NO_SUCH_TYPE = "its type is not in the schema"
ARGUMENT_NOT_THERE = "an argument is not in the note"
ENTITY_COLUMNS = ("note", "entity", "label", "text", "start", "end")
RELATION_COLUMNS = ("note", "type", "head", "head_label", "head_text", "tail", "tail_label", "tail_text")
DOCUMENT_COLUMNS = (
    "note",
    "status",
    "entities",
    "relations",
    "duplicate_entities",
    "duplicate_relations",
    "violations",
    "unknown_arguments",
    "unplaced_entities",
    "left_out",
    "confidence",
)
SKIPPED_COLUMNS = ("note", "item", "reason")


@dataclass(frozen=True)
class Outputs:
    """Where the files go. predictions: notes with entities and relations, as JSON. page: HTML. record: what they were
    made from, as JSON. The others are tables: entities, relations, notes, and whatever could not be used."""

    predictions: Path
    entities: Path
    relations: Path
    documents: Path
    skipped: Path
    page: Path
    record: Path


@dataclass(frozen=True)
class Problem:
    """What could not be used of an answer. item: an entity or relation; None: the answer as a whole."""

    item: str | None
    reason: str


@dataclass(frozen=True)
class Prediction:
    """What the model found in one note. found: without duplicates and relations that the schema does not allow.
    status: of the answer, see `RelationsTask.parse`. readable: whether there is an answer at all."""

    id: str
    text: str
    found: Extraction
    status: str
    readable: bool
    confidence: float


def write_predictions(
    items: Iterable[Prediction | SkippedReport], outputs: Outputs, schema: RelationSchema, page_notes: int
) -> dict[str, Any]:
    """Write all files but the record; no more than one note is held, besides those on the page.

    predictions.json has a list of documents in the form of `related.to_row`, with the status of the answer. A note that
    could not be asked about is in the tables of notes and of what was skipped alone.
    page_notes: most notes on the page. Returns counts, for the record.
    """
    statuses: Counter[str] = Counter()
    entities: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    tables = {
        "entities": (outputs.entities, ENTITY_COLUMNS),
        "relations": (outputs.relations, RELATION_COLUMNS),
        "documents": (outputs.documents, DOCUMENT_COLUMNS),
        SKIPPED: (outputs.skipped, SKIPPED_COLUMNS),
    }
    with streamed_files((outputs.predictions, "list"), tables, page_notes) as files:
        for item in items:
            if isinstance(item, SkippedReport):
                files.counts["notes_skipped"] += 1
                files.skip(item, note=item.id, item=None)
                files.add_row("documents", **dict.fromkeys(DOCUMENT_COLUMNS) | {"note": item.id, "status": SKIPPED})
                continue
            document, left_out = _placed(item)
            files.json.add({**to_row(document), "status": item.status})
            for number, entity in enumerate(document.entities):
                files.add_row("entities", entity, note=item.id, entity=number)
            for relation in document.relations:
                files.add_row("relations", relation, note=item.id, **_arguments(document, relation))
            for problem in (*_problems(item), *left_out):
                files.skip(problem, note=item.id)
            files.add_row(
                "documents",
                item.found.removals,
                note=item.id,
                status=item.status,
                entities=len(document.entities),
                relations=len(document.relations),
                left_out=len(left_out),
                confidence=item.confidence,
            )
            files.counts["notes"] += 1
            statuses[item.status] += 1
            entities.update(entity.label for entity in document.entities)
            relations.update(relation.type for relation in document.relations)
            files.show(lambda document=document: _example(document, schema))
        labels = {label: f"{entities[label]} found" for label in schema.entities}
        types = {
            relation.name: f"{', '.join(relation.heads)} {'↔' if relation.symmetric else '→'} "
            f"{', '.join(relation.tails)}, {relations[relation.name]} found"
            for relation in schema.relations
        }
        write_relations_page(outputs.page, TITLE, files.shown, labels, types, files.counts["notes"])
    return {
        **{name: files.counts[name] for name in ("notes", "notes_skipped")},
        "statuses": dict(sorted(statuses.items())),
        "entities": {label: entities[label] for label in schema.entities},
        "relations": {relation.name: relations[relation.name] for relation in schema.relations},
        "skipped": files.skipped_by_reason(),
    }


def _placed(item: Prediction) -> tuple[RelatedDocument, list[Problem]]:
    """The note with all that has a place and a type in it, entities in the order of the text; and what is left out."""
    left_out: list[Problem] = []
    placed: list[tuple[RelatedEntity, int]] = []
    for index, entity in enumerate(item.found.entities):
        if entity.start is None or entity.end is None:
            left_out.append(Problem(f"{entity.value} ({entity.label})", NOT_THERE))
        elif entity.label == UNKNOWN:
            left_out.append(Problem(entity.value, NO_SUCH_TYPE))
        else:
            text = item.text[entity.start : entity.end]
            placed.append((RelatedEntity(entity.start, entity.end, entity.label, text), index))
    placed.sort(key=lambda place: (place[0].start, place[0].end))
    numbers = {index: number for number, (_, index) in enumerate(placed)}
    relations = []
    for relation in item.found.relations:
        if relation.head in numbers and relation.tail in numbers:
            relations.append(Relation(relation.type, numbers[relation.head], numbers[relation.tail]))
        else:
            head, tail = (item.found.entities[argument].value for argument in (relation.head, relation.tail))
            left_out.append(Problem(f"{head} {relation.type} {tail}", ARGUMENT_NOT_THERE))
    entities = tuple(entity for entity, _ in placed)
    return RelatedDocument(item.id, item.text, entities, tuple(relations)), left_out


def _problems(item: Prediction) -> Iterator[Problem]:
    """Of the answer as a whole."""
    if item.status != "ok":
        yield Problem(None, f"{READ_IN_PART if item.readable else UNREADABLE} ({item.status})")


def _arguments(document: RelatedDocument, relation: Relation) -> dict[str, str]:
    """Cells of a relation's row."""
    head, tail = document.entities[relation.head], document.entities[relation.tail]
    return {"head_label": head.label, "head_text": head.text, "tail_label": tail.label, "tail_text": tail.text}


def _example(document: RelatedDocument, schema: RelationSchema) -> Example:
    marks = tuple(Mark(entity.start, entity.end, entity.label) for entity in document.entities)
    arrows = tuple(
        Arrow(relation.head, relation.tail, relation.type, symmetric=relation.type in schema.symmetric)
        for relation in document.relations
    )
    return Example(document.id, document.text, None, Panel(marks, arrows))
