"""The canonical examples of studies of relations, as documents, and the types that a study names.

    {"id": "7", "text": "Metformin treated gout.", "source": "notes", "group": "patient 3",
     "entities": [{"start": 0, "end": 9, "type": "Drug", "text": "Metformin"}, …],
     "relations": [{"head": 0, "tail": 1, "type": "treats"}]}

Offsets are characters of the text, end exclusive; arguments are indices of the entities. `source` and `group` are no
part of a document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from medtune.data.related import RelatedDocument, RelatedEntity, Relation, check_documents
from medtune.data.relation_schema import RelationSchema, check_schema, relation_type
from medtune.inert import inert


def schema_of(entities: Sequence[str], relations: Mapping[str, Mapping[str, Any]]) -> RelationSchema:
    """The types of a study. relations: by name its `heads` and `tails`, entity types, and whether it is `symmetric`."""
    return RelationSchema(
        tuple(entities),
        tuple(
            relation_type(name, found["heads"], found["tails"], symmetric=found.get("symmetric", False))
            for name, found in relations.items()
        ),
    )


def document_of(example: Mapping[str, Any]) -> RelatedDocument:
    """The document of an example."""
    return RelatedDocument(
        example["id"],
        example["text"],
        tuple(RelatedEntity(e["start"], e["end"], e["type"], e["text"]) for e in example["entities"]),
        tuple(Relation(r["type"], r["head"], r["tail"]) for r in example["relations"]),
    )


def as_asked(document: RelatedDocument) -> RelatedDocument:
    """The document with its text as prompts show it, on one line and without special tokens: an answer cannot say what
    the model does not read. Offsets are the same."""
    text = inert(document.text)
    entities = tuple(replace(entity, text=text[entity.start : entity.end]) for entity in document.entities)
    return replace(document, text=text, entities=entities)


def checked_documents(
    examples: Sequence[Mapping[str, Any]], schema: RelationSchema, source: str
) -> list[RelatedDocument]:
    """The documents of examples. source: what messages call them. Raises InputError for a doubled id, offsets that do
    not slice to an entity's text, arguments that are not there, and types that the schema does not have or allow."""
    documents = [document_of(example) for example in examples]
    check_documents(documents, source)
    check_schema(documents, schema, source)
    return documents
