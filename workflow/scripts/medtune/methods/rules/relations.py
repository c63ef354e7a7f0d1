"""Rules for relations: the dictionary of training mentions, then the most frequent relation of two types."""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from medtune.config.rules import RelationRules
from medtune.data.words import sentence_starts, words_of
from medtune.kinds.relations.task import RelationTask
from medtune.methods.found import Found
from medtune.methods.rules.dictionary import Dictionary, fit_dictionary

MORE_OFTEN_THAN_NOT = 0.5
Seen = tuple[int, frozenset[str]]
"""Of a pair in training: the distance, and its relations."""


class PairType(NamedTuple):
    """Two entities in one of their orders. head, tail: types. head_first: whether the head begins first in the text, or
    stands before the tail in the list of entities where they begin together."""

    head: str
    tail: str
    head_first: bool


class Pair(NamedTuple):
    """head, tail: places in the list of entities. distance: characters between them, 0 where they touch or overlap."""

    head: int
    tail: int
    type: PairType
    distance: int


@dataclass(frozen=True)
class Rule:
    """What relates two entities. reach: most characters between them; None for any in a sentence. precision: share of
    such pairs of training that are related so."""

    relation: str
    reach: int | None
    precision: float


@dataclass(frozen=True)
class PairRelations:
    """rules: by pair type. symmetric: relations whose arguments may change places: given once, the earlier entity as
    the head."""

    dictionary: Dictionary
    rules: Mapping[PairType, Rule]
    symmetric: frozenset[str]
    within_sentence: bool
    record: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, examples: Sequence[dict]) -> list[Found]:
        """Entities by the dictionary, and relations of their pairs. The confidence is the least precision in training
        of all entries and rules that were used; None where nothing is found."""
        return [self._answer(example["text"]) for example in examples]

    def _answer(self, text: str) -> Found:
        mentions = self.dictionary.find(text)
        entities = [
            {"start": one.start, "end": one.end, "type": one.entry.label, "text": text[one.start : one.end]}
            for one in mentions
        ]
        parts = [one.entry.precision for one in mentions]
        relations, precisions = [], []
        reach = {kind: math.inf if rule.reach is None else rule.reach for kind, rule in self.rules.items()}
        for pair in pairs(text, entities, reach, self.within_sentence):
            rule = self.rules[pair.type]
            if rule.relation in self.symmetric and not pair.type.head_first:
                continue
            relations.append({"head": pair.head, "tail": pair.tail, "type": rule.relation})
            precisions.append(rule.precision)
        fields = {"entities": entities, "relations": relations}
        return Found(fields, min([*parts, *precisions], default=None), parts=parts)


def fit(task: RelationTask, examples: Sequence[dict], settings: RelationRules) -> PairRelations:
    """The dictionary, and for each pair of types, and order in the text, the most frequent relation of training between
    annotated entities; the alphabetically first of a tie. It is a rule where more than half of such pairs are related
    so: all of one sentence, or those within a distance, which is the one with the best F1 on training."""
    within_sentence = settings.within == "sentence"
    symmetric = frozenset(task.schema.symmetric)
    related = [_related(example, symmetric) for example in examples]
    reach: dict[PairType, float] = {}
    for example, names in zip(examples, related, strict=True):
        for head, tail in names:
            pair = pair_of(example["entities"], head, tail)
            reach[pair.type] = math.inf if within_sentence else max(pair.distance, reach.get(pair.type, 0))
    seen: dict[PairType, list[Seen]] = defaultdict(list)
    for example, names in zip(examples, related, strict=True):
        for pair in pairs(example["text"], example["entities"], reach, within_sentence):
            seen[pair.type].append((pair.distance, names.get((pair.head, pair.tail), frozenset())))
    rules = {}
    for kind in sorted(seen, key=lambda one: (one.head, one.tail, not one.head_first)):
        rule = (_within_sentence if within_sentence else _within_distance)(seen[kind])
        if rule is not None:
            rules[kind] = rule
    dictionary = fit_dictionary(examples)
    record = {
        "rule": "dictionary and type pairs",
        **dictionary.record,
        "within": settings.within,
        "relations": sum(len(example["relations"]) for example in examples),
        "across_sentences": sum(map(_across_sentences, examples)),
        "pairs": [
            {
                "head": kind.head,
                "tail": kind.tail,
                "head_first": kind.head_first,
                "relation": rule.relation,
                "reach": rule.reach,
                "precision": round(rule.precision, 6),
            }
            for kind, rule in rules.items()
        ],
    }
    return PairRelations(dictionary, rules, symmetric, within_sentence, record)


