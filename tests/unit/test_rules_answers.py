"""Rules for answers: that of the nearest training question."""

import pytest

from medtune.kinds.answers.task import AnswerTask
from medtune.methods.rules.fitting import fit

TASK = AnswerTask("qa", "Question: {text}\nAnswer:")
TRAIN = [
    {"id": "a", "text": "What causes gout?", "answer": "Crystals."},
    {"id": "b", "text": "What causes asthma attacks?", "answer": "Allergens."},
    {"id": "c", "text": "How is gout treated?", "answer": "Colchicine."},
]


def answers(*questions, train=TRAIN):
    rules = fit("answers", TASK, train, {})
    found = rules.answer([{"id": str(n), "text": text} for n, text in enumerate(questions)])
    return [(one.fields["answer"], one.confidence) for one in found]


def test_the_answer_is_that_of_the_nearest_question():
    found = answers("How would one treat gout, and how is it treated?", "causes of ASTHMA attacks")
    assert [answer for answer, _ in found] == ["Colchicine.", "Allergens."]
    assert all(0 < confidence < 1 for _, confidence in found)


def test_a_training_question_gets_its_own_answer():
    found = answers(*(row["text"] for row in TRAIN))
    assert [answer for answer, _ in found] == [row["answer"] for row in TRAIN]
    assert [confidence for _, confidence in found] == pytest.approx([1, 1, 1])
    assert max(confidence for _, confidence in found) <= 1


def test_a_question_without_a_known_word_gets_the_first_answer_with_no_confidence():
    assert answers("Xyz") == [("Crystals.", 0)]


def test_of_two_questions_as_near_the_first_one_answers():
    assert answers("gout", train=[{**TRAIN[0], "answer": "First."}, TRAIN[0]])[0][0] == "First."


def test_many_questions_are_answered_in_blocks(monkeypatch):
    monkeypatch.setattr("medtune.methods.rules.answers.ROWS", 2)
    questions = [row["text"] for row in TRAIN] * 2
    assert [answer for answer, _ in answers(*questions)] == [row["answer"] for row in TRAIN] * 2
