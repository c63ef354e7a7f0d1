"""The study's figure of a model that is still in training, from its answers to validation rows."""

from collections.abc import Mapping, Sequence

from medtune.data.related import from_row
from medtune.data.relation_schema import RelationSchema
from medtune.kinds.relations.answers import extractions, strict_f1
from medtune.kinds.relations.output import ENTITIES
from medtune.kinds.relations.pairs import between_concepts, concept_pair, relation_pair
from medtune.kinds.relations.relation_scores import count_concept_relations, count_relations
from medtune.studies.relations.rows import distinct, row_of


def second_rows(rows: Sequence[dict], values: Sequence[Mapping]) -> list[dict]:
    """The rows of the second step: each document with the entities of its answer in the first. values: by list name."""
    return [
        row_of(from_row(row), "relations", distinct((item["text"], item["type"]) for item in value.get(ENTITIES, [])))
        for row, value in zip(rows, values, strict=True)
    ]


def relation_f1(
    rows: Sequence[dict],
    values: Sequence[Mapping],
    schema: RelationSchema,
    *,
    deduplicate: bool,
    drop_violations: bool,
) -> float:
    """Strict micro-F1 of relations: `score` has the same for the same answers. values: items by list name, empty for
    an answer that cannot be read."""
    documents = [from_row(row) for row in rows]
    pair, count = (
        (concept_pair, count_concept_relations) if between_concepts(documents) else (relation_pair, count_relations)
    )
    found = extractions(documents, values, schema, deduplicate=deduplicate, drop_violations=drop_violations)
    return strict_f1(count(list(map(pair, documents, found)), schema.symmetric))
