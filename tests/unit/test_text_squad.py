import re
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from medtune.metrics.text.squad import normalise, squad
from tests.unit.text_cases import PREDICTIONS, REFERENCES, pairs


def normalised(text):
    """The steps of SQuAD's script, in its order: lower case, punctuation, articles, white space."""
    text = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def expected_f1(prediction, reference):
    """SQuAD 2.0: precision and recall of the multisets; without tokens on one side, whether both are without."""
    predicted, gold = normalised(prediction).split(), normalised(reference).split()
    if not predicted or not gold:
        return int(predicted == gold)
    same = sum((Counter(predicted) & Counter(gold)).values())
    if same == 0:
        return 0
    precision, recall = same / len(predicted), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def check_against_definition(predictions, references):
    scores = squad(predictions, references)
    texts = list(zip(predictions, references, strict=True))
    assert scores["exact_match"].items.tolist() == [normalised(p) == normalised(r) for p, r in texts]
    assert scores["token_f1"].items == pytest.approx([expected_f1(p, r) for p, r in texts], abs=1e-12)


@given(pairs)
def test_random_texts_score_by_the_definition(texts):
    check_against_definition(*map(list, zip(*texts, strict=True)))


def test_nasty_texts_score_by_the_definition():
    check_against_definition(PREDICTIONS, REFERENCES)


def test_articles_case_and_punctuation_do_not_matter():
    assert normalise("The  pain, an Ache: a 5-mg dose!") == "pain ache 5mg dose"
    assert squad(["The aspirin."], ["aspirin"])["exact_match"].items[0] == 1


def test_articles_inside_words_stay():
    assert normalise("anaemia theatre") == "anaemia theatre"


def test_a_repeated_word_counts_as_often_as_in_both():
    # 2 in common of 3 and 2: F1 = 4 / 5; as sets it would be 1.
    assert squad(["pain pain pain"], ["pain pain"])["token_f1"].items[0] == pytest.approx(0.8)


def test_a_dose_must_be_the_same():
    assert squad(["5 mg"], ["50 mg"])["exact_match"].items[0] == 0


def test_no_exact_match_at_all_still_has_an_interval():
    estimate = squad(["x"] * 10, ["y"] * 10)["exact_match"].estimate()
    assert (estimate.value, estimate.low, estimate.method) == (0, 0, "Wilson")
    assert estimate.high == pytest.approx(0.2775, abs=1e-3)


LONG = "Rest, fluids and, where the pain is strong, paracetamol."


def test_short_exact_match_is_over_questions_with_a_short_answer_alone():
    scores = squad(["Lisinopril.", "aspirin", LONG], ["lisinopril", "the ibuprofen", LONG])
    assert scores["exact_match"].estimate().value == pytest.approx(2 / 3)
    short = scores["exact_match_short"]
    assert short.items[:2].tolist() == [1, 0]
    assert np.isnan(short.items[2])
    assert (short.estimate().value, short.estimate().n) == (0.5, 2)


def test_counts_of_an_item_without_a_score_are_zero():
    assert squad(["a"], [LONG])["exact_match_short"].counts.tolist() == [[0, 0]]
