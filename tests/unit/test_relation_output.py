"""What is made of a relation model's answer: its shape, places, duplicates, and what the schema allows."""

import json
import re
import time
import tracemalloc
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.listed_entities import UNKNOWN
from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.data.relation_schema import STUDY_SCHEMA, schema_of
from medtune.kinds.relations.output import Removals, extract, extract_given, read_output, write_output
from medtune.kinds.relations.pairs import concept_pair, entity_pair
from medtune.kinds.relations.relation_scores import count_concept_relations, score_relations
from medtune.metrics.span_scores import count_spans, score_spans
from medtune.studies.relations.pubtator import read_pubtator

TEXT = "Metformin treats type 2 diabetes. Fever and cough; aspirin was stopped. Warfarin with aspirin is a risk."
DIABETES = ("type 2 diabetes", "Disease")


def answer(entities, relations):
    return json.dumps(
        {
            "entities": [{"text": text, "type": label} for text, label in entities],
            "relations": [{"head": head, "type": name, "tail": tail} for head, name, tail in relations],
        }
    )


def extracted(entities, relations, text=TEXT, **options):
    return extract(text, read_output(answer(entities, relations)), STUDY_SCHEMA, **options)


def named(extraction):
    """Relations with the texts of their arguments."""
    values = [entity.value for entity in extraction.entities]
    return [(values[relation.head], relation.type, values[relation.tail]) for relation in extraction.relations]


def counted(extraction):
    return {name: count for name, count in asdict(extraction.removals).items() if count}


def document(entities, relations, text=TEXT):
    """entities: (text, label, which occurrence). relations: with indices of entities."""
    found = []
    for value, label, nth in entities:
        start = -1
        for _ in range(nth):
            start = text.index(value, start + 1)
        found.append(RelatedEntity(start, start + len(value), label, value))
    return RelatedDocument("d", text, tuple(found), tuple(Relation(name, head, tail) for head, name, tail in relations))


def test_entities_get_their_places_and_relations_join_them():
    found = extracted([("metformin", "Drug"), DIABETES], [("metformin", "treats", "type 2 diabetes")])
    assert [(e.value, e.label, TEXT[e.start : e.end]) for e in found.entities] == [
        ("metformin", "Drug", "Metformin"),
        ("type 2 diabetes", "Disease", "type 2 diabetes"),
    ]
    assert found.relations == (Relation("treats", 0, 1),)
    assert found.removals == Removals()


def test_relations_listed_before_the_entities_are_joined_too():
    items = json.loads(answer([("Metformin", "Drug"), DIABETES], [("Metformin", "treats", "type 2 diabetes")]))
    parsed = read_output(json.dumps(dict(reversed(items.items()))))
    assert len(extract(TEXT, parsed, STUDY_SCHEMA).relations) == 1


def test_a_relation_with_an_argument_that_is_no_listed_entity_is_dropped_and_counted():
    found = extracted(
        [("Metformin", "Drug"), ("...", "Drug")], [("Metformin", "treats", "cancer"), ("?", "treats", "")]
    )
    assert (named(found), found.removals.unknown_arguments) == ([], 2)


def test_arguments_are_found_without_regard_to_case_and_spacing():
    found = extracted([("Metformin", "Drug"), DIABETES], [("METFORMIN", "treats", "Type 2  diabetes")])
    assert named(found) == [("Metformin", "treats", "type 2 diabetes")]


def test_the_same_place_with_the_same_type_twice_is_a_duplicate_and_a_second_occurrence_is_none():
    entities = [("aspirin", "Drug")] * 3 + [("aspirin", "Disease")]
    found = extracted(entities, [])
    assert [(e.start, e.label) for e in found.entities] == [
        (TEXT.index("aspirin"), "Drug"),
        (TEXT.rindex("aspirin"), "Drug"),
        (TEXT.rindex("aspirin"), "Disease"),
    ]
    assert counted(found) == {"duplicate_entities": 1}
    assert len(extracted(entities, [], deduplicate=False).entities) == 4


