"""Small inputs of ../shared/cases that no test of a single reader looks at; see the README there."""

import pytest

from medtune.data.label_map_file import read_label_map
from medtune.data.medical_qa import distinct_questions, read_specialties
from medtune.data.pubtator import read_pubtator
from medtune.files import BYTE_ORDER_MARK
from medtune.metrics.text.medical_terms import load_terms, terms_of
from medtune.tasks.meerkat.template import load_template
from medtune.tasks.radgraph.prompts import load_prompt


@pytest.fixture
def cases(corpora):
    return corpora.parent / "cases"


def test_byte_order_marks_and_line_ends_are_no_part_of_settings(cases):
    settings = cases / "99_bom_settings"
    assert all(
        path.read_text(encoding="utf-8").startswith(BYTE_ORDER_MARK)
        for path in settings.iterdir()
        if "bom" in path.name
    )
    assert read_label_map(settings / "map_bom.json").entities == {"C": "D"}
    assert read_label_map(settings / "map_bom.yaml").entities == {"Chemical": "Drug"}
    assert {load_prompt(settings / f"prompt_{name}.txt") for name in ("bom", "crlf")} == {"List the anatomy as JSON."}
    assert load_template(settings / "template_bom.jinja").startswith("{% for m in messages %}")
    assert terms_of("Aspirin for fever", load_terms(settings / "terms_bom.txt")) == {"aspirin", "fever"}


def test_a_byte_order_mark_is_no_part_of_the_first_id_of_pubtator(cases):
    (document,) = read_pubtator(cases / "32_pubtator_bom" / "x.PubTator").documents
    assert (document.id, len(document.entities), len(document.relations)) == ("111", 2, 1)


def test_letters_that_answer_many_questions_lose_none_of_them(cases):
    kept, dropped = distinct_questions(read_specialties(cases / "A0_medqa_letter_answers", 1))
    assert {specialty: len(questions) for specialty, questions in kept.items()} == {"cardiology": 40, "surgery": 40}
    assert dropped == []
