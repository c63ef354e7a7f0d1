import json
import re

from medtune.studies.radgraph.generator import GROUP_OF
from medtune.studies.radgraph.listing import FIELDS, KINDS, NOT_THERE, POOLS, ROLES, listing_documents
from medtune.studies.radgraph.reports import LABELS
from medtune.studies.radgraph.template import REQUIRED
from medtune.studies.radgraph.word_material import material


def lists(documents: list[str]) -> list[tuple[str, str, list[dict]]]:
    """Request, sentence and items of every list."""
    found = []
    for document in documents:
        lines = document.split("\n")
        for place, line in enumerate(lines):
            if line == "Answer:":
                sentence = lines[place - 1].removeprefix("Sentence: ")
                found.append((lines[place - 2], sentence, json.loads(lines[place + 1])))
    return found


def test_the_same_seed_gives_the_same_documents_and_another_seed_others():
    assert listing_documents(50, 1) == listing_documents(50, 1)
    assert listing_documents(50, 1) != listing_documents(50, 2)
    assert len(listing_documents(50, 1)) == 50


def test_items_name_terms_of_the_sentence_in_its_order_and_their_places():
    listed = lists(listing_documents(400, 0))
    assert len(listed) > 400
    for _, sentence, items in listed:
        terms = [next(item[field] for field in FIELDS if field in item) for item in items]
        assert all(term in sentence for term in terms)
        for item, term in zip(items, terms, strict=True):
            if "start_position" in item:
                assert sentence[item["start_position"] : item["end_position"]] == term
        starts = [item["start_position"] for item in items if "start_position" in item]
        assert starts == sorted(starts)


def test_some_lists_are_empty_and_most_are_not():
    empty = [not items for _, _, items in lists(listing_documents(400, 0))]
    assert 0.1 < sum(empty) / len(empty) < 0.5


def test_goods_are_listed_only_where_the_sentence_says_what_happened_to_them():
    cues = {word for kind in KINDS.values() for pair in kind.cues for word in pair}
    asked = [found for found in lists(listing_documents(1000, 0)) if found[0] != "List all."]
    quiet = [items for _, sentence, items in asked if not cues & set(sentence.lower().split())]
    assert len(quiet) > 50
    assert {item[field].lower() for items in quiet for item in items for field in FIELDS if field in item} <= {*ROLES}


def test_a_kind_that_no_sentence_names_is_asked_for_and_its_list_is_empty():
    asked = lists(listing_documents(1000, 0))
    in_vain = [items for request, _, items in asked if {*NOT_THERE} & set(request.strip(".").split())]
    assert len(in_vain) > 100 and not any(in_vain)


def test_every_term_of_the_study_is_practised_in_copying():
    assert GROUP_OF.keys() <= {term for pool in POOLS.values() for term in pool}
    listed = lists(listing_documents(20000, 0))
    copied = {item[field].lower() for _, _, items in listed for item in items for field in FIELDS if field in item}
    assert GROUP_OF.keys() <= copied


def test_no_list_is_of_a_kind_that_the_study_asks_for_and_nothing_tells_them():
    text = " ".join(listing_documents(4000, 0))
    assert not any(label in text for label in LABELS)
    asked = {line for line in text.split("\n") if line.startswith(("List", "Name"))}
    assert not [line for line in asked if re.search("anatom|observ|absent|present|uncertain|finding", line)]


def test_what_is_held_out_is_not_in_the_text():
    read = material(listing_documents(4000, 0), GROUP_OF)
    assert len(read["term_pairs"]) > 1000
    assert not [pair for pair in read["term_pairs"] if GROUP_OF[pair[0]] == GROUP_OF[pair[1]]]


def test_no_list_has_the_fields_that_the_study_asks_for():
    assert all(not set(REQUIRED) & set(item) for _, _, items in lists(listing_documents(400, 0)) for item in items)
