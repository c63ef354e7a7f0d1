"""What the synthetic base model of the relations study reads before it is adapted."""

import json

import pytest

from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.errors import InputError
from medtune.kinds.relations.output import ENTITIES, LISTS, RELATIONS
from medtune.studies.relations.generator import held_out_terms, make_splits, training_terms
from medtune.studies.relations.held_out import count_held_out
from medtune.studies.relations.listing import (
    FORMS,
    KINDS,
    LINKS,
    QUESTION,
    practised_prompt,
    relation_listing_documents,
)
from medtune.studies.relations.practice import PRACTICE
from medtune.studies.relations.wording import LEXICON, WORDING


@pytest.fixture(scope="module")
def documents() -> list[str]:
    return relation_listing_documents(1500, 0)


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    made = make_splits({"train": 200, "validation": 60, "test": 60}, 1, passages=1)
    return {split: [item.document.text for item in items] for split, items in made.items()}


def answers(documents: list[str]) -> list[tuple[str, object]]:
    """Text and answer of every list."""
    found = []
    for document in documents:
        lines = document.split("\n")
        for place, line in enumerate(lines):
            if line.startswith(QUESTION):
                after = next(number for number in range(place, len(lines)) if lines[number] == "Answer:")
                found.append((line.removeprefix(QUESTION), json.loads(lines[after + 1])))
    return found


def items(answer: object) -> list[dict]:
    """The items of an answer, whether it is a list or an object of lists."""
    return answer if isinstance(answer, list) else [item for members in answer.values() for item in members]


def test_the_same_seed_gives_the_same_documents_and_another_seed_others():
    assert relation_listing_documents(50, 1) == relation_listing_documents(50, 1) != relation_listing_documents(50, 2)
    assert len(relation_listing_documents(50, 1)) == 50


def test_terms_are_listed_with_their_kind_in_the_order_of_the_text(documents):
    kind_of = {term.lower(): kind for kind, terms in PRACTICE.lexicon.items() for term in terms}
    seen = set()
    for text, answer in answers(documents):
        for form in FORMS:
            name, kind = form.term
            listed = [item for item in items(answer) if name in item]
            for item in listed:
                if kind in item:
                    assert item[kind] == kind_of[item[name].lower()]
                    seen.add(item[kind])
            place = 0
            for item in listed:
                place = text.index(item[name], place) + 1
    assert seen == set(KINDS)


def test_links_of_all_types_join_terms_of_the_text(documents):
    seen = set()
    for text, answer in answers(documents):
        for head, link, tail in (form.link for form in FORMS):
            for item in items(answer):
                if link in item:
                    assert item[head] in text and item[tail] in text
                    seen.add(item[link])
    assert seen == set(LINKS)


def test_of_clinical_texts_names_alone_are_listed(documents):
    """Nothing is said of their types and relations."""
    terms = {term.lower() for term in training_terms()}
    clinical = 0
    for text, answer in answers(documents):
        listed = {str(value).lower() for item in items(answer) for value in item.values()}
        if listed & terms and not set(LINKS) & listed:
            assert all(len(item) == 1 for item in items(answer)), (text, answer)
            clinical += 1
    assert clinical > 100


def test_neither_the_names_nor_the_types_nor_the_relations_that_the_study_asks_for_are_practised(documents):
    asked = {ENTITIES, RELATIONS, *(field for fields in LISTS.values() for field in fields)}
    types = {*STUDY_SCHEMA.entities, *(relation.name for relation in STUDY_SCHEMA.relations)}
    for _, answer in answers(documents):
        assert not asked & set(answer if isinstance(answer, dict) else ())
        assert not any(asked & item.keys() for item in items(answer))
        assert not any(types & set(item.values()) for item in items(answer))
    assert not set(LINKS) & types
    assert not {word.lower() for word in (*KINDS, *LINKS)} & {name.lower() for name in types}


def test_the_other_world_shares_no_term_and_no_verb_with_the_study():
    clinical = {word for terms in LEXICON.values() for term in terms for word in term.lower().split()}
    for terms in PRACTICE.lexicon.values():
        assert not clinical & {word for term in terms for word in term.lower().split()}
    verbs = [
        {word for words in world.values() for verb in words.verbs for word in verb}
        for world in (WORDING, PRACTICE.words)
    ]
    assert not verbs[0] & verbs[1]


def test_nothing_of_validation_and_test_is_read_and_that_is_counted(documents, texts):
    counts = count_held_out([*texts["validation"], *texts["test"]], texts["train"], documents)
    assert set(counts) == {"training", "pre-training"}
    for kinds in counts.values():
        assert {kind: found["shared"] for kind, found in kinds.items()} == {
            "sentences": 0,
            "templates": 0,
            "held-out terms": 0,
        }
        assert all(found["held_out"] > 20 for found in kinds.values())
    assert count_held_out(texts["test"], texts["train"], None)["pre-training"] is None


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        ("{test}", "of validation and test stand in the pre-training text"),
        ("Name the terms.\nNote: {test}\nAnswer:\n[]", "sentences of validation and test"),
        ("Note: rifampicin.", r"1 of \d+ held-out terms"),
    ],
)
def test_what_has_been_read_is_found(documents, texts, planted, sentence):
    held_out = [*texts["validation"], *texts["test"]]
    with pytest.raises(InputError, match=sentence):
        count_held_out(held_out, texts["train"], [*documents, planted.format(test=texts["test"][0])])


def test_another_wording_with_its_terms_changed_is_found_by_its_template():
    held_out = ["Gout was treated with warfarin."]
    with pytest.raises(InputError, match="1 of 1 templates of validation and test stand in the training text"):
        count_held_out(held_out, ["Asthma was treated with aspirin."], None)


def test_the_practised_prompt_is_one_that_was_practised(documents):
    kinds, links = sorted(KINDS), sorted(LINKS)
    asked = practised_prompt("An otter.", kinds, links)
    named = [document for document in documents if "\nKinds: " in document and "Name the terms and links." in document]
    assert named and asked.startswith("Name the terms and links.\nKinds: ") and asked.endswith("Answer:\n")
    lines = named[0].split("\n")
    assert [line.split(":")[0] for line in lines[1:4]] == [line.split(":")[0] for line in asked.split("\n")[1:4]]


def test_terms_are_of_training_or_held_out_and_never_both():
    assert not set(training_terms()) & held_out_terms()
    assert len(held_out_terms()) == 30


def test_some_lists_are_empty_and_most_are_not(documents):
    empty = [not items(answer) for _, answer in answers(documents)]
    assert 0.03 < sum(empty) / len(empty) < 0.4
