"""The likeliest valid tags: what all sequences, tried one by one, give."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax

from medtune.data.bio import repair, tag_list
from medtune.methods.encoder.decoding import UNSEEN, Transitions, association, choose_transitions, decode, stray

TAGS = tag_list(["Sign", "Test"])
LOGITS = arrays(float, st.tuples(st.integers(1, 4), st.just(len(TAGS))), elements=st.floats(-8, 8))


def valid(sequence):
    return repair([TAGS[number] for number in sequence])[1] == 0


@given(LOGITS)
def test_no_valid_sequence_is_likelier(logits):
    scores = log_softmax(logits, axis=1)

    def total(sequence):
        return sum(scores[word, number] for word, number in enumerate(sequence))

    found = decode(logits, TAGS)
    assert valid(found)
    best = max(total(other) for other in product(range(len(TAGS)), repeat=len(logits)) if valid(other))
    assert total(found) == pytest.approx(best)


@given(
    LOGITS,
    arrays(float, (len(TAGS), len(TAGS)), elements=st.floats(-3, 3)),
    st.floats(-2, 2),
)
def test_no_valid_sequence_is_likelier_with_transitions(logits, pairs, outside):
    scores = log_softmax(logits, axis=1)
    scores[:, TAGS.index("O")] += outside

    def total(sequence):
        return sum(scores[word, number] for word, number in enumerate(sequence)) + sum(
            pairs[left, right] for left, right in pairwise(sequence)
        )

    found = decode(logits, TAGS, Transitions(pairs, outside))
    assert valid(found)
    best = max(total(other) for other in product(range(len(TAGS)), repeat=len(logits)) if valid(other))
    assert total(found) == pytest.approx(best)


@given(LOGITS)
def test_transitions_of_zero_change_nothing(logits):
    none = Transitions(np.zeros((len(TAGS), len(TAGS))))
    scores = log_softmax(logits, axis=1)
    plain, found = decode(logits, TAGS), decode(logits, TAGS, none)
    assert scores[range(len(found)), found].sum() == pytest.approx(scores[range(len(plain)), plain].sum())


def test_association_is_that_of_the_counted_pairs():
    """Tags 0 and 1 in turn, twice: after 0 always 1."""
    found = association([[0, 1, 0], [0, 1]], 2)
    after = np.array([[UNSEEN, 2 + UNSEEN], [1 + UNSEEN, UNSEEN]])
    alone = after.sum(axis=0) / after.sum()
    assert found[0, 1] == pytest.approx(np.log((2 + UNSEEN) / (2 + 2 * UNSEEN)) - np.log(alone[1]))
    assert found[0, 1] > 0 > found[0, 0]
    assert association([], 3) == pytest.approx(np.zeros((3, 3)))


def test_the_transitions_with_the_best_f1_are_chosen_and_of_equals_the_first():
    pairs = np.ones((2, 2))

    def f1(transitions):
        return {0.0: 0.5, 0.3: 0.7, 0.6: 0.7}[transitions.outside] - abs(transitions.pairs[0, 0] - 0.5)

    weight, found = choose_transitions(pairs, [0, 0.5, 1], [0.0, 0.3, 0.6], f1)
    assert (weight, found.outside) == (0.5, 0.3)
    assert found.pairs == pytest.approx(0.5 * pairs)


@given(LOGITS)
def test_likeliest_tags_that_are_valid_are_kept(logits):
    by_word = logits.argmax(axis=1).tolist()
    if valid(by_word):
        scores = np.take_along_axis(logits, np.array(by_word)[:, None], axis=1)
        assert np.take_along_axis(logits, np.array(decode(logits, TAGS))[:, None], axis=1) == pytest.approx(scores)
        assert stray(logits, TAGS) == 0


def test_a_stray_inside_tag_goes_where_the_words_together_say():
    place = {tag: number for number, tag in enumerate(TAGS)}
    logits = np.zeros((2, len(TAGS)))
    logits[0, place["O"]], logits[0, place["B-Sign"]] = 2.0, 1.9
    logits[1, place["I-Sign"]], logits[1, place["O"]] = 3.0, 0.0
    assert [TAGS[number] for number in decode(logits, TAGS)] == ["B-Sign", "I-Sign"]
    assert stray(logits, TAGS) == 1


def test_no_words_have_no_tags():
    assert decode(np.zeros((0, len(TAGS))), TAGS) == []
    assert stray(np.zeros((0, len(TAGS))), TAGS) == 0
