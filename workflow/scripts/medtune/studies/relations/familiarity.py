"""Figures of what a model has met in training, and of what it has not: by whether the text of an entity stands in the
training split as an entity."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from medtune.data.deduplication import normalise
from medtune.data.related import RelatedDocument
from medtune.kinds.relations.answers import Answer
from medtune.kinds.relations.pairs import entity_pair, relation_pair
from medtune.kinds.relations.relation_scores import count_relations
from medtune.metrics.span_scores import SpanCounts, count_spans

SEEN, UNSEEN = "in the training text", "held out"


def entity_texts(documents: Iterable[RelatedDocument]) -> list[str]:
    """The texts of all entities, in the form in which equal ones are equal, each once, sorted."""
    return sorted({normalise(entity.text) for document in documents for entity in document.entities})


def split_entities(answers: Sequence[Answer], known: Collection[str]) -> dict[str, SpanCounts]:
    """Entities by familiarity. known: of `entity_texts`, of the training split. A gold entity counts by its text, and a
    predicted one, right or wrong, by its own."""
    return {
        name: count_spans([_entities(answer, wanted) for answer in answers]) for name, wanted in _kinds(known).items()
    }


def split_relations(
    answers: Sequence[Answer], known: Collection[str], symmetric: Collection[str]
) -> dict[str, np.ndarray]:
    """(documents, 3) tp, fp, fn of the relations between mentions by familiarity, which is that of the less familiar of
    their entities."""
    return {
        SEEN: _relations(answers, lambda texts: all(text in known for text in texts), symmetric),
        UNSEEN: _relations(answers, lambda texts: any(text not in known for text in texts), symmetric),
    }


def _kinds(known: Collection[str]) -> dict[str, Callable[[str], bool]]:
    return {SEEN: lambda text: text in known, UNSEEN: lambda text: text not in known}


def _entities(answer: Answer, wanted: Callable[[str], bool]):
    document, found = answer.document, answer.found
    return entity_pair(
        replace(document, entities=tuple(e for e in document.entities if wanted(normalise(e.text))), relations=()),
        replace(found, entities=tuple(e for e in found.entities if wanted(normalise(e.value))), relations=()),
    )


def _relations(
    answers: Sequence[Answer], wanted: Callable[[list[str]], bool], symmetric: Collection[str]
) -> np.ndarray:
    pairs = []
    for answer in answers:
        document, found = answer.document, answer.found
        gold = tuple(
            r for r in document.relations if wanted([normalise(document.entities[i].text) for i in (r.head, r.tail)])
        )
        predicted = tuple(
            r for r in found.relations if wanted([normalise(found.entities[i].value) for i in (r.head, r.tail)])
        )
        pairs.append(relation_pair(replace(document, relations=gold), replace(found, relations=predicted)))
    return count_relations(pairs, symmetric).f1_counts("strict")
