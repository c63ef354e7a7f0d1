"""Answers beside the documents that were asked about: in corpora that relate mentions, and concepts."""

from collections.abc import Mapping, Sequence

from medtune.data.predictions import answers_of
from medtune.data.relation_schema import RelationSchema
from medtune.kinds.relations.answers import Answer, read_answer
from medtune.kinds.relations.concepts import ConceptDocument, given_mentions, link_concepts
from medtune.kinds.relations.counted import Counted, count, relation_names
from medtune.kinds.relations.matching import RelationDocument, classify_relations
from medtune.kinds.relations.pairs import concept_pair, found_spans
from medtune.kinds.relations.relation_scores import count_concept_relations
from medtune.metrics.span_scores import count_spans
from medtune.studies.relations.rows import document_of

GIVEN = "given"
"""The split of test documents whose gold entities are given, so that only relations are asked for."""


def read_answers(
    examples: Mapping[str, Sequence[dict]],
    predictions: Sequence[dict],
    schema: RelationSchema,
    *,
    deduplicate: bool,
    drop_violations: bool,
) -> dict[str, list[Answer]]:
    """By split the answer to each document, in the order of the documents.

    examples: by split, rows of documents; those of the split `GIVEN` have their gold entities, whatever the answer
    lists. predictions: rows with `value`, lists of entities and relations, or none for an output without them.
    deduplicate, drop_violations: as in `extract`.
    Raises InputError when predictions and documents do not belong together, and for faulty rows.
    """
    rules = {"deduplicate": deduplicate, "drop_violations": drop_violations}
    answered = answers_of(examples, predictions)
    return {
        split: [
            read_answer(document_of(row, f"split {split}"), prediction, schema, given=split == GIVEN, **rules)
            for row, prediction in zip(rows, answered[split], strict=True)
        ]
        for split, rows in examples.items()
    }


def relations_of(answer: Answer, concepts: bool) -> RelationDocument | ConceptDocument:
    """Relations as relation scores take them. concepts: whether the corpus relates concepts."""
    return concept_pair(answer.document, answer.found) if concepts else answer.relations


def linked(answer: Answer, concepts: bool, schema: RelationSchema) -> RelationDocument:
    """Relations as they are classified: predicted ones between concepts where gold ones are, by the strict rule."""
    pair = relations_of(answer, concepts)
    return link_concepts(pair, schema.symmetric, overlapping=False) if concepts else pair


def count_answers(answers: Sequence[Answer], schema: RelationSchema, concepts: bool, given: bool) -> Counted:
    """As `count` of the kind, also in a corpus that relates concepts."""
    if not concepts:
        return count(answers, schema, given)
    pairs = [relations_of(answer, concepts) for answer in answers]
    spans = [answer.entities for answer in answers]
    among = [given_mentions(pair, found_spans(found)) for pair, found in zip(pairs, spans, strict=True)]
    return Counted(
        answers=answers,
        schema=schema,
        entities=None if given else count_spans(spans, schema.entities),
        relations=count_concept_relations(pairs, schema.symmetric, relation_names(schema)),
        among_found=None if given else count_concept_relations(among, schema.symmetric),
        cases=classify_relations([linked(answer, concepts, schema) for answer in answers], schema.symmetric),
    )
