import pytest

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.data.relation_schema import STUDY_SCHEMA, check_schema, relation_type, schema_of
from medtune.errors import InputError


def document(*relations, labels=("Drug", "Disease", "Symptom")):
    entities = tuple(RelatedEntity(index, index + 1, label, "abc"[index]) for index, label in enumerate(labels))
    return RelatedDocument("7", "abc", entities, tuple(Relation(*relation) for relation in relations))


def refusal(found):
    with pytest.raises(InputError) as caught:
        check_schema([found], STUDY_SCHEMA, "notes.jsonl")
    return str(caught.value)


def test_the_study_has_its_five_relations_with_their_types():
    assert {r.name: (r.heads, r.tails, r.symmetric) for r in STUDY_SCHEMA.relations} == {
        "treats": (("Drug", "Procedure"), ("Disease",), False),
        "causes": (("Disease", "Symptom"), ("Symptom",), False),
        "indicates": (("Lab_Test", "Symptom"), ("Disease",), False),
        "prevents": (("Drug",), ("Disease", "Symptom"), False),
        "interacts_with": (("Drug",), ("Drug",), True),
    }
    assert STUDY_SCHEMA.symmetric == {"interacts_with"}


def test_the_order_counts_unless_a_relation_is_symmetric():
    assert STUDY_SCHEMA.allows("treats", "Drug", "Disease")
    assert not STUDY_SCHEMA.allows("treats", "Disease", "Drug")
    assert not STUDY_SCHEMA.allows("cures", "Drug", "Disease")
    binds = relation_type("binds", ["Drug"], ["Gene"], symmetric=True)
    assert binds.allows("Drug", "Gene") and binds.allows("Gene", "Drug") and not binds.allows("Drug", "Drug")
    assert binds.heads == binds.tails == ("Drug", "Gene")


def test_a_document_within_the_schema_passes():
    check_schema([document(("treats", 0, 1), ("causes", 1, 2))], STUDY_SCHEMA, "made")


def test_an_entity_type_outside_the_schema_is_named():
    assert refusal(document(labels=("Drug", "Medication", "Symptom"))) == (
        'notes.jsonl, document "7": "b" has the entity type "Medication", which is not in the schema; expected one of '
        "Disease, Symptom, Drug, Lab_Test, Procedure"
    )


def test_a_relation_outside_the_schema_is_named():
    assert refusal(document(("cures", 0, 1))) == (
        'notes.jsonl, document "7": the relation type "cures" is not in the schema; expected one of treats, causes, '
        "indicates, prevents, interacts_with"
    )
    assert refusal(document(("treats", 1, 0))) == (
        'notes.jsonl, document "7": "treats" cannot hold between Disease and Drug by the schema'
    )


def test_a_corpus_with_its_own_labels_has_the_schema_of_what_occurs():
    schema = schema_of([document(("binds", 0, 1), ("binds", 1, 2), ("helps", 0, 2))], symmetric=["binds"])
    assert schema.entities == ("Disease", "Drug", "Symptom")
    assert [relation.name for relation in schema.relations] == ["binds", "helps"]
    assert schema.allows("binds", "Symptom", "Disease") and not schema.allows("helps", "Symptom", "Drug")
    assert not schema.allows("binds", "Drug", "Symptom")
