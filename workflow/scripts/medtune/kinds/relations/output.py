"""The answer of a relation model, written and read: entities and the relations between them as one JSON object.

    {"entities":[{"text":"metformin","type":"Drug"},{"text":"type 2 diabetes","type":"Disease"}],
     "relations":[{"head":"metformin","type":"treats","tail":"type 2 diabetes"}]}

Every mention is listed, in the order of the text: the n-th mention of a value goes to its n-th occurrence, and where it
has more of them, the order tells which are meant. Offsets are not asked for. Arguments are named by their text. Where
several mentions have it, those are meant whose types the schema allows, and of them the two that begin nearest to each
other. A relation between concepts names the first mention of each, before others one that names no other concept.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from medtune.data.deduplication import normalise
from medtune.data.json_output import ParsedLists, parse_lists
from medtune.data.listed_entities import FoundEntity, Types, listed_mentions, place_entities
from medtune.data.related import RelatedDocument, Relation
from medtune.data.relation_schema import RelationSchema

ENTITIES, RELATIONS = "entities", "relations"
LISTS: Mapping[str, Mapping[str, type]] = {
    ENTITIES: {"text": str, "type": str},
    RELATIONS: {"head": str, "type": str, "tail": str},
}


@dataclass(frozen=True)
class Removals:
    """What an answer has too much or wrong, kept or not.

    duplicate_entities, duplicate_relations: items that say again what one before them says. unknown_arguments:
    relations, dropped, with an argument that no listed entity has as its text. violations: distinct relations that the
    schema does not allow. unplaced_entities: entities, without duplicates, whose value is not in the text.
    """

    duplicate_entities: int = 0
    duplicate_relations: int = 0
    unknown_arguments: int = 0
    violations: int = 0
    unplaced_entities: int = 0


@dataclass(frozen=True)
class Extraction:
    """What is made of an answer. relations: their arguments are indices of `entities`."""

    entities: tuple[FoundEntity, ...]
    relations: tuple[Relation, ...]
    removals: Removals


def write_output(document: RelatedDocument) -> str:
    """What a model should answer to a document: compact JSON. What is annotated twice is given once.

    Raises ValueError when a relation names an entity or a concept that the document does not have.
    """
    entities = dict.fromkeys(sorted((e.start, e.end, e.label, e.text) for e in document.entities))

    def text_of(argument: str | int) -> str:
        mentions = (document.entities[index] for index in document.mentions_of(argument))
        # A mention of several concepts would relate all of them.
        return min(mentions, key=lambda entity: (len(entity.concepts), entity.start)).text

    relations = dict.fromkeys((text_of(r.head), r.type, text_of(r.tail)) for r in document.relations)
    answer = {
        ENTITIES: [{"text": text, "type": label} for _, _, label, text in entities],
        RELATIONS: [{"head": head, "type": name, "tail": tail} for head, name, tail in relations],
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def read_output(output: str) -> ParsedLists:
    """The entities and relations of a model's answer, as it lists them. Never raises; see `parse_lists`."""
    return parse_lists(output, LISTS)


def extract(
    text: str, parsed: ParsedLists, schema: RelationSchema, *, deduplicate: bool = True, drop_violations: bool = True
) -> Extraction:
    """Put the entities of an answer in their places, and join the relations to them.

    deduplicate: leave out what is said again. drop_violations: leave out relations that the schema does not allow; they
    hold for other entity types, or for none, or join an entity to itself. Names of types may differ from the schema's
    in case, spaces and hyphens. However often an answer repeats itself, each relation is worked out once.
    """
    entities, again = _entities(text, parsed.items[ENTITIES], schema)
    firsts = [index for index, repeated in enumerate(again) if not repeated]
    if deduplicate:
        entities = [entities[index] for index in firsts]
        firsts = list(range(len(entities)))
    relations, counts = _relations(entities, firsts, parsed.items[RELATIONS], schema, deduplicate, drop_violations)
    removals = Removals(
        duplicate_entities=sum(again),
        unplaced_entities=sum(entities[index].start is None for index in firsts),
        **counts,
    )
    return Extraction(tuple(entities), relations, removals)


def extract_given(
    document: RelatedDocument,
    parsed: ParsedLists,
    schema: RelationSchema,
    *,
    deduplicate: bool = True,
    drop_violations: bool = True,
) -> Extraction:
    """The relations of an answer to a prompt that gives the entities: the document's, whatever the answer lists."""
    entities = [FoundEntity(entity.text, entity.label, entity.start, entity.end) for entity in document.entities]
    firsts = list({entity: index for index, entity in reversed(list(enumerate(entities)))}.values())
    relations, counts = _relations(entities, firsts, parsed.items[RELATIONS], schema, deduplicate, drop_violations)
    return Extraction(tuple(entities), relations, Removals(**counts))


