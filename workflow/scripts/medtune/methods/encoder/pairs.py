"""Ordered pairs of entities, marked in their text, for an encoder that tells how they are related.

Each pair is read by itself, in its sentences, with special tokens around head and tail that name role and type (typed
entity markers as new tokens, Zhong and Chen 2021).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from medtune.data.alignment import Layout, SubwordDocument, subwords
from medtune.data.relation_schema import RelationSchema
from medtune.data.words import Word, sentence_starts, word_range, words_of
from medtune.metrics.softmax import log_softmax

NO_RELATION = "no relation"
"""The first class; the others are the relation types of the schema, in its order."""
LIMIT_SHARE = 0.99
"""Share of the training documents' relations whose distance the limit allows: one far pair does not make all pairs of
a document candidates."""
HEAD, TAIL = "head", "tail"


@dataclass(frozen=True)
class Placed:
    """An entity in words. first, last: word indices, last exclusive."""

    first: int
    last: int
    label: str


@dataclass(frozen=True)
class Pair:
    """A candidate. document: its number. head, tail: places in the document's list of entities. classes: numbers of
    those that the schema allows, `NO_RELATION` first. window: token ids."""

    document: int
    head: int
    tail: int
    classes: tuple[int, ...]
    window: list[int]


@dataclass(frozen=True)
class Pairs:
    """The candidates of some documents. too_long: those besides whose entities are too far apart for a window."""

    found: list[Pair]
    too_long: int


def classes_of(schema: RelationSchema) -> list[str]:
    """Names of the classes."""
    return [NO_RELATION, *(relation.name for relation in schema.relations)]


def markers_of(schema: RelationSchema) -> list[str]:
    """The special tokens of all roles and types."""
    return [marker for role in (HEAD, TAIL) for label in schema.entities for marker in _markers(role, label)]


def placed_in(words: Sequence[Word], entities: Sequence[Mapping[str, Any]]) -> list[Placed]:
    """Canonical entities in words; a part of a word counts as all of it."""
    return [Placed(*word_range(words, entity["start"], entity["end"]), entity["type"]) for entity in entities]


def distance(one: Placed, other: Placed) -> int:
    """Words between two entities; 0 where they touch or overlap."""
    return max(0, one.first - other.last, other.first - one.last)


def distance_limit(distances: Sequence[int]) -> int:
    """The largest distance of candidates: that which `LIMIT_SHARE` of the given ones, at least one, do not exceed."""
    return sorted(distances)[math.ceil(LIMIT_SHARE * len(distances)) - 1]


def gold_relations(
    placed: Sequence[Placed], relations: Sequence[Mapping[str, Any]], schema: RelationSchema
) -> dict[tuple[int, int], list[int]]:
    """By head and tail the classes of an example's relations, each once.

    Of a symmetric relation the head is the entity that comes first in the text.
    """
    numbers = {relation.name: number for number, relation in enumerate(schema.relations, start=1)}
    found: dict[tuple[int, int], list[int]] = {}
    for relation in relations:
        pair = (relation["head"], relation["tail"])
        if relation["type"] in schema.symmetric and _order(placed, pair[1]) < _order(placed, pair[0]):
            pair = pair[::-1]
        number = numbers[relation["type"]]
        if number not in found.setdefault(pair, []):
            found[pair].append(number)
    return found


class PairReader:
    """Finds candidate pairs in texts and writes them as windows."""

    def __init__(self, tokenizer: Any, layout: Layout, schema: RelationSchema, limit: int):
        """tokenizer: with the markers. limit: largest distance of candidates, in words."""
        self.tokenizer, self.layout, self.schema, self.limit = tokenizer, layout, schema, limit

    def pairs(self, documents: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> Pairs:
        """documents: text and canonical entities of each."""
        found, too_long = [], 0
        for number, (text, entities) in enumerate(documents):
            words = words_of(text)
            placed = placed_in(words, entities)
            read = subwords([word.text for word in words], sentence_starts(text, words), self.tokenizer)
            for head, tail, classes in self._candidates(placed):
                window = self._window(read, placed[head], placed[tail])
                if window is None:
                    too_long += 1
                else:
                    found.append(Pair(number, head, tail, classes, window))
        return Pairs(found, too_long)

    def _candidates(self, placed: Sequence[Placed]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """Head, tail and classes of all pairs within the limit that the schema relates."""
        for head, tail in permutations(range(len(placed)), 2):
            if distance(placed[head], placed[tail]) > self.limit:
                continue
            in_order = _order(placed, head) < _order(placed, tail)
            classes = tuple(
                number
                for number, relation in enumerate(self.schema.relations, start=1)
                if relation.allows(placed[head].label, placed[tail].label) and (in_order or not relation.symmetric)
            )
            if classes:
                yield head, tail, (0, *classes)

    def _window(self, read: SubwordDocument, head: Placed, tail: Placed) -> list[int] | None:
        """Token ids of a pair with its markers and the context that fits; None where the pair itself does not."""
        lengths = self.layout.lengths(read)
        marks = [(head, *_markers(HEAD, head.label)), (tail, *_markers(TAIL, tail.label))]
        core = (min(head.first, tail.first), max(head.last, tail.last))
        found = _context(lengths, read.sentences, core, self.layout.room - 2 * len(marks))
        if found is None:
            return None
        ids = list(self.layout.before)
        for word in range(*found):
            ids += [self._id(opening) for entity, opening, _ in marks if entity.first == word]
            ids += read.pieces[word][: self.layout.room]
            ids += [self._id(closing) for entity, _, closing in marks if entity.last == word + 1]
        return ids + self.layout.after

    def _id(self, marker: str) -> int:
        return self.tokenizer.convert_tokens_to_ids(marker)


def chosen_classes(logits: np.ndarray, pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest class of each pair among those that the schema allows, and its probability among them.

    logits: (pairs, classes).
    """
    allowed = np.zeros(logits.shape, dtype=bool)
    for number, pair in enumerate(pairs):
        allowed[number, list(pair.classes)] = True
    scores = log_softmax(np.where(allowed, logits, -np.inf))
    return scores.argmax(axis=1), np.exp(scores.max(axis=1))


def _context(
    lengths: Sequence[int], sentences: Sequence[int], core: tuple[int, int], room: int
) -> tuple[int, int] | None:
    """The words around `core`, first and last (exclusive), of the sentences that it touches, as many on both sides as
    `room` subwords hold; None where they do not hold the core."""
    first, last = core
    lowest = max((start for start in sentences if start <= first), default=0)
    highest = min((start for start in sentences if start >= last), default=len(lengths))
    room -= sum(lengths[first:last])
    if room < 0:
        return None
    grew = True
    while grew:
        grew = False
        if first > lowest and lengths[first - 1] <= room:
            first, grew = first - 1, True
            room -= lengths[first]
        if last < highest and lengths[last] <= room:
            room -= lengths[last]
            last, grew = last + 1, True
    return first, last


def _markers(role: str, label: str) -> tuple[str, str]:
    """Before and after an entity."""
    return f"[{role}:{label}]", f"[/{role}:{label}]"


def _order(placed: Sequence[Placed], number: int) -> tuple[int, int, int]:
    """By which entities come one after the other."""
    return placed[number].first, placed[number].last, number
