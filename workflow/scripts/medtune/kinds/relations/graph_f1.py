"""RadGraph F1: what a document's entities and relations have in common with the gold ones, by their words.

Three levels of Delbrouck et al. 2022 (Improving the factual correctness of radiology report generation with semantic
rewards, Findings of EMNLP), as `radgraph.rewards` of the package radgraph 0.1.18 computes them. An annotation becomes a
set, which says nothing of places, nor of how often something is said; the F1 is that of the two sets. Of several
documents it is the mean of theirs.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from medtune.data.related import RelatedDocument
from medtune.kinds.relations.output import Extraction


@dataclass(frozen=True)
class GraphEntity:
    """words: its text, with single spaces. relations: type of each relation of which it is the head, and the place of
    the tail in the list of entities."""

    words: str
    label: str
    relations: tuple[tuple[str, int], ...] = ()


class GraphF1(NamedTuple):
    """The three levels, each in [0, 1].

    simple (RG_E): entities by words and label. partial (RG_ER): the same, and whether it is the head of any relation.
    complete (RG_ER with a bar): each relation by type, head with its label, and tail, in lower case; entities that are
    no head stand there by words and label.
    """

    simple: float
    partial: float
    complete: float


def graph_f1(gold: Sequence[GraphEntity], predicted: Sequence[GraphEntity]) -> GraphF1:
    """RadGraph F1 of one document; 0 at all levels where either side has no entity, even if both have none."""
    return GraphF1(
        *(_f1(one, other) for one, other in ((of(gold), of(predicted)) for of in (_simple, _partial, _complete)))
    )


def gold_graph(document: RelatedDocument) -> list[GraphEntity]:
    """The annotation of a document whose relations are between mentions."""
    keys = [(e.start, e.end, e.label, e.text) for e in document.entities]
    return _graph(keys, [(r.head, r.type, r.tail) for r in document.relations])


def found_graph(found: Extraction, text: str) -> list[GraphEntity]:
    """What was extracted from a text. What is not in it stands by the words that were said."""
    keys = [(e.start, e.end, e.label, e.value if e.start is None else text[e.start : e.end]) for e in found.entities]
    return _graph(keys, [(r.head, r.type, r.tail) for r in found.relations])


def _graph(keys: Sequence[tuple], relations: Sequence[tuple[int, str, int]]) -> list[GraphEntity]:
    """keys: start, end, label and text of each entity; those that are equal are one entity."""
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    of_head: dict[int, list[tuple[str, int]]] = {place: [] for place in places.values()}
    for head, name, tail in relations:
        of_head[places[keys[head]]].append((name, places[keys[tail]]))
    return [
        GraphEntity(" ".join(text.split()), label, tuple(of_head[place]))
        for (_, _, label, text), place in places.items()
    ]


def _simple(entities: Sequence[GraphEntity]) -> set[Hashable]:
    return {(one.words, one.label) for one in entities}


def _partial(entities: Sequence[GraphEntity]) -> set[Hashable]:
    return {(one.words, one.label, bool(one.relations)) for one in entities}


def _complete(entities: Sequence[GraphEntity]) -> set[Hashable]:
    alone = {(one.words, one.label) for one in entities if not one.relations}
    related = {
        (one.words.lower(), one.label, name, entities[tail].words.lower())
        for one in entities
        for name, tail in one.relations
    }
    return alone | related


def _f1(gold: Collection[Hashable], predicted: Collection[Hashable]) -> float:
    """Of two sets; 0 where either is empty."""
    common = len(set(gold) & set(predicted))
    return 2 * common / (len(gold) + len(predicted)) if common else 0.0
