import numpy as np
import pytest

from medtune.studies.yesno.generator import LABELS, PARTS, make_questions
from medtune.studies.yesno.rationales import content_words, polarity, rationale_scores

QUESTION = "In a trial of 30 nurses, hand washing reduced nausea. Does hand washing reduce nausea?"


def scores(rationale, label="Yes", question=QUESTION, gold="Hand washing reduced nausea."):
    value = None if rationale is None else {"label": label, "rationale": rationale}
    found = rationale_scores([{"question": question, "rationale": gold}], [{"value": value}])
    return {name: score.items[0] for name, score in found.items()}


def test_a_faithful_rationale_has_all():
    assert scores("Hand washing reduced nausea.") == {
        "question_overlap": 0.75,  # "reduce" is another word than "reduced"
        "names_terms": 1,
        "agrees_with_label": 1,
        "rationale_rouge_l": 1,
    }


def test_a_rationale_about_something_else_is_seen():
    found = scores("Statin therapy lowers chest pain.")
    assert (found["question_overlap"], found["names_terms"], found["rationale_rouge_l"]) == (0, 0, 0)
    assert found["agrees_with_label"] == 1  # it speaks for Yes, of other things


@pytest.mark.parametrize("rationale", ["Hand washing reduced chest pain.", "Statin therapy reduced nausea."])
def test_a_rationale_about_half_of_the_question_does_not_name_its_terms(rationale):
    assert scores(rationale)["names_terms"] == 0


def test_a_rationale_against_its_own_label_is_seen():
    assert scores("Hand washing did not reduce nausea.")["agrees_with_label"] == 0
    assert scores("Hand washing did not reduce nausea.", label="No")["agrees_with_label"] == 1


@pytest.mark.parametrize("rationale", [None, ""])
def test_no_rationale_counts_nothing(rationale):
    assert set(scores(rationale).values()) == {0}


def test_what_cannot_be_asked_is_not_defined():
    found = scores("It fell.", question="Is it so?", gold="")
    assert [name for name, value in found.items() if np.isnan(value)] == [
        "question_overlap",
        "names_terms",
        "rationale_rouge_l",
    ]


@pytest.mark.parametrize(
    "rationale, label",
    [
        ("Mortality fell by a third.", "Yes"),
        ("There was no difference between the groups.", "No"),
        ("It doesn't help.", "No"),
        ("The effect may not last.", "Uncertain"),
        ("Further studies are needed.", "Uncertain"),
        ("It was noted at night.", "Yes"),
    ],
)
def test_cue_words_tell_what_a_rationale_speaks_for(rationale, label):
    assert polarity(rationale) == label


def test_gold_rationales_of_synthetic_questions_agree_with_their_labels():
    questions = [question for part in PARTS for question in make_questions(40, 1, part=part)]
    wrong = [question.rationale for question in questions if polarity(question.rationale) != question.label]
    assert {question.label for question in questions} == set(LABELS)
    assert wrong == []


def test_gold_rationales_of_real_questions_mostly_agree(corpora):
    from medtune.studies.yesno.pubmedqa import read_pubmedqa

    questions, _ = read_pubmedqa(corpora / "pubmedqa/ori_pqal.json", "labelled")
    right = {label: [polarity(q.rationale) == label for q in questions if q.label == label] for label in LABELS}
    # As the summary says: the rule is coarse, above all for doubt.
    assert {label: round(100 * np.mean(values)) for label, values in right.items()} == {
        "Yes": 76,
        "No": 59,
        "Uncertain": 18,
    }


def test_content_words_leave_out_function_words():
    assert content_words("Does the use of zinc lower fever?") == {"use", "zinc", "lower", "fever"}