def test_the_order_of_the_list_tells_which_occurrence_is_meant():
    text = (
        "Old hypothyroidism. Is it hypothyroidism? Fever. Then hypothyroidism, and later on once more hypothyroidism."
    )
    entities = [("Fever", "Symptom"), *[("hypothyroidism", "Disease")] * 2]
    places = [match.start() for match in re.finditer("hypothyroidism", text)]
    assert [entity.start for entity in extracted(entities, [], text=text).entities[1:]] == places[2:]
    after = extracted([("Old hypothyroidism", "Disease"), ("hypothyroidism", "Disease")], [], text=text)
    assert after.entities[1].start == places[1]


def test_an_entity_within_the_one_before_it_is_found_and_another_order_loses_none():
    text = "No hypothyroidism. Old hypothyroidism. Fever."
    entities = [("Old hypothyroidism", "Disease"), ("hypothyroidism", "Disease"), ("Fever", "Symptom")]
    places = [entity.start for entity in extracted(entities, [], text=text).entities]
    assert places == [19, 23, 39]
    assert None not in [entity.start for entity in extracted(entities[::-1], [], text=text).entities]


def test_values_that_are_not_in_the_text_stay_as_entities_without_a_place():
    found = extracted([("insulin", "Drug"), ("Insulin", "Drug"), DIABETES], [("insulin", "treats", "type 2 diabetes")])
    assert [entity.start for entity in found.entities] == [None, TEXT.index("type")]
    assert named(found) == [("insulin", "treats", "type 2 diabetes")]
    assert counted(found) == {"duplicate_entities": 1, "unplaced_entities": 1}


def test_repeated_relations_are_removed_and_counted_and_a_symmetric_one_repeats_itself_the_other_way_round():
    entities = [("Warfarin", "Drug"), ("aspirin", "Drug"), ("Fever", "Symptom"), ("cough", "Symptom")]
    relations = [
        ("Warfarin", "interacts_with", "aspirin"),
        ("aspirin", "interacts_with", "Warfarin"),
        ("Fever", "causes", "cough"),
        ("cough", "causes", "Fever"),
        ("fever", "causes", "cough"),
    ]
    found = extracted(entities, relations)
    assert named(found) == [relations[0], relations[2], relations[3]]
    assert counted(found) == {"duplicate_relations": 2}
    kept = extracted(entities, relations, deduplicate=False)
    assert (len(kept.relations), counted(kept)) == (5, {"duplicate_relations": 2})


@pytest.mark.parametrize(
    "relation",
    [
        ("type 2 diabetes", "treats", "Metformin"),
        ("Metformin", "causes", "type 2 diabetes"),
        ("Metformin", "cures", "type 2 diabetes"),
        ("Metformin", "interacts_with", "Metformin"),
    ],
)
def test_what_the_schema_does_not_allow_is_counted_and_dropped_if_asked(relation):
    entities = [("Metformin", "Drug"), DIABETES]
    dropped, kept = (extracted(entities, [relation] * 2, drop_violations=drop) for drop in (True, False))
    assert counted(dropped) == counted(kept) == {"violations": 1, "duplicate_relations": 1}
    assert (len(dropped.relations), len(kept.relations)) == (0, 1)


def test_types_outside_the_schema_are_unknown_and_allow_no_relation():
    found = extracted([("Metformin", "Pill"), DIABETES], [("Metformin", "treats", "type 2 diabetes")])
    assert [entity.label for entity in found.entities] == [UNKNOWN, "Disease"]
    assert counted(found) == {"violations": 1}


def test_types_may_differ_in_case_spaces_and_hyphens():
    found = extracted([("aspirin", "lab test"), ("Warfarin", "DRUG"), ("Warfarin", "drug")], [])
    assert {entity.label for entity in found.entities} == {"Lab_Test", "Drug"}


