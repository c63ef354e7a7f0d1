"""From a corpus's labels onto those of the study, by a map that names every label of the corpus.

What the map leaves out is left out on purpose and counted; a label that it does not name stops the work, so that no
part of a corpus is lost unseen. Without a map a corpus keeps its own labels: `relation_schema.schema_of` is its schema.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from medtune.data.related import (
    RelatedCorpus,
    RelatedDocument,
    RelatedEntity,
    Relation,
    entity_counts,
    relation_counts,
    unique,
)
from medtune.data.relation_schema import RelationSchema
from medtune.errors import InputError

NO_ARGUMENT = "relation with an argument whose entity type is left out"
MERGED = "relation that is the same as another one after mapping"


@dataclass(frozen=True)
class Rule:
    """What a relation of the corpus becomes: `type`, where its arguments are a `head` and a `tail` of these entity
    types. All three are the study's."""

    type: str
    head: str
    tail: str


@dataclass(frozen=True)
class LabelMap:
    """How labels of a corpus are read as the study's.

    name: for tables and messages; says that a map is a proxy, where it is one. entities: the study's type of each
    entity type, none to leave it out. relations: the rules of each relation type, of which the first that fits holds;
    without rules it is left out. undirected: the corpus names the arguments in either order, so that a rule may turn
    them round. caption: what to say where figures from mapped data are shown.
    """

    name: str
    entities: Mapping[str, str | None]
    relations: Mapping[str, Sequence[Rule]]
    undirected: bool = False
    caption: str = ""

    @property
    def rules(self) -> Iterator[Rule]:
        """The rules of all relation types."""
        return (rule for rules in self.relations.values() for rule in rules)


BIORED_PROXY = LabelMap(
    name="BioRED (proxy)",
    entities={
        "DiseaseOrPhenotypicFeature": "Disease",
        "ChemicalEntity": "Drug",
        "GeneOrGeneProduct": None,
        "SequenceVariant": None,
        "OrganismTaxon": None,
        "CellLine": None,
    },
    relations={
        "Negative_Correlation": (Rule("treats", "Drug", "Disease"),),
        "Positive_Correlation": (Rule("causes", "Drug", "Disease"),),
        "Drug_Interaction": (Rule("interacts_with", "Drug", "Drug"),),
        "Association": (),
        "Bind": (),
        "Comparison": (),
        "Conversion": (),
        "Cotreatment": (),
    },
    undirected=True,
    caption=(
        "A proxy: BioRED annotates correlations, not treatment or cause. A negative correlation of a chemical and a "
        "disease or phenotype is read as treats, a positive one as causes, a drug interaction as interacts_with; "
        "symptoms are among the diseases, and there are no lab tests, procedures, indicates or prevents."
    ),
)
"""BioRED on the study's types."""


def map_schema(label_map: LabelMap, schema: RelationSchema) -> RelationSchema:
    """A schema that also allows what the rules of a map say, such as drugs that cause diseases.

    Raises InputError when the map names an entity or relation type that the schema does not have.
    """
    for target in label_map.entities.values():
        _check_known(label_map, "entity type", target, schema.entities)
    added: dict[str, set[tuple[str, str]]] = {relation.name: set() for relation in schema.relations}
    for rule in label_map.rules:
        _check_known(label_map, "relation type", rule.type, tuple(added))
        for end in (rule.head, rule.tail):
            _check_known(label_map, "entity type", end, schema.entities)
        added[rule.type].add((rule.head, rule.tail))
    relations = tuple(replace(relation, pairs=relation.pairs | added[relation.name]) for relation in schema.relations)
    return replace(schema, relations=relations)


def map_labels(corpus: RelatedCorpus, label_map: LabelMap, schema: RelationSchema) -> RelatedCorpus:
    """A corpus in the labels of the study. schema: the study's, or what `map_schema` made of it.

    What is left out is counted by its label in `left_out`; documents stay, also without entities.
    Raises InputError naming the labels of the corpus that the map does not have.
    """
    _check_covers(label_map, corpus.documents)
    left_out = Counter(corpus.left_out)
    documents = tuple(_mapped(document, label_map, schema, left_out) for document in corpus.documents)
    return replace(corpus, documents=documents, symmetric=schema.symmetric, left_out=dict(left_out))


def _mapped(
    document: RelatedDocument, label_map: LabelMap, schema: RelationSchema, left_out: Counter[str]
) -> RelatedDocument:
    """One document; `left_out` is added to."""
    entities: list[RelatedEntity] = []
    places: dict[int, int] = {}
    for index, entity in enumerate(document.entities):
        label = label_map.entities[entity.label]
        if label is None:
            left_out[f"entity type {entity.label}"] += 1
            continue
        places[index] = len(entities)
        entities.append(replace(entity, label=label))
    bare = replace(document, entities=tuple(entities), relations=())
    relations: list[Relation] = []
    for relation in document.relations:
        moved = _moved(relation, bare, places)
        if not label_map.relations[relation.type]:
            left_out[f"relation type {relation.type}"] += 1
        elif moved is None:
            left_out[NO_ARGUMENT] += 1
        elif found := _by_rule(moved, bare, label_map, schema):
            relations.append(found)
        else:
            ends = " and ".join(sorted(bare.labels_of(moved.head)[:1] + bare.labels_of(moved.tail)[:1]))
            left_out[f"{relation.type} of {ends}, which no rule reads"] += 1
    kept, merged = unique(relations)
    left_out.update({MERGED: merged} if merged else {})
    return replace(bare, relations=kept)


def _moved(relation: Relation, document: RelatedDocument, places: Mapping[int, int]) -> Relation | None:
    """A relation in a document that has fewer entities; none when an argument is no longer there."""
    head, tail = (end if isinstance(end, str) else places.get(end, -1) for end in (relation.head, relation.tail))
    moved = Relation(relation.type, head, tail)
    return moved if document.mentions_of(head) and document.mentions_of(tail) else None


def _by_rule(
    relation: Relation, document: RelatedDocument, label_map: LabelMap, schema: RelationSchema
) -> Relation | None:
    """A relation as the first rule that fits reads it."""
    orders = [(relation.head, relation.tail), (relation.tail, relation.head)]
    for rule in label_map.relations[relation.type]:
        turns = label_map.undirected or rule.type in schema.symmetric
        for head, tail in orders if turns else orders[:1]:
            if rule.head in document.labels_of(head) and rule.tail in document.labels_of(tail):
                return Relation(rule.type, head, tail)
    return None


def _check_covers(label_map: LabelMap, documents: Sequence[RelatedDocument]) -> None:
    """One sentence for all labels that a map does not name."""
    missing = [
        f'the {kind} "{label}" ({count} in the corpus)'
        for kind, counts, known in (
            ("entity type", entity_counts(documents), label_map.entities),
            ("relation type", relation_counts(documents), label_map.relations),
        )
        for label, count in counts.items()
        if label not in known
    ]
    if missing:
        raise InputError(
            f'label map "{label_map.name}": does not name {", ".join(missing)}; say what each label becomes, or leave '
            "it out with null"
        )


def _check_known(label_map: LabelMap, kind: str, name: str | None, known: Sequence[str]) -> None:
    if name is not None and name not in known:
        raise InputError(
            f'label map "{label_map.name}": the {kind} "{name}" is not one of the study; expected {", ".join(known)}'
        )
