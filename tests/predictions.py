"""What tests of `predict` share: its files, and what holds for any output."""

from collections.abc import Mapping
from pathlib import Path

from medtune.data.related import RelatedDocument, check_documents, from_row
from medtune.files import read_json
from medtune.reporting.tables import read_csv
from medtune.studies.relations.prediction_files import (
    DOCUMENT_COLUMNS,
    ENTITY_COLUMNS,
    RELATION_COLUMNS,
    SKIPPED_COLUMNS,
    Outputs,
)

NAMES = {
    "predictions": "predictions.json",
    "entities": "entities.csv",
    "relations": "relations.csv",
    "documents": "documents.csv",
    "skipped": "skipped.csv",
    "page": "predicted.html",
    "record": "record.json",
}


def outputs_in(folder: Path) -> Outputs:
    """The files of a prediction, named as the workflow names them."""
    return Outputs(**{field: folder / name for field, name in NAMES.items()})


def check(outputs: Outputs, texts: Mapping[str, str]) -> list[RelatedDocument]:
    """Assert that all files are about these notes, those without text aside, and agree; gives the documents."""
    rows = read_json(outputs.predictions)
    documents = [from_row({name: row[name] for name in ("id", "text", "entities", "relations")}) for row in rows]
    check_documents(documents, "predictions.json")
    assert {row["id"]: row["text"] for row in rows}.items() <= texts.items()
    entities = [tuple(row.values()) for row in read_csv(outputs.entities, ENTITY_COLUMNS)]
    assert entities == [
        (document.id, str(number), entity.label, entity.text, str(entity.start), str(entity.end))
        for document in documents
        for number, entity in enumerate(document.entities)
    ]
    relations = [tuple(row.values()) for row in read_csv(outputs.relations, RELATION_COLUMNS)]
    assert relations == [
        (
            document.id,
            relation.type,
            str(relation.head),
            head.label,
            head.text,
            str(relation.tail),
            tail.label,
            tail.text,
        )
        for document in documents
        for relation in document.relations
        for head, tail in [(document.entities[relation.head], document.entities[relation.tail])]
    ]
    notes = read_csv(outputs.documents, DOCUMENT_COLUMNS)
    assert [row["note"] for row in notes] == list(texts)
    assert [(row["note"], row["entities"], row["relations"]) for row in notes if row["status"] != "skipped"] == [
        (document.id, str(len(document.entities)), str(len(document.relations))) for document in documents
    ]
    record = read_json(outputs.record)
    assert (record["notes"], record["notes_skipped"]) == (len(documents), len(texts) - len(documents))
    assert sum(record["entities"].values()) == len(entities)
    assert sum(record["relations"].values()) == len(relations)
    assert sum(record["skipped"].values()) == len(read_csv(outputs.skipped, SKIPPED_COLUMNS))
    return documents
