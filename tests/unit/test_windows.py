from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.windows import Window, homes, merge, windows


@st.composite
def documents(draw):
    """Subwords by word (some words of none, some of more than fit), sentence starts, limit, overlap."""
    limit = draw(st.integers(2, 20))
    subwords = draw(st.lists(st.integers(0, 5) | st.sampled_from([0, 1, limit, limit + 3]), max_size=80))
    starts = draw(st.lists(st.integers(0, max(0, len(subwords) - 1)), max_size=12))
    return subwords, sorted({0, *starts}), limit, draw(st.integers(0, limit // 2))


@given(documents())
def test_no_word_is_lost_and_the_order_is_kept(document):
    subwords, sentences, limit, overlap = document
    spread = windows(subwords, sentences, limit, overlap)
    values = [[f"word {index}" for index in range(window.first, window.last)] for window in spread]
    assert merge(spread, subwords, values) == [f"word {index}" for index in range(len(subwords))]


@given(documents())
def test_a_window_fits_unless_it_is_a_single_word_that_is_too_long(document):
    subwords, sentences, limit, overlap = document
    for first, last in windows(subwords, sentences, limit, overlap):
        assert sum(subwords[first:last]) <= limit or (last - first == 1 and subwords[first] > limit)


@given(documents())
def test_windows_go_forward_without_a_gap(document):
    subwords, sentences, limit, overlap = document
    spread = windows(subwords, sentences, limit, overlap)
    for one, other in pairwise(spread):
        assert one.first < other.first <= one.last < other.last
    assert [spread[0].first, spread[-1].last] == [0, len(subwords)] if subwords else spread == []


@given(documents())
def test_a_word_is_predicted_where_no_window_gives_it_more_context(document):
    subwords, sentences, limit, overlap = document
    spread = windows(subwords, sentences, limit, overlap)

    def context(number, word):
        first, last = spread[number]
        sides = [sum(subwords[first:word])] * (first > 0) + [sum(subwords[word + 1 : last])] * (last < len(subwords))
        return min(sides, default=float("inf"))

    for word, home in enumerate(homes(spread, subwords)):
        holding = [number for number, (first, last) in enumerate(spread) if first <= word < last]
        assert home in holding
        assert context(home, word) == max(context(number, word) for number in holding)


def test_a_document_that_fits_is_one_window():
    assert windows([2, 3, 5], [0, 2], 10, 4) == [Window(0, 3)]


def test_a_window_ends_where_a_sentence_ends():
    assert windows([1] * 20, [0, 4, 8, 14], 10, 0) == [Window(0, 8), Window(8, 14), Window(14, 20)]


def test_a_sentence_longer_than_the_window_is_cut_where_the_room_ends():
    assert windows([1] * 25, [0, 2], 10, 0) == [Window(0, 10), Window(10, 20), Window(20, 25)]


def test_the_next_window_repeats_the_overlap_from_the_start_of_a_sentence_if_it_is_near():
    assert windows([1] * 20, [0], 10, 3) == [Window(0, 10), Window(7, 17), Window(14, 20)]
    assert windows([1] * 20, [0, 5, 10], 12, 3)[:2] == [Window(0, 10), Window(5, 17)]


def test_in_the_overlap_the_earlier_half_is_predicted_by_the_earlier_window():
    spread = [Window(0, 10), Window(6, 16)]
    assert homes(spread, [1] * 16) == [0] * 8 + [1] * 8


def test_a_word_longer_than_the_window_stands_alone():
    subwords = [1, 1, 30, 1, 1]
    assert windows(subwords, [0], 10, 2) == [Window(0, 2), Window(2, 3), Window(3, 5)]


def test_an_empty_document_has_no_window():
    assert windows([], [], 10, 2) == []


@pytest.mark.parametrize("overlap", [-1, 6])
def test_an_overlap_of_more_than_half_the_limit_is_refused(overlap):
    with pytest.raises(ValueError, match="at most half of the limit of 10"):
        windows([1], [0], 10, overlap)


def test_a_word_in_no_window_and_missing_values_are_refused():
    with pytest.raises(ValueError, match="word 1 of 3 is in no window"):
        homes([Window(0, 1), Window(2, 3)], [1, 1, 1])
    with pytest.raises(ValueError, match="has 1 values"):
        merge([Window(0, 2)], [1, 1], [["O"]])