def test_among_mentions_with_one_text_the_two_that_begin_nearest_to_each_other_are_meant():
    entities = [("aspirin", "Drug"), ("Warfarin", "Drug"), ("aspirin", "Drug")]
    for relation in [("aspirin", "interacts_with", "Warfarin"), ("Warfarin", "interacts_with", "aspirin")]:
        found = extracted(entities, [relation])
        assert {found.relations[0].head, found.relations[0].tail} == {1, 2}


def test_two_mentions_of_one_text_can_be_related_but_none_to_itself():
    found = extracted([("aspirin", "Drug")] * 2, [("aspirin", "interacts_with", "aspirin")])
    assert {found.relations[0].head, found.relations[0].tail} == {0, 1}


def test_among_entities_with_one_text_those_are_meant_that_the_schema_allows():
    entities = [("Fever", "Symptom"), ("Fever", "Disease"), ("aspirin", "Drug")]
    found = extracted(entities, [("aspirin", "treats", "Fever")], text="Fever, then aspirin.")
    assert found.entities[found.relations[0].tail].label == "Disease"


def test_half_an_object_keeps_what_is_complete():
    whole = answer([("Metformin", "Drug"), DIABETES], [("Metformin", "treats", "type 2 diabetes")])
    for end in range(len(whole)):
        parsed = read_output(whole[:end])
        found = extract(TEXT, parsed, STUDY_SCHEMA)
        complete = whole[:end].count("}")
        assert len(found.entities) == min(complete, 2)
        assert len(found.relations) == (complete == 3)
        assert parsed.repaired == (complete > 0)


def test_json_in_the_text_is_text():
    text = 'Reported as {"entities": [{"text": "fever"}]} by the laboratory.'
    value = '{"entities": [{"text": "fever"}]}'
    found = extracted([(value, "Symptom"), ("fever", "Symptom")], [], text=text)
    assert [text[e.start : e.end] for e in found.entities] == [value, "fever"]


def test_an_answer_that_holds_an_answer_as_a_value_has_no_items_from_within():
    inner = json.loads(answer([("Metformin", "Drug")], []))
    parsed = read_output(json.dumps({"entities": [{"text": inner, "type": "Drug"}], "relations": [inner]}))
    assert (parsed.status, parsed.dropped) == ("wrong_shape", {"entities": 1, "relations": 1})
    assert extract(TEXT, parsed, STUDY_SCHEMA).entities == ()


@pytest.mark.parametrize("deduplicate", [True, False])
def test_ten_thousand_repeats_take_bounded_time_and_memory(deduplicate):
    text = "aspirin and warfarin " * 500
    entities = [("aspirin", "Drug"), ("warfarin", "Drug")]
    output = answer(entities * 5000, [("aspirin", "interacts_with", "warfarin")] * 10_000)
    began = time.process_time()
    tracemalloc.start()
    try:
        found = extract(text, read_output(output), STUDY_SCHEMA, deduplicate=deduplicate)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 30
    assert peak < 40 * len(output)
    assert found.removals.duplicate_relations == 9_999
    assert found.removals.duplicate_entities == 9_000
    assert len(found.relations) == (1 if deduplicate else 10_000)


def test_given_entities_are_those_of_the_document_whatever_the_answer_lists():
    gold = document([("Metformin", "Drug", 1), ("type 2 diabetes", "Disease", 1)], [])
    parsed = read_output(
        answer([("aspirin", "Drug")], [("Metformin", "treats", "type 2 diabetes"), ("aspirin", "x", "y")])
    )
    found = extract_given(gold, parsed, STUDY_SCHEMA)
    assert [(e.start, e.end) for e in found.entities] == [(e.start, e.end) for e in gold.entities]
    assert (named(found), found.removals.unknown_arguments) == ([("Metformin", "treats", "type 2 diabetes")], 1)


