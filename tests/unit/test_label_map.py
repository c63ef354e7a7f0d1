from dataclasses import replace

import pytest

from medtune.data.related import (
    RelatedCorpus,
    RelatedDocument,
    RelatedEntity,
    Relation,
    check_documents,
    relation_counts,
)
from medtune.data.relation_schema import STUDY_SCHEMA, check_schema
from medtune.errors import InputError
from medtune.studies.relations.label_map import (
    BIORED_PROXY,
    MERGED,
    NO_ARGUMENT,
    LabelMap,
    Rule,
    map_labels,
    map_schema,
)
from medtune.studies.relations.pubtator import read_pubtator

SCHEMA = map_schema(BIORED_PROXY, STUDY_SCHEMA)
TYPES = ("ChemicalEntity", "DiseaseOrPhenotypicFeature", "GeneOrGeneProduct", "ChemicalEntity")


def corpus(*relations, concepts=True):
    entities = tuple(
        RelatedEntity(place, place + 1, label, "abcd"[place], ("ABCD"[place],) if concepts else ())
        for place, label in enumerate(TYPES)
    )
    return RelatedCorpus((RelatedDocument("1", "abcd", entities, tuple(Relation(*r) for r in relations)),))


def mapped(*relations, label_map=BIORED_PROXY, schema=SCHEMA, **settings):
    return map_labels(corpus(*relations, **settings), label_map, schema)


def test_correlations_of_chemical_and_disease_are_read_from_the_chemical_on_in_either_order():
    found = mapped(
        ("Negative_Correlation", "B", "A"), ("Positive_Correlation", "D", "B"), ("Drug_Interaction", "D", "A")
    )
    (document,) = found.documents
    assert document.relations == (
        Relation("treats", "A", "B"),
        Relation("causes", "D", "B"),
        Relation("interacts_with", "D", "A"),
    )
    assert [entity.label for entity in document.entities] == ["Drug", "Disease", "Drug"]
    assert found.symmetric == {"interacts_with"}


def test_what_is_left_out_is_counted_by_its_label():
    found = mapped(
        ("Association", "A", "B"),
        ("Positive_Correlation", "A", "C"),
        ("Negative_Correlation", "A", "D"),
        ("Negative_Correlation", "A", "B"),
        ("Negative_Correlation", "B", "A"),
    )
    assert found.documents[0].relations == (Relation("treats", "A", "B"),)
    assert found.left_out == {
        "entity type GeneOrGeneProduct": 1,
        "relation type Association": 1,
        NO_ARGUMENT: 1,
        "Negative_Correlation of Drug and Drug, which no rule reads": 1,
        MERGED: 1,
    }


def test_a_directed_corpus_keeps_its_direction():
    directed = replace(BIORED_PROXY, undirected=False)
    found = mapped(("Negative_Correlation", "B", "A"), ("Negative_Correlation", "A", "B"), label_map=directed)
    assert found.documents[0].relations == (Relation("treats", "A", "B"),)


def test_relations_between_mentions_follow_them_when_others_are_left_out():
    found = mapped(("Negative_Correlation", 3, 1), ("Bind", 2, 0), concepts=False)
    (document,) = found.documents
    assert document.relations == (Relation("treats", 2, 1),)
    assert document.entities[2].text == "d"


def test_a_map_that_leaves_out_a_label_is_told_all_of_them():
    small = LabelMap("mine", {"ChemicalEntity": "Drug", "GeneOrGeneProduct": None}, {"Bind": ()})
    with pytest.raises(InputError) as caught:
        mapped(("Association", "A", "B"), ("Bind", "A", "C"), label_map=small)
    assert str(caught.value) == (
        'label map "mine": does not name the entity type "DiseaseOrPhenotypicFeature" (1 in the corpus), the relation '
        'type "Association" (1 in the corpus); say what each label becomes, or leave it out with null'
    )


def test_a_map_onto_what_the_study_does_not_have_is_refused():
    with pytest.raises(InputError) as caught:
        map_schema(replace(BIORED_PROXY, entities={"ChemicalEntity": "Chemical"}), STUDY_SCHEMA)
    assert str(caught.value) == (
        'label map "BioRED (proxy)": the entity type "Chemical" is not one of the study; expected Disease, Symptom, '
        "Drug, Lab_Test, Procedure"
    )
    with pytest.raises(InputError, match='the relation type "binds" is not one of the study'):
        map_schema(replace(BIORED_PROXY, relations={"Bind": (Rule("binds", "Drug", "Drug"),)}), STUDY_SCHEMA)
    with pytest.raises(InputError, match='the entity type "Gene" is not one of the study'):
        map_schema(replace(BIORED_PROXY, relations={"Bind": (Rule("treats", "Drug", "Gene"),)}), STUDY_SCHEMA)


def test_the_schema_of_a_map_allows_what_its_rules_say_and_no_more():
    assert SCHEMA.allows("causes", "Drug", "Disease") and not STUDY_SCHEMA.allows("causes", "Drug", "Disease")
    assert not SCHEMA.allows("causes", "Drug", "Symptom")
    assert all(SCHEMA.allows("causes", head, "Symptom") for head in ("Disease", "Symptom"))


def test_the_default_map_says_that_it_is_a_proxy():
    assert "proxy" in BIORED_PROXY.name and BIORED_PROXY.caption.startswith("A proxy")


def test_biored_on_the_types_of_the_study(corpora):
    path = corpora / "biored" / "Train.PubTator"
    if not path.is_file():
        pytest.skip("BioRED is not here (expected Train.PubTator in ../shared/data/biored)")
    found = map_labels(read_pubtator(path), BIORED_PROXY, SCHEMA)
    check_documents(found.documents, path.name)
    check_schema(found.documents, SCHEMA, path.name)
    assert relation_counts(found.documents) == {"causes": 410, "treats": 297, "interacts_with": 11}
    left_out = sum(count for reason, count in found.left_out.items() if "elation" in reason or "no rule" in reason)
    assert left_out + 410 + 297 + 11 == 4_178
