"""What the made model of the relations study reads before it is adapted."""

import json

import pytest

from medtune.data.relation_output import ENTITIES, LISTS, RELATIONS
from medtune.data.synthetic.relation_listing import FORMS, KIND_OF, LINKS, TERMS, relation_listing_documents
from medtune.data.synthetic.relation_wording import LEXICON
from medtune.data.synthetic.relations import make_splits, split_of


@pytest.fixture(scope="module")
def documents() -> list[str]:
    return relation_listing_documents(1500, 0)


def answers(documents: list[str]) -> list[tuple[str, object]]:
    """Text and answer of every list."""
    found = []
    for document in documents:
        lines = document.split("\n")
        for place, line in enumerate(lines):
            if line.startswith("Note: "):
                after = next(number for number in range(place, len(lines)) if lines[number] == "Answer:")
                found.append((line.removeprefix("Note: "), json.loads(lines[after + 1])))
    return found


def items(answer: object) -> list[dict]:
    """The items of an answer, whether it is a list or an object of lists."""
    return answer if isinstance(answer, list) else [item for members in answer.values() for item in members]


def test_the_same_seed_gives_the_same_documents_and_another_seed_others():
    assert relation_listing_documents(50, 1) == relation_listing_documents(50, 1) != relation_listing_documents(50, 2)
    assert len(relation_listing_documents(50, 1)) == 50


def test_terms_are_listed_with_their_kind_in_the_order_of_the_text(documents):
    kinds = {**KIND_OF, **{term[0].upper() + term[1:]: kind for term, kind in KIND_OF.items()}}
    for text, answer in answers(documents):
        for form in FORMS:
            name, kind = form.term
            listed = [item for item in items(answer) if name in item]
            assert all(item.get(kind, kinds[item[name]]) == kinds[item[name]] for item in listed)
            places = [text.index(item[name]) for item in listed]
            assert places == sorted(places)


def test_links_of_all_types_join_terms_of_the_text(documents):
    seen = set()
    for text, answer in answers(documents):
        for head, link, tail in (form.link for form in FORMS):
            for item in items(answer):
                if link in item:
                    assert item[head] in text and item[tail] in text and item[head] != item[tail]
                    seen.add(item[link])
    assert seen == set(LINKS)


def test_no_list_has_the_names_that_the_study_asks_for(documents):
    asked = {ENTITIES, RELATIONS, *(field for fields in LISTS.values() for field in fields)}
    for _, answer in answers(documents):
        assert not asked & set(answer if isinstance(answer, dict) else ())
        assert not any(asked & item.keys() for item in items(answer))


def test_no_template_sentence_of_the_test_split_is_read(documents):
    """By the texts alone: with its terms blanked, each sentence belongs to the training split."""
    terms = {term for terms in LEXICON.values() for term in terms[:TERMS]}
    named = sorted((*terms, *(term[0].upper() + term[1:] for term in terms)), key=len, reverse=True)
    held_out = {
        template.wording
        for items in make_splits({"validation": 200, "test": 200}, 1, passages=1, terms=TERMS).values()
        for item in items
        for template in item.templates
    }
    blanked = []
    for text, _ in answers(documents):
        for term in named:
            text = text.replace(term, "_")
        blanked += [f"{sentence.rstrip('.')}." for sentence in text.split(". ")]
    assert not held_out & set(blanked)
    from_texts = [sentence for sentence in blanked if split_of(sentence) == "train"]
    assert len(from_texts) > len(blanked) / 2


def test_some_lists_are_empty_and_most_are_not(documents):
    empty = [not items(answer) for _, answer in answers(documents)]
    assert 0.03 < sum(empty) / len(empty) < 0.4