def test_a_document_is_written_in_the_order_of_the_text_and_without_repeats():
    gold = document(
        [("type 2 diabetes", "Disease", 1), ("Metformin", "Drug", 1), ("Metformin", "Drug", 1)],
        [(1, "treats", 0), (2, "treats", 0)],
    )
    assert write_output(gold) == (
        '{"entities":[{"text":"Metformin","type":"Drug"},{"text":"type 2 diabetes","type":"Disease"}],'
        '"relations":[{"head":"Metformin","type":"treats","tail":"type 2 diabetes"}]}'
    )
    assert write_output(RelatedDocument("d", "Nothing.")) == '{"entities":[],"relations":[]}'


def test_a_relation_between_concepts_is_written_with_the_first_mention_of_each():
    entities = (
        RelatedEntity(34, 39, "Symptom", "Fever", ("C1",)),
        RelatedEntity(0, 9, "Drug", "Metformin", ("C2", "C3")),
        RelatedEntity(44, 49, "Symptom", "cough", ("C1",)),
    )
    gold = RelatedDocument("d", TEXT, entities, (Relation("prevents", "C3", "C1"),))
    assert '"relations":[{"head":"Metformin","type":"prevents","tail":"Fever"}]' in write_output(gold)


WORDS = ("aspirin", "warfarin", "metformin", "heparin", "insulin")


@given(
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=5, unique=True).flatmap(
        lambda words: st.tuples(
            st.just(words),
            st.lists(st.tuples(st.sampled_from(range(len(words))), st.sampled_from(range(len(words)))), max_size=6),
        )
    )
)
def test_what_is_written_of_a_document_is_read_back(case):
    words, pairs = case
    pairs = sorted({tuple(sorted(pair)) for pair in pairs if pair[0] != pair[1]})
    gold = document(
        [(word, "Drug", 1) for word in words], [(a, "interacts_with", b) for a, b in pairs], text=" or ".join(words)
    )
    parsed = read_output(write_output(gold))
    found = extract(gold.text, parsed, STUDY_SCHEMA)
    assert parsed.status == "ok"
    assert [(e.start, e.end, e.label) for e in found.entities] == [(e.start, e.end, e.label) for e in gold.entities]
    assert found.relations == gold.relations
    assert found.removals == Removals()


def test_gold_answers_to_biored_are_read_back_nearly_whole(corpora):
    corpus = read_pubtator(corpora / "biored" / "Dev.PubTator")
    schema = schema_of(corpus.documents, corpus.symmetric)
    found = [extract(document.text, read_output(write_output(document)), schema) for document in corpus.documents]
    pairs = list(zip(corpus.documents, found, strict=True))
    entities = score_spans(count_spans([entity_pair(*pair) for pair in pairs]))
    counts = count_concept_relations([concept_pair(*pair) for pair in pairs], schema.symmetric)
    relations = score_relations(counts)
    assert (entities.gold, relations.gold) == (3533, 1162)
    assert min(entities.micro["strict"].f1.value, relations.micro["strict"].f1.value) > 0.99


@given(
    st.lists(st.tuples(st.text(max_size=5), st.sampled_from(["Drug", "drug", "?"])), max_size=6),
    st.lists(st.tuples(st.text(max_size=5), st.sampled_from(["interacts_with", "?"]), st.text(max_size=5)), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_every_item_is_kept_or_counted(entities, relations, deduplicate, drop):
    found = extracted(entities, relations, text="a b aa .", deduplicate=deduplicate, drop_violations=drop)
    counts = found.removals
    assert len(found.entities) + deduplicate * counts.duplicate_entities == len(entities)
    lost = counts.unknown_arguments + deduplicate * counts.duplicate_relations
    if not drop:
        assert len(found.relations) + lost == len(relations)
    assert len(found.relations) <= len(relations) - counts.unknown_arguments - drop * counts.violations
    assert all(max(r.head, r.tail) < len(found.entities) for r in found.relations)
