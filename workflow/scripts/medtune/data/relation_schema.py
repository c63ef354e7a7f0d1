"""Which relations can hold between which types of entities."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from medtune.data.related import RelatedDocument, Relation, entity_counts, relation_counts
from medtune.errors import InputError


@dataclass(frozen=True)
class RelationType:
    """A relation and the entity types of its arguments. pairs: (head, tail); the order counts unless `symmetric`."""

    name: str
    pairs: frozenset[tuple[str, str]]
    symmetric: bool = False

    @property
    def heads(self) -> tuple[str, ...]:
        """Entity types that can be the head, by the alphabet."""
        return tuple(sorted({head for pair in self.pairs for head in self._heads_of(pair)}))

    @property
    def tails(self) -> tuple[str, ...]:
        """Entity types that can be the tail, by the alphabet."""
        return tuple(sorted({tail for pair in self.pairs for tail in self._heads_of(pair[::-1])}))

    def allows(self, head: str, tail: str) -> bool:
        """Whether it can hold between two entity types."""
        return (head, tail) in self.pairs or (self.symmetric and (tail, head) in self.pairs)

    def _heads_of(self, pair: tuple[str, str]) -> tuple[str, ...]:
        return pair if self.symmetric else pair[:1]


@dataclass(frozen=True)
class RelationSchema:
    """Entity types and relation types of a study or a corpus, in the order in which they are shown."""

    entities: tuple[str, ...]
    relations: tuple[RelationType, ...]

    @property
    def symmetric(self) -> frozenset[str]:
        """Relation types whose arguments have no order."""
        return frozenset(relation.name for relation in self.relations if relation.symmetric)

    def relation(self, name: str) -> RelationType | None:
        """The relation type of that name; none when it is not in the schema."""
        return next((relation for relation in self.relations if relation.name == name), None)

    def allows(self, name: str, head: str, tail: str) -> bool:
        """Whether a relation of that type can hold between two entity types; an unknown type allows none."""
        relation = self.relation(name)
        return relation is not None and relation.allows(head, tail)


def relation_type(name: str, heads: Sequence[str], tails: Sequence[str], *, symmetric: bool = False) -> RelationType:
    """A relation type that holds between each of `heads` and each of `tails`."""
    return RelationType(name, frozenset((head, tail) for head in heads for tail in tails), symmetric)


STUDY_SCHEMA = RelationSchema(
    entities=("Disease", "Symptom", "Drug", "Lab_Test", "Procedure"),
    relations=(
        relation_type("treats", ("Drug", "Procedure"), ("Disease",)),
        relation_type("causes", ("Disease", "Symptom"), ("Symptom",)),
        relation_type("indicates", ("Symptom", "Lab_Test"), ("Disease",)),
        relation_type("prevents", ("Drug",), ("Disease", "Symptom")),
        relation_type("interacts_with", ("Drug",), ("Drug",), symmetric=True),
    ),
)
"""The types of the study."""


def schema_of(documents: Sequence[RelatedDocument], symmetric: Collection[str] = ()) -> RelationSchema:
    """The schema of a corpus with its own labels: the types that occur, and the pairs that are related.

    Types are in the order of their frequency. symmetric: relation types whose arguments have no order.
    """
    pairs: dict[str, set[tuple[str, str]]] = {}
    for document in documents:
        for relation in document.relations:
            pairs.setdefault(relation.type, set()).update(_type_pairs(document, relation))
    return RelationSchema(
        tuple(entity_counts(documents)),
        tuple(RelationType(name, frozenset(pairs[name]), name in symmetric) for name in relation_counts(documents)),
    )


def check_schema(documents: Sequence[RelatedDocument], schema: RelationSchema, source: str) -> None:
    """Raise InputError, naming the document, for a type of entity or relation outside the schema, or for a relation
    that cannot hold between its arguments."""
    known = ", ".join(relation.name for relation in schema.relations)
    for document in documents:
        where = f'{source}, document "{document.id}"'
        for entity in document.entities:
            if entity.label not in schema.entities:
                raise InputError(
                    f'{where}: "{entity.text}" has the entity type "{entity.label}", which is not in the schema; '
                    f"expected one of {', '.join(schema.entities)}"
                )
        for relation in document.relations:
            if schema.relation(relation.type) is None:
                raise InputError(
                    f'{where}: the relation type "{relation.type}" is not in the schema; expected one of {known}'
                )
            found = _type_pairs(document, relation)
            if not any(schema.allows(relation.type, head, tail) for head, tail in found):
                head, tail = found[0]
                raise InputError(f'{where}: "{relation.type}" cannot hold between {head} and {tail} by the schema')


def _type_pairs(document: RelatedDocument, relation: Relation) -> list[tuple[str, str]]:
    """(head type, tail type) of a relation; several where a concept has mentions of several types."""
    tails = document.labels_of(relation.tail)
    return [(head, tail) for head in document.labels_of(relation.head) for tail in tails]
