"""Relations between concepts, answered by relations between mentions.

Corpora such as BioRED say that two concepts are related in a document, not which of their mentions say so. A predicted
pair of mentions is read as the pairs of the concepts that they name, and each of these is right or wrong.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from medtune.data.span import Span
from medtune.kinds.relations.matching import Argument, Relation, RelationDocument


@dataclass(frozen=True)
class ConceptDocument:
    """One document. mentions: gold mentions with their concepts (one may have several). gold: relations between
    concepts. predicted: relations between mentions. Raises ValueError when a gold argument is no concept's id."""

    mentions: Sequence[tuple[Span, Collection[str]]]
    gold: Sequence[Relation]
    predicted: Sequence[Relation]

    def __post_init__(self) -> None:
        for relation in self.gold:
            if not isinstance(relation.head, str) or not isinstance(relation.tail, str):
                raise ValueError(f"{relation}: gold relations of a ConceptDocument are between ids of concepts")


def link_concepts(document: ConceptDocument, symmetric: Collection[str], overlapping: bool) -> RelationDocument:
    """The document with its predicted relations between concepts.

    overlapping: a mention that is none of the gold ones links to those that it overlaps most, whatever their entity
    types. An argument that links to no concept stays as it is, and is none of the gold ones.
    Pairs of mentions that say the same of two concepts become one relation; repeats of one pair stay repeats. A mention
    of several concepts stands for each of them: every pair of concepts is a relation of its own, right or wrong, as in
    the evaluation of BioRED, whose items are pairs of concept ids (Luo et al. 2022). A concept is not paired with
    itself where there is another pair.
    """

    @cache
    def linked(argument: Argument) -> list[Argument]:
        return concepts_of(argument, document.mentions, overlapping) or [argument]

    counts: Counter[Relation] = Counter()
    for relation, copies in Counter(relation.normal(symmetric) for relation in document.predicted).items():
        meant = dict.fromkeys(
            Relation(head, relation.label, tail).normal(symmetric)
            for head in linked(relation.head)
            for tail in linked(relation.tail)
        )
        pairs = [candidate for candidate in meant if candidate.head != candidate.tail] or list(meant)
        for candidate in pairs:
            counts[candidate] = max(counts[candidate], 1)
        counts[pairs[0]] += copies - 1
    return RelationDocument(document.gold, list(counts.elements()))


def given_mentions(document: ConceptDocument, found: Collection[Span]) -> ConceptDocument:
    """The relations whose two arguments are found: gold ones between concepts with a mention among `found`, predicted
    ones between mentions among them. found: spans that are both gold and predicted."""
    known = set(found)
    concepts = {concept for mention, those in document.mentions if mention in known for concept in those}
    return ConceptDocument(
        document.mentions,
        [relation for relation in document.gold if relation.head in concepts and relation.tail in concepts],
        [relation for relation in document.predicted if relation.head in known and relation.tail in known],
    )


def concepts_of(
    argument: Argument, mentions: Iterable[tuple[Span, Collection[str]]], overlapping: bool
) -> list[Argument]:
    """The concepts that an argument links to, sorted; none for one without a place."""
    if not isinstance(argument, Span):
        return []
    mentions = list(mentions)
    equal = [concepts for mention, concepts in mentions if mention == argument]
    if equal or not overlapping:
        return sorted(set().union(*equal))
    shared = [min(mention.end, argument.end) - max(mention.start, argument.start) for mention, _ in mentions]
    most = max(shared, default=0)
    if most <= 0:
        return []
    return sorted(set().union(*(concepts for (_, concepts), n in zip(mentions, shared, strict=True) if n == most)))
