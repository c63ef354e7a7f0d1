"""A gold document and what was extracted from its text, in the forms in which the metrics take them."""

from collections.abc import Collection, Iterable

from medtune.data.related import Argument, RelatedDocument
from medtune.data.span import Span
from medtune.kinds.relations import matching as scored
from medtune.kinds.relations.concepts import ConceptDocument
from medtune.kinds.relations.output import Extraction
from medtune.metrics.span_scores import SpanDocument


def entity_pair(document: RelatedDocument, found: Extraction) -> SpanDocument:
    """Entities; a gold one that is annotated twice counts once."""
    return SpanDocument(
        gold=sorted(set(_gold_spans(document))),
        predicted=[Span(e.start, e.end, e.label) for e in found.entities if e.start is not None],
        unplaced_predicted=[e.label for e in found.entities if e.start is None],
    )


def relation_pair(document: RelatedDocument, found: Extraction) -> scored.RelationDocument:
    """Relations between mentions. Raises ValueError when the document's relations are between concepts."""
    return scored.RelationDocument(_gold(document, concepts=False), _predicted(found))


def concept_pair(document: RelatedDocument, found: Extraction) -> ConceptDocument:
    """Relations between concepts, answered by mentions. Raises ValueError when the document's are between mentions."""
    mentions = [(span, entity.concepts) for span, entity in zip(_gold_spans(document), document.entities, strict=True)]
    return ConceptDocument(mentions, _gold(document, concepts=True), _predicted(found))


def between_concepts(documents: Iterable[RelatedDocument]) -> bool:
    """Whether a corpus has relations between concepts, rather than between mentions."""
    return any(_is_concept(relation.head) for document in documents for relation in document.relations)


def found_spans(document: SpanDocument) -> Collection[Span]:
    """The entities that are both gold and predicted, for `given_entities`."""
    return set(document.gold) & set(document.predicted)


def _gold_spans(document: RelatedDocument) -> list[Span]:
    return [Span(entity.start, entity.end, entity.label) for entity in document.entities]


def _gold(document: RelatedDocument, concepts: bool) -> list[scored.Relation]:
    spans = _gold_spans(document)

    def argument(given: Argument) -> scored.Argument:
        if _is_concept(given) != concepts:
            raise ValueError(f'document "{document.id}": its relations are not all between the same kind of arguments')
        return given if _is_concept(given) else spans[given]

    return [scored.Relation(argument(r.head), r.type, argument(r.tail)) for r in document.relations]


def _predicted(found: Extraction) -> list[scored.Relation]:
    arguments = [scored.Unplaced(e.value) if e.start is None else Span(e.start, e.end, e.label) for e in found.entities]
    return [scored.Relation(arguments[r.head], r.type, arguments[r.tail]) for r in found.relations]


def _is_concept(argument: Argument) -> bool:
    return isinstance(argument, str)
