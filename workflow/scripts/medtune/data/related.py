"""Documents with entities and the relations between them, as every reader of such corpora gives them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from medtune.data.dropped import Dropped
from medtune.errors import InputError

Argument = str | int
"""What a relation joins: a concept id (text), or the index of an entity of the document (a whole number)."""

DISCONTINUOUS = "discontinuous mention, taken as the range around its parts"
REPEATED = "repeated relation"
NO_IDS = ("", "-", "-1")
_COMPOSITE = re.compile(r"(?:(?:MESH:|OMIM:)?(?:[A-Z]?\d+|-1)\|)+(?:MESH:|OMIM:)?(?:[A-Z]?\d+|-1)")
"""MeSH or OMIM ids, or "-1" for none, joined by bars."""
NO_CONCEPT = "entity without a concept id"


@dataclass(frozen=True)
class RelatedEntity:
    """A labelled part of a text. start, end: characters (code points), end exclusive. text: the slice between them.
    concepts: ids of what it names; several for a mention of several things, none where the corpus has no id."""

    start: int
    end: int
    label: str
    text: str
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """A relation of a document. One between concepts is said of the document as a whole, and is not to be crossed into
    all pairs of their mentions: how often a concept is named says nothing about how many relations it has."""

    type: str
    head: Argument
    tail: Argument


@dataclass(frozen=True)
class RelatedDocument:
    """A text with its entities and relations. id: unique in its corpus."""

    id: str
    text: str
    entities: tuple[RelatedEntity, ...] = ()
    relations: tuple[Relation, ...] = ()

    def mentions_of(self, argument: Argument) -> tuple[int, ...]:
        """Indices of the entities that an argument of a relation stands for: the mentions of a concept, or the one."""
        if isinstance(argument, str):
            return tuple(index for index, entity in enumerate(self.entities) if argument in entity.concepts)
        return (argument,) if 0 <= argument < len(self.entities) else ()

    def labels_of(self, argument: Argument) -> tuple[str, ...]:
        """Labels of an argument's entities, each once, in the order of the entities."""
        return tuple(dict.fromkeys(self.entities[index].label for index in self.mentions_of(argument)))


@dataclass(frozen=True)
class RelatedCorpus:
    """What a reader found. symmetric: relation types whose arguments have no order. dropped: records without a
    document. left_out: what was left out or changed within documents, and how often."""

    documents: tuple[RelatedDocument, ...]
    symmetric: frozenset[str] = frozenset()
    dropped: tuple[Dropped, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


def concept_ids(written: str) -> tuple[str, ...]:
    """The ids in a field of a corpus, in which commas part them and "-" and "-1" stand for none."""
    return tuple(dict.fromkeys(part.strip() for part in written.split(",") if part.strip() not in NO_IDS))


def parts_of_composite(concept: str) -> tuple[str, ...]:
    """The ids of the parts of a composite mention, which bars join (BC5CDR: "D051437|D017093"); of another id, which
    may have bars of its own ("c|DEL|1314_1328|"), itself."""
    parts = concept.split("|") if _COMPOSITE.fullmatch(concept) else [concept]
    return tuple(part for part in parts if part not in NO_IDS)


def unique(relations: Iterable[Relation]) -> tuple[tuple[Relation, ...], int]:
    """Relations without those that occur again, in the order given, and how many these were."""
    found = list(relations)
    kept = tuple(dict.fromkeys(found))
    return kept, len(found) - len(kept)


def concept_document(
    identifier: str,
    text: str,
    entities: Sequence[RelatedEntity],
    relations: Sequence[tuple[str, Relation]],
    left_out: Counter[str],
) -> RelatedDocument:
    """A document whose relations are between concepts, without repeated ones.

    relations: each with where it stands, for messages. left_out: gets what is counted, in place.
    Raises InputError when a relation names a concept that no entity has.
    """
    named = {concept for _, relation in relations for concept in (relation.head, relation.tail)}
    entities = [_resolved(entity, named) for entity in entities]
    known = {concept for entity in entities for concept in entity.concepts}
    for where, relation in relations:
        for concept in (relation.head, relation.tail):
            if concept not in known:
                raise InputError(
                    f'{where}: the relation "{relation.type}" names the concept "{concept}", which no entity of '
                    f'document "{identifier}" has'
                )
    kept, repeated = unique(relation for _, relation in relations)
    notes = {NO_CONCEPT: sum(not entity.concepts for entity in entities), REPEATED: repeated}
    left_out.update({reason: count for reason, count in notes.items() if count})
    return RelatedDocument(identifier, text, tuple(entities), kept)


def _resolved(entity: RelatedEntity, named: Collection[str]) -> RelatedEntity:
    """The entity with the concepts of its parts, but for composite ids that relations name as a whole, as in BioRED."""
    parts = [part for c in entity.concepts for part in ((c,) if c in named else parts_of_composite(c))]
    return replace(entity, concepts=tuple(dict.fromkeys(parts)))


def faults(document: RelatedDocument) -> Iterator[str]:
    """What breaks the contract: offsets that do not slice to the entity's text, arguments that no entity has."""
    for number, entity in enumerate(document.entities, start=1):
        if not 0 <= entity.start < entity.end <= len(document.text):
            yield (
                f'entity {number}, "{entity.text}": the span {entity.start} to {entity.end} is empty or outside the '
                f"text, which has {len(document.text)} characters"
            )
        elif document.text[entity.start : entity.end] != entity.text:
            there = document.text[entity.start : entity.end]
            yield f'entity {number} is "{entity.text}", but at {entity.start} to {entity.end} the text has "{there}"'
    for relation in document.relations:
        for argument in (relation.head, relation.tail):
            if not document.mentions_of(argument):
                kind = f'"{argument}", which no entity has as its concept' if isinstance(argument, str) else ""
                yield f'the relation "{relation.type}" names {kind or f"entity {argument + 1}, which is not there"}'


def check_documents(documents: Sequence[RelatedDocument], source: str) -> None:
    """Raise InputError, naming the source and the document, when an id occurs twice or a document has a fault."""
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:
            raise InputError(f'{source}: the id "{document.id}" occurs more than once; ids must be unique')
        seen.add(document.id)
        for fault in faults(document):
            raise InputError(f'{source}, document "{document.id}": {fault}')


def entity_counts(documents: Iterable[RelatedDocument]) -> dict[str, int]:
    """Entities by label, the most frequent first, equal ones by the alphabet."""
    return _ranked(entity.label for document in documents for entity in document.entities)


def relation_counts(documents: Iterable[RelatedDocument]) -> dict[str, int]:
    """Relations by type, the most frequent first, equal ones by the alphabet."""
    return _ranked(relation.type for document in documents for relation in document.relations)


def to_row(document: RelatedDocument) -> dict:
    """A document as JSON: `id`, `text`, `entities` and `relations`, with the names of the fields above."""
    return {
        "id": document.id,
        "text": document.text,
        "entities": [
            {"start": e.start, "end": e.end, "label": e.label, "text": e.text, "concepts": list(e.concepts)}
            for e in document.entities
        ],
        "relations": [{"type": r.type, "head": r.head, "tail": r.tail} for r in document.relations],
    }


def from_row(row: Mapping) -> RelatedDocument:
    """The document of a row that `to_row` made; further fields are passed over."""
    return RelatedDocument(
        row["id"],
        row["text"],
        tuple(RelatedEntity(**{**entity, "concepts": tuple(entity["concepts"])}) for entity in row["entities"]),
        tuple(Relation(**relation) for relation in row["relations"]),
    )


def _ranked(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