def _entities(text: str, items: Iterable[Mapping], schema: RelationSchema) -> tuple[list[FoundEntity], list[bool]]:
    """All entities, and for each whether it is one before it again."""
    found = place_entities(text, listed_mentions(text, items, Types(schema.entities)))
    again, seen = [], set()
    for entity in found:
        key = (entity.label, entity.start, entity.end, _folded(entity.value) if entity.start is None else "")
        again.append(key in seen)
        seen.add(key)
    return found, again


def _relations(
    entities: Sequence[FoundEntity],
    candidates: Sequence[int],
    items: Iterable[Mapping],
    schema: RelationSchema,
    deduplicate: bool,
    drop_violations: bool,
) -> tuple[tuple[Relation, ...], dict[str, int]]:
    """The relations between entities, and what was counted. candidates: indices of those that can be arguments."""
    named = _Named(entities, candidates)
    known = Types(relation.name for relation in schema.relations)
    joined: dict[tuple[str, str, str], tuple[int, int] | None] = {}
    counts = dict.fromkeys(("duplicate_relations", "unknown_arguments", "violations"), 0)
    kept, seen = [], set()
    for item in items:
        name = known.label_of(item["type"])
        asked = (item["head"], name, item["tail"])
        if asked not in joined:
            joined[asked] = named.join(*asked, schema)
        pair = joined[asked]
        if pair is None:
            counts["unknown_arguments"] += 1
            continue
        key = (name, *(sorted(pair) if name in schema.symmetric else pair))
        repeated = key in seen
        seen.add(key)
        counts["duplicate_relations"] += repeated
        violates = pair[0] == pair[1] or not schema.allows(name, *(entities[index].label for index in pair))
        counts["violations"] += violates and not repeated
        if not (repeated and deduplicate) and not (violates and drop_violations):
            kept.append(Relation(name, *pair))
    return tuple(kept), counts


class _Named:
    """Entities by their text: as it is written, or else by its folded form."""

    def __init__(self, entities: Sequence[FoundEntity], candidates: Iterable[int]):
        self.entities = entities
        self.written: dict[str, list[int]] = defaultdict(list)
        self.folded: dict[str, list[int]] = defaultdict(list)
        for index in candidates:
            self.written[entities[index].value].append(index)
            self.folded[_folded(entities[index].value)].append(index)

    def join(self, head: str, name: str, tail: str, schema: RelationSchema) -> tuple[int, int] | None:
        """The two entities that are meant by the texts of a relation's arguments; None when there are no such."""
        heads, tails = self._by_label(head), self._by_label(tail)
        labels = sorted(product(heads, tails))
        allowed = [pair for pair in labels if schema.allows(name, *pair)]
        for choice in (allowed, labels):
            pairs = [self._nearest(heads[one], tails[other]) for one, other in choice]
            found = [pair for pair in pairs if pair is not None]
            if found:
                return min(found)[1:]
        # Nothing but one entity on both sides, if there is any.
        return next(((heads[label][0], heads[label][0]) for label, _ in labels), None)

    def _by_label(self, value: str) -> dict[str, list[int]]:
        """Entities with this text by label, by position; only those in the text, if there are any."""
        indices = self.written.get(value) or self.folded.get(_folded(value), [])
        placed = [index for index in indices if self.entities[index].start is not None]
        result = defaultdict(list)
        for index in sorted(placed, key=self._start) or indices:
            result[self.entities[index].label].append(index)
        return result

    def _nearest(self, heads: Sequence[int], tails: Sequence[int]) -> tuple[int, int, int] | None:
        """Distance, head and tail of the two different entities that begin nearest to each other, the first such."""
        best = None
        starts = [self._start(tail) for tail in tails]
        for head in heads:
            middle = bisect_left(starts, self._start(head))
            for tail in tails[max(0, middle - 1) : middle + 2]:
                distance = abs(self._start(tail) - self._start(head))
                if tail != head and (best is None or distance < best[0]):
                    best = distance, head, tail
        return best

    def _start(self, index: int) -> int:
        start = self.entities[index].start
        return 0 if start is None else start


def _folded(value: str) -> str:
    """What texts of arguments are compared by; a value of nothing but punctuation is only like itself."""
    return normalise(value) or value
