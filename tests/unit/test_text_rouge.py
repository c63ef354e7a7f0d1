import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from medtune.metrics.text.rouge import rouge
from tests.unit.text_cases import PREDICTIONS, REFERENCES, pairs


def check_against_rouge_score(predictions, references, stemmer):
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=stemmer)
    expected = [scorer.score(r, p) for p, r in zip(predictions, references, strict=True)]
    scores = rouge(predictions, references, stemmer)
    for ours, theirs in (("ROUGE-1", "rouge1"), ("ROUGE-2", "rouge2"), ("ROUGE-L", "rougeL")):
        assert scores[ours].items == pytest.approx([score[theirs].fmeasure for score in expected], abs=1e-12)


@given(pairs, st.booleans())
def test_random_texts_score_as_by_rouge_score(texts, stemmer):
    check_against_rouge_score(*map(list, zip(*texts, strict=True)), stemmer)


@pytest.mark.parametrize("stemmer", [False, True])
def test_nasty_texts_score_as_by_rouge_score(stemmer):
    check_against_rouge_score(PREDICTIONS, REFERENCES, stemmer)


def test_the_order_of_words_matters_for_the_longest_subsequence_only():
    scores = rouge(["pain of the chest"], ["the chest of pain"])
    assert scores["ROUGE-1"].items[0] == 1
    assert scores["ROUGE-L"].items[0] == pytest.approx(0.5)


def test_the_stemmer_makes_plurals_equal():
    assert rouge(["tablets"], ["tablet"])["ROUGE-1"].items[0] == 0
    assert rouge(["tablets"], ["tablet"], stemmer=True)["ROUGE-1"].items[0] == 1


def test_the_corpus_figure_is_the_mean():
    assert rouge(["a b", "c d"], ["a b", "x y"])["ROUGE-1"].estimate().value == pytest.approx(0.5)
