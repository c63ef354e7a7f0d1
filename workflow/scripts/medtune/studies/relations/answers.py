"""What models answered, beside the documents that were asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medtune.data.json_output import ParsedLists
from medtune.data.predictions import answers_of
from medtune.data.related import RelatedDocument
from medtune.data.relation_output import LISTS, Extraction, extract, extract_given
from medtune.data.relation_pairs import concept_pair, entity_pair, relation_pair
from medtune.data.relation_schema import RelationSchema
from medtune.metrics.concepts import ConceptDocument, link_concepts
from medtune.metrics.relations import RelationDocument
from medtune.metrics.span_scores import SpanDocument
from medtune.studies.relations.rows import document_of

GIVEN = "given"
"""The split of test documents whose gold entities are given, so that only relations are asked for."""


@dataclass(frozen=True)
class Answer:
    """One document and what a model found in it. document: with its gold annotation. found: what is scored. status,
    finish: as in predictions.jsonl. repaired: whether the output breaks off, and was cut after a complete item."""

    document: RelatedDocument
    found: Extraction
    status: str
    repaired: bool
    finish: str
    output_tokens: int

    @property
    def entities(self) -> SpanDocument:
        """Entities as span scores take them."""
        return entity_pair(self.document, self.found)

    def relations(self, concepts: bool) -> RelationDocument | ConceptDocument:
        """Relations as relation scores take them. concepts: whether the corpus relates concepts."""
        return concept_pair(self.document, self.found) if concepts else relation_pair(self.document, self.found)

    def linked(self, concepts: bool, schema: RelationSchema) -> RelationDocument:
        """Relations as they are classified: predicted ones between concepts where gold ones are, by the strict rule."""
        pair = self.relations(concepts)
        return link_concepts(pair, schema.symmetric, overlapping=False) if concepts else pair


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
            _answer(document_of(row, f"split {split}"), prediction, schema, split == GIVEN, rules)
            for row, prediction in zip(rows, answered[split], strict=True)
        ]
        for split, rows in examples.items()
    }


def _answer(
    document: RelatedDocument, prediction: Mapping, schema: RelationSchema, given: bool, rules: Mapping[str, bool]
) -> Answer:
    value = prediction["value"] or {}
    parsed = ParsedLists({name: value.get(name, []) for name in LISTS}, prediction["status"], {})
    found = (
        extract_given(document, parsed, schema, **rules) if given else extract(document.text, parsed, schema, **rules)
    )
    return Answer(
        document=document,
        found=found,
        status=parsed.status,
        repaired=parsed.repaired,
        finish=prediction["finish"],
        output_tokens=prediction["output_tokens"],
    )
