"""Relations between entities or concepts, and their pairing: what becomes of each gold and each predicted relation."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from medtune.data.span import Span

CORRECT, WRONG_TYPE, WRONG_DIRECTION, WRONG_ARGUMENT, MISSED, SPURIOUS, DUPLICATE = (
    "correct",
    "wrong type",
    "wrong direction",
    "wrong argument",
    "missed",
    "spurious",
    "duplicate",
)
CLASSES = (CORRECT, WRONG_TYPE, WRONG_DIRECTION, WRONG_ARGUMENT, MISSED, SPURIOUS, DUPLICATE)
GOLD_CLASSES = (CORRECT, WRONG_TYPE, WRONG_DIRECTION, WRONG_ARGUMENT, MISSED)
PREDICTED_CLASSES = (CORRECT, WRONG_TYPE, WRONG_DIRECTION, WRONG_ARGUMENT, SPURIOUS, DUPLICATE)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An argument that is no stretch of the text (a value that is not in it, a discontinuous gold mention): it agrees
    with none."""

    value: str


Argument = Span | Unplaced | str
"""A mention, or a concept by its id."""


@dataclass(frozen=True, slots=True)
class Relation:
    """head -label-> tail."""

    head: Argument
    label: str
    tail: Argument

    def normal(self, symmetric: Collection[str]) -> "Relation":
        """The form in which equal relations are equal: the arguments of a symmetric one in a fixed order."""
        if self.label in symmetric and _order(self.tail) < _order(self.head):
            return Relation(self.tail, self.label, self.head)
        return self


@dataclass(frozen=True)
class RelationDocument:
    """The relations of one document. A gold one given twice counts once, a predicted one as often as it is given."""

    gold: Sequence[Relation]
    predicted: Sequence[Relation]


@dataclass(frozen=True)
class RelationCase:
    """A gold relation, a predicted one, or a pair of both. document: its place in the list of documents.

    kind: one of `CLASSES`. relaxed: whether it is right by the relaxed rule: same type and direction, and arguments
    that overlap, whatever the entity types. Relations are in their normal form.
    """

    document: int
    kind: str
    gold: Relation | None
    predicted: Relation | None
    relaxed: bool = False


def classify_relations(documents: Iterable[RelationDocument], symmetric: Collection[str]) -> list[RelationCase]:
    """Each gold and each predicted relation in one case, by document.

    symmetric: relation types without a direction. A pair is, by the first rule that holds:

    - correct: same type, equal arguments (boundaries and entity types), in the same roles unless symmetric. This is
      the strict rule (Taillé et al. 2020).
    - wrong argument, right by the relaxed rule: same type, both arguments overlap in their roles.
    - wrong direction: same type, both arguments overlap in the other's role.
    - wrong type: another type between arguments that overlap, either way round.
    - wrong argument: same type, one argument overlaps in its role.

    Equal arguments go before overlapping ones. Repeats of a predicted relation are duplicates, whatever the first one
    is; the rest is missed or spurious. So the classes add up: `GOLD_CLASSES` to the distinct gold relations,
    `PREDICTED_CLASSES` to all predicted ones. Each rule pairs as many as it can, one-to-one, and relations are taken
    in sorted order: the order given changes nothing.
    """
    return [
        replace(case, document=number)
        for number, document in enumerate(documents)
        for case in _cases(document, symmetric)
    ]


def given_entities(document: RelationDocument, entities: Collection[Argument]) -> RelationDocument:
    """The relations whose two arguments are among these, on both sides.

    entities: spans that are both gold and predicted. What then is wrong is not so because of the entities.
    """
    known = set(entities)

    def among(relations: Iterable[Relation]) -> list[Relation]:
        return [relation for relation in relations if relation.head in known and relation.tail in known]

    return RelationDocument(among(document.gold), among(document.predicted))


_CORRECT, _RELAXED, _TURNED, _RETYPED, _TURNED_NEAR, _RETYPED_NEAR, _HALF = range(7)
_KINDS = (CORRECT, WRONG_ARGUMENT, WRONG_DIRECTION, WRONG_TYPE, WRONG_DIRECTION, WRONG_TYPE, WRONG_ARGUMENT)
"""Kind of a pair, by the rank of the rule that holds for it."""


