import json

import pytest

from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.studies.yesno.bioasq import OTHER_TYPE, read_bioasq
from medtune.studies.yesno.questions import NO_RATIONALE, ONLY_LABEL, Question


def record(key="55031181e9bde69634000014", **changes):
    fields = {
        "id": key,
        "type": "yesno",
        "body": "Is Hirschsprung disease a mendelian disorder?",
        "exact_answer": "no",
        "ideal_answer": ["It is multifactorial [PMID: 15829955]. Genes matter.", "Another."],
        "documents": [],
    }
    return {name: value for name, value in (fields | changes).items() if value != "missing"}


def read(folder, *records, content=None):
    path = folder / "training.json"
    path.write_text(content if content is not None else json.dumps({"questions": list(records)}), encoding="utf-8")
    return read_bioasq(path, "bioasq")


def test_a_record_becomes_a_question(tmp_path):
    questions, dropped = read(tmp_path, record("1"), record("2", exact_answer=["yes"], ideal_answer="It is."))
    text = "Is Hirschsprung disease a mendelian disorder?"
    assert questions == [
        Question(text, "No", "It is multifactorial.", "bioasq", "1"),
        Question(text, "Yes", "It is.", "bioasq", "2"),
    ]
    assert dropped == []


def test_other_types_and_empty_answers_are_dropped(tmp_path):
    questions, dropped = read(
        tmp_path, record("1", type="factoid", exact_answer="missing"), record("2", ideal_answer=[]), record("3")
    )
    assert [question.key for question in questions] == ["3"]
    assert dropped == [Dropped("bioasq", "1", OTHER_TYPE), Dropped("bioasq", "2", NO_RATIONALE)]


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"body": "missing"}, 'record "9": no question; expected text in the field "body"'),
        ({"exact_answer": "missing"}, 'record "9": no label'),
        ({"exact_answer": "perhaps"}, 'record "9": unknown label "perhaps"; expected yes, no or maybe'),
        ({"type": "missing"}, 'record "9": no type'),
        ({"id": "missing", "body": ""}, 'record "number 1": no question'),
        ({"ideal_answer": [{"text": "It is."}]}, 'record "9": the field "ideal_answer" holds'),
    ],
)
def test_a_faulty_record_is_named(tmp_path, changes, problem):
    with pytest.raises(InputError) as caught:
        read(tmp_path, record("9", **changes))
    assert "training.json, " + problem in str(caught.value)


@pytest.mark.parametrize(
    "content, problem",
    [
        ("[]", 'expected a JSON object with a list "questions"'),
        ('{"questions": {}}', 'expected a JSON object with a list "questions"'),
        ('{"questions": []}', "the file holds no records"),
        ('{"questions": ["a"]}', 'record "number 1": expected a JSON object, found str'),
        ('{"questions":\n[,]}', "line 2: not valid JSON"),
    ],
)
def test_a_file_in_another_layout_is_refused(tmp_path, content, problem):
    with pytest.raises(InputError) as caught:
        read(tmp_path, content=content)
    assert problem in str(caught.value)


def test_an_answer_that_restates_the_label_is_passed_over(corpora):
    questions, dropped = read_bioasq(corpora.parent / "cases/60_bioasq_restated_label/q.json", "bioasq")
    assert {question.key: question.rationale for question in questions} == {
        "5001": "Drug number 1 lowers systolic pressure by 8 mmHg in adults.",
        "5002": "Drug 2 did not change pressure.",
        "5003": "Drug 3 lowers it.",
        "5004": "No effect was seen.",
    }
    assert dropped == [Dropped("bioasq", "5005", ONLY_LABEL)]


def test_a_byte_order_mark_is_no_part_of_the_file(corpora):
    questions, _ = read_bioasq(corpora.parent / "cases/65_bioasq_bom/q.json", "bioasq")
    assert [question.rationale for question in questions] == ["It does so."]
