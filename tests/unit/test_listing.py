import json
import re

from medtune.data.radgraph import LABELS
from medtune.data.synthetic.listing import FIELDS, listing_documents
from medtune.data.synthetic.radgraph import HELD_OUT, LEARNT, WORDING
from medtune.data.word_material import material
from medtune.tasks.radgraph.template import REQUIRED


def lists(documents: list[str]) -> list[tuple[str, list[dict]]]:
    """Sentence and items of every list."""
    found = []
    for document in documents:
        lines = document.split("\n")
        for place, line in enumerate(lines):
            if line == "Answer:":
                found.append((lines[place - 1].removeprefix("Sentence: "), json.loads(lines[place + 1])))
    return found


def test_the_same_seed_gives_the_same_documents_and_another_seed_others():
    assert listing_documents(50, 1) == listing_documents(50, 1)
    assert listing_documents(50, 1) != listing_documents(50, 2)
    assert len(listing_documents(50, 1)) == 50


def test_items_name_terms_of_the_sentence_in_its_order_and_their_places():
    listed = lists(listing_documents(400, 0))
    assert len(listed) > 400
    for sentence, items in listed:
        terms = [next(item[field] for field in FIELDS if field in item) for item in items]
        assert all(term in sentence for term in terms)
        for item, term in zip(items, terms, strict=True):
            if "start_position" in item:
                assert sentence[item["start_position"] : item["end_position"]] == term
        starts = [item["start_position"] for item in items if "start_position" in item]
        assert starts == sorted(starts)


def test_some_lists_are_empty_and_most_are_not():
    empty = [not items for _, items in lists(listing_documents(400, 0))]
    assert 0.1 < sum(empty) / len(empty) < 0.5


def test_no_list_is_of_a_kind_that_the_study_asks_for_and_nothing_tells_them():
    text = " ".join(listing_documents(4000, 0))
    assert not any(label in text for label in LABELS)
    asked = {line for line in text.split("\n") if line.startswith(("List", "Name"))}
    assert not [line for line in asked if re.search("anatom|observ|absent|present|uncertain|finding", line)]


def test_what_is_held_out_is_not_in_the_text():
    terms = {*HELD_OUT.observations, *HELD_OUT.anatomy, *HELD_OUT.devices}
    read = material(listing_documents(4000, 0), {*terms, *LEARNT.observations}, WORDING)
    assert not read["terms"] & terms and read["terms"] & {*LEARNT.observations}


def test_no_list_has_the_fields_that_the_study_asks_for():
    assert all(not set(REQUIRED) & set(item) for _, items in lists(listing_documents(400, 0)) for item in items)
