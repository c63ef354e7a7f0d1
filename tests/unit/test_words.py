import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.words import sentence_starts, word_range, words_of

PATIENT = "A 28-year-old man (no. 3) had 2,7 L/min. He was ill.\nSo was she"


def first_words(text):
    words = words_of(text)
    return [words[start].text for start in sentence_starts(text, words)]


def test_words_are_runs_of_letters_and_digits_or_single_signs():
    assert [word.text for word in words_of("28-year-old, 2.5 µg/m2")] == [
        *("28", "-", "year", "-", "old", ",", "2", ".", "5", "µg", "/", "m2")
    ]


@given(st.text(max_size=60))
def test_every_character_that_is_not_white_space_is_in_one_word_and_offsets_slice_to_it(text):
    words = words_of(text)
    assert "".join(word.text for word in words) == "".join(text.split())
    assert all(text[word.start : word.end] == word.text for word in words)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (2, 13, (1, 6)),  # the words themselves
        (3, 12, (1, 6)),  # parts of the first and the last one
        (1, 2, (1, 1)),  # the space between two
        (0, 1, (0, 1)),
    ],
)
def test_a_range_of_characters_takes_every_word_that_it_touches(start, end, expected):
    assert word_range(words_of(PATIENT), start, end) == expected


@given(st.text(alphabet="ab .,", max_size=30), st.integers(0, 30), st.integers(1, 10))
def test_the_word_range_is_that_of_a_search_through_all_words(text, start, length):
    words = words_of(text)
    touched = [index for index, word in enumerate(words) if word.start < start + length and word.end > start]
    first, last = word_range(words, start, start + length)
    assert list(range(first, last)) == touched


def test_sentences_start_after_a_full_stop_and_a_line_break():
    assert first_words(PATIENT) == ["A", "He", "So"]
    assert first_words("\r\nOne line\r\n\r\n  Two lines. Three") == ["One", "Two", "Three"]


def test_a_text_without_words_has_no_sentence():
    assert first_words(" \n ") == []


@given(st.text(alphabet="aB. \n'\u2005\u200b", max_size=40))
def test_the_first_word_starts_the_first_sentence(text):
    words = words_of(text)
    starts = sentence_starts(text, words)
    assert starts[:1] == ([0] if words else [])
    assert starts == sorted(set(starts)) and all(start < len(words) for start in starts)
