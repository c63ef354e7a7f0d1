"""What models answered, beside the documents that were asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.data.json_output import ParsedLists
from medtune.data.related import RelatedDocument
from medtune.data.relation_schema import RelationSchema
from medtune.kinds.relations.matching import RelationDocument
from medtune.kinds.relations.output import LISTS, Extraction, extract, extract_given
from medtune.kinds.relations.pairs import entity_pair, relation_pair
from medtune.kinds.relations.relation_scores import RelationCounts
from medtune.kinds.task import Parsed
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.span_scores import SpanDocument


@dataclass(frozen=True)
class Answer:
    """One document and what a model found in it. document: with its gold annotation. found: what is scored. status,
    finish: as in predictions.jsonl. repaired: whether the output breaks off, and was cut after a complete item."""

    document: RelatedDocument
    found: Extraction
    status: str
    repaired: bool
    finish: str | None
    output_tokens: int | None

    @property
    def entities(self) -> SpanDocument:
        """Entities as span scores take them."""
        return entity_pair(self.document, self.found)

    @property
    def relations(self) -> RelationDocument:
        """Relations between mentions as relation scores take them."""
        return relation_pair(self.document, self.found)


def parsed_value(parsed: ParsedLists) -> Parsed:
    """Lists as they were read, as the value of an answer: both, one that was not asked for being empty; None where
    there is no list at all."""
    items = {name: parsed.items.get(name, []) for name in LISTS}
    empty = not any(items.values()) and not any(parsed.dropped.values())
    unreadable = parsed.status == "not_json" or (parsed.status == "wrong_shape" and empty)
    return Parsed(None if unreadable else items, parsed.status)


def lists_of(value: Mapping[str, list[dict]] | None, status: str = "ok") -> ParsedLists:
    """The value of an answer as `extract` takes it; nothing was found where it cannot be read."""
    return ParsedLists({name: (value or {}).get(name, []) for name in LISTS}, status, {})


def read_answer(
    document: RelatedDocument,
    prediction: Mapping[str, Any],
    schema: RelationSchema,
    *,
    given: bool = False,
    **rules: bool,
) -> Answer:
    """An answer to a document. prediction: of predictions.jsonl. given: whether it is about the gold entities, whatever
    it lists. rules: `deduplicate` and `drop_violations` of `extract`."""
    parsed = lists_of(prediction["value"], prediction["status"])
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


def extractions(
    documents: Sequence[RelatedDocument],
    values: Sequence[Mapping[str, list[dict]] | None],
    schema: RelationSchema,
    **rules: bool,
) -> list[Extraction]:
    """What is made of the values of answers, one for each document. rules: as in `read_answer`."""
    return [
        extract(document.text, lists_of(value), schema, **rules)
        for document, value in zip(documents, values, strict=True)
    ]


def strict_f1(counts: RelationCounts) -> float:
    """Strict micro-F1 of relations, 0 where there are none."""
    return float(f1_of_counts(counts.f1_counts("strict").sum(axis=0, keepdims=True))[0])
