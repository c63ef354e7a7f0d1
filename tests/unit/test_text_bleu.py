import numpy as np
import pytest
from hypothesis import given
from sacrebleu.metrics import BLEU

from medtune.metrics.significance import paired_difference
from medtune.metrics.text.bleu import bleu, bleu_of_counts
from tests.unit.text_cases import NASTY, PREDICTIONS, REFERENCES, pairs


def check_against_sacrebleu(predictions, references):
    scores = bleu(predictions, references)
    for order in range(1, 5):
        reference = BLEU(max_ngram_order=order, effective_order=True)
        ours = scores[f"BLEU-{order}"]
        sentences = [reference.sentence_score(p, [r]).score / 100 for p, r in zip(predictions, references, strict=True)]
        assert ours.items == pytest.approx(sentences, abs=1e-12)
        corpus = reference.corpus_score(predictions, [references]).score / 100
        assert ours.estimate().value == pytest.approx(corpus, abs=1e-12)


@given(pairs)
def test_random_texts_score_as_by_sacrebleu(texts):
    check_against_sacrebleu(*map(list, zip(*texts, strict=True)))


def test_nasty_texts_score_as_by_sacrebleu():
    check_against_sacrebleu(PREDICTIONS, REFERENCES)
    for prediction, reference in NASTY:
        check_against_sacrebleu([prediction], [reference])


def test_a_right_answer_of_one_word_scores_1_in_all_orders():
    assert [scores.items[0] for scores in bleu(["aspirin"], ["aspirin"]).values()] == pytest.approx([1, 1, 1, 1])


def test_the_corpus_figure_is_not_the_mean_of_the_items():
    # 1 of 1 and 1 of 9 unigrams: 2 of 10, not the mean of 1 and 1/9.
    scores = bleu(["yes", "no b c d e f g h i"], ["yes", "no 1 2 3 4 5 6 7 8"])["BLEU-1"]
    assert scores.items == pytest.approx([1, 1 / 9])
    assert scores.estimate().value == pytest.approx(0.2)


def test_brevity_penalty_by_hand():
    assert bleu(["aspirin helps"], ["aspirin helps with pain"])["BLEU-1"].items[0] == pytest.approx(np.exp(1 - 4 / 2))


def test_the_figure_is_that_of_the_summed_counts_and_its_interval_over_items():
    predictions, references = ["pain", "b c d e"], ["pain", "v w x y"]
    estimate = bleu(predictions, references)["BLEU-1"].estimate()
    assert estimate.value == pytest.approx(1 / 5)
    assert estimate.n == 2 and estimate.low < 0.01 and estimate.high > 0.95  # t with one degree of freedom


def test_the_counts_serve_a_paired_test():
    better, worse = bleu(["a b c d e"] * 20, ["a b c d e"] * 20), bleu(["a x c y e"] * 20, ["a b c d e"] * 20)
    difference = paired_difference(better["BLEU-4"].counts, worse["BLEU-4"].counts, better["BLEU-4"].statistic, seed=0)
    assert difference.low > 0
    summed = worse["BLEU-4"].counts.sum(axis=0, keepdims=True)
    assert difference.value == pytest.approx(1 - bleu_of_counts(summed, 4)[0])


def test_no_items_give_no_figure():
    assert bleu([], [])["BLEU-4"].estimate().value is None