def _cases(document: RelationDocument, symmetric: Collection[str]) -> list[RelationCase]:
    gold = _distinct(document.gold, symmetric)
    repeats = Counter(relation.normal(symmetric) for relation in document.predicted)
    predicted = _distinct(document.predicted, symmetric)
    cases, gold_left, predicted_left = [], set(range(len(gold))), set(range(len(predicted)))
    for rank, pairs in sorted(_candidates(gold, predicted, symmetric).items()):
        free = [(g, p) for g, p in pairs if g in gold_left and p in predicted_left]
        for g, p in _most_pairs(free):
            cases.append(RelationCase(0, _KINDS[rank], gold[g], predicted[p], rank <= _RELAXED))
            gold_left.remove(g)
            predicted_left.remove(p)
    cases += [RelationCase(0, MISSED, gold[g], None) for g in sorted(gold_left)]
    cases += [RelationCase(0, SPURIOUS, None, predicted[p]) for p in sorted(predicted_left)]
    cases += [RelationCase(0, DUPLICATE, None, relation) for relation in predicted for _ in range(1, repeats[relation])]
    return cases


def _distinct(relations: Iterable[Relation], symmetric: Collection[str]) -> list[Relation]:
    """Their normal forms, each once, in a fixed order."""
    return sorted(
        {relation.normal(symmetric) for relation in relations},
        key=lambda relation: (_order(relation.head), _order(relation.tail), relation.label),
    )


def _order(argument: Argument) -> tuple:
    """What arguments of all kinds are sorted by."""
    if isinstance(argument, Span):
        return 0, argument.start, argument.end, argument.label
    return (1, argument) if isinstance(argument, str) else (2, argument.value)


def _candidates(
    gold: Sequence[Relation], predicted: Sequence[Relation], symmetric: Collection[str]
) -> dict[int, list[tuple[int, int]]]:
    """Pairs of (gold index, predicted index) by the rank of the first rule that holds for them."""
    found = defaultdict(list)
    for p, one in enumerate(predicted):
        for g, other in enumerate(gold):
            rank = _rank(other, one, other.label in symmetric)
            if rank is not None:
                found[rank].append((g, p))
    return found


def _rank(gold: Relation, predicted: Relation, symmetric: bool) -> int | None:
    """The first rule that holds for a pair, as a place in `_KINDS`."""
    straight = (_agreement(gold.head, predicted.head), _agreement(gold.tail, predicted.tail))
    turned = (_agreement(gold.head, predicted.tail), _agreement(gold.tail, predicted.head))
    if gold.label != predicted.label:
        return (None, _RETYPED_NEAR, _RETYPED)[max(min(straight), min(turned))]
    in_roles = max(min(straight), min(turned)) if symmetric else min(straight)
    if in_roles:
        return (_RELAXED, _CORRECT)[in_roles - 1]
    if min(turned):
        return (_TURNED_NEAR, _TURNED)[min(turned) - 1]
    return _HALF if max(straight) or (symmetric and max(turned)) else None


def _agreement(one: Argument, other: Argument) -> int:
    """2 for equal arguments, 1 for mentions that overlap, else 0."""
    if isinstance(one, Span) and isinstance(other, Span):
        return 2 if one == other else int(one.start < other.end and other.start < one.end)
    return 2 if isinstance(one, str) and one == other else 0


def _most_pairs(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """As many of the pairs as there can be with each index in one at most."""
    if not pairs:
        return []
    rows, columns = np.array(pairs).T
    graph = scipy.sparse.coo_array((np.ones(len(pairs)), (rows, columns)), shape=(rows.max() + 1, columns.max() + 1))
    partners = scipy.sparse.csgraph.maximum_bipartite_matching(graph.tocsr(), perm_type="column")
    return [(row, int(column)) for row, column in enumerate(partners) if column >= 0]