def pairs(
    text: str, entities: Sequence[Mapping[str, Any]], reach: Mapping[PairType, float], within_sentence: bool
) -> Iterator[Pair]:
    """Pairs of different entities, in both orders, of the types that `reach` has, no farther apart than it says.
    within_sentence: of those that begin in the same sentence alone."""
    sentences = _sentences(text, entities) if within_sentence else [0] * len(entities)
    farthest = max(reach.values(), default=-1)
    places = sorted(range(len(entities)), key=lambda place: (entities[place]["start"], place))
    for number, left in enumerate(places):
        for right in places[number + 1 :]:
            # What comes later is farther still.
            if sentences[left] != sentences[right] or _distance(entities[left], entities[right]) > farthest:
                break
            for head, tail in ((left, right), (right, left)):
                pair = pair_of(entities, head, tail)
                if pair.distance <= reach.get(pair.type, -1):
                    yield pair


def pair_of(entities: Sequence[Mapping[str, Any]], head: int, tail: int) -> Pair:
    """Two entities as a pair."""
    one, other = entities[head], entities[tail]
    first = (one["start"], head) < (other["start"], tail)
    distance = _distance(one, other) if first else _distance(other, one)
    return Pair(head, tail, PairType(one["type"], other["type"], first), distance)


def _distance(left: Mapping[str, Any], right: Mapping[str, Any]) -> int:
    return max(0, right["start"] - left["end"])


def _across_sentences(example: Mapping[str, Any]) -> int:
    """The number of relations between entities that begin in different sentences."""
    sentences = _sentences(example["text"], example["entities"])
    return sum(sentences[relation["head"]] != sentences[relation["tail"]] for relation in example["relations"])


def _sentences(text: str, entities: Sequence[Mapping[str, Any]]) -> list[int]:
    """The number of the sentence in which each entity begins."""
    words = words_of(text)
    starts = [words[first].start for first in sentence_starts(text, words)]
    return [bisect_right(starts, entity["start"]) for entity in entities]


def _related(example: Mapping[str, Any], symmetric: frozenset[str]) -> dict[tuple[int, int], frozenset[str]]:
    """Relations by head and tail; a symmetric one in both orders."""
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for relation in example["relations"]:
        head, tail, name = relation["head"], relation["tail"], relation["type"]
        found[head, tail].add(name)
        if name in symmetric:
            found[tail, head].add(name)
    return {pair: frozenset(names) for pair, names in found.items()}


def _most_frequent(seen: Sequence[Seen]) -> str | None:
    counts = Counter(name for _, names in seen for name in names)
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def _within_sentence(seen: Sequence[Seen]) -> Rule | None:
    """seen: each pair of a type."""
    relation = _most_frequent(seen)
    precision = sum(relation in names for _, names in seen) / len(seen)
    return Rule(relation, None, precision) if precision > MORE_OFTEN_THAN_NOT else None


def _within_distance(seen: Sequence[Seen]) -> Rule | None:
    """The reach with the best F1 of those that relate more pairs rightly than wrongly, the shortest of a tie."""
    relation = _most_frequent(seen)
    total = sum(relation in names for _, names in seen)
    best, right = (0.0, None), 0
    ordered = sorted((distance, relation in names) for distance, names in seen)
    for said, (distance, related) in enumerate(ordered, start=1):
        right += related
        if said < len(ordered) and ordered[said][0] == distance:
            continue
        f1, precision = 2 * right / (said + total), right / said
        if precision > MORE_OFTEN_THAN_NOT and f1 > best[0]:
            best = (f1, Rule(relation, distance, precision))
    return best[1]
