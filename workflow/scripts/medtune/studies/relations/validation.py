"""The study's figure of a model that is still in training, from its answers to validation rows."""

from collections.abc import Mapping, Sequence

from medtune.data.json_output import ParsedLists
from medtune.data.related import from_row
from medtune.data.relation_output import ENTITIES, LISTS, extract
from medtune.data.relation_pairs import between_concepts, concept_pair, relation_pair
from medtune.data.relation_schema import RelationSchema
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.relation_scores import count_concept_relations, count_relations
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
    concepts = between_concepts(documents)
    pair, count = (concept_pair, count_concept_relations) if concepts else (relation_pair, count_relations)
    found = [
        extract(
            document.text,
            ParsedLists({name: value.get(name, []) for name in LISTS}, "ok", {}),
            schema,
            deduplicate=deduplicate,
            drop_violations=drop_violations,
        )
        for document, value in zip(documents, values, strict=True)
    ]
    pairs = [pair(document, extraction) for document, extraction in zip(documents, found, strict=True)]
    counts = count(pairs, schema.symmetric).f1_counts("strict")
    return float(f1_of_counts(counts.sum(axis=0, keepdims=True))[0])
