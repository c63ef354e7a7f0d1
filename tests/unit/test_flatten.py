from hypothesis import given
from hypothesis import strategies as st

from medtune.data.annotated import Mention
from medtune.data.bio import spans_of, tags_of
from medtune.data.flatten import Entity, flatten, kept_spans
from medtune.data.words import words_of

TEXT = "one two three four five six"
WORDS = words_of(TEXT)


def mention(words, label):
    """A mention of some words of the text; of parts, when they are parted by a comma."""
    fragments = []
    for part in words.split(", "):
        start = TEXT.index(part)
        fragments.append((start, start + len(part)))
    return Mention(tuple(fragments), label, "T1")


def outcome(*mentions, left_out=()):
    return {
        (TEXT[WORDS[e.first].start : WORDS[e.last - 1].end], e.label): e.reason
        for e in flatten(mentions, WORDS, left_out)
    }


def test_the_longest_is_kept_and_the_one_within_it_dropped():
    assert outcome(mention("two", "Date"), mention("two three four", "History")) == {
        ("two", "Date"): "nested",
        ("two three four", "History"): "",
    }


def test_of_equally_long_ones_that_cross_the_earlier_is_kept():
    assert outcome(mention("three four", "A"), mention("two three", "B")) == {
        ("two three", "B"): "",
        ("three four", "A"): "overlapping",
    }


def test_on_the_same_words_the_type_that_comes_first_in_the_alphabet_is_kept():
    assert outcome(mention("two", "History"), mention("two", "Disease_disorder")) == {
        ("two", "Disease_disorder"): "",
        ("two", "History"): "same span",
    }


def test_a_repeated_mention_is_kept_once():
    assert [e.reason for e in flatten([mention("two", "A"), mention("two", "A")], WORDS)] == ["", "twice"]


def test_a_discontinuous_mention_is_dropped_with_the_range_around_it_and_pushes_nothing_aside():
    found = flatten([mention("one, four", "A"), mention("two", "B")], WORDS)
    assert found == [Entity(0, 4, "A", "discontinuous"), Entity(1, 2, "B", "")]


def test_a_rare_type_that_is_left_out_pushes_nothing_aside():
    assert outcome(mention("two", "Date"), mention("two three four", "Mass"), left_out={"Mass"}) == {
        ("two", "Date"): "",
        ("two three four", "Mass"): "rare type",
    }


def test_what_overlaps_only_a_dropped_mention_is_kept():
    assert outcome(mention("one two three", "A"), mention("three four", "B"), mention("four five", "C")) == {
        ("one two three", "A"): "",
        ("three four", "B"): "overlapping",
        ("four five", "C"): "",
    }


def test_a_mention_of_a_part_of_a_word_is_taken_for_the_whole_word():
    assert flatten([Mention(((5, 9),), "A", "T1")], WORDS) == [Entity(1, 3, "A", "")]


def test_a_mention_without_a_word_is_kept_in_the_list_without_length():
    assert flatten([Mention(((3, 4),), "A", "T1")], WORDS) == [Entity(1, 1, "A", "no word")]


@given(
    st.lists(st.tuples(st.integers(0, 26), st.integers(1, 20), st.sampled_from("ABC")), max_size=12),
    st.sampled_from([(), ("A",)]),
)
def test_every_mention_comes_out_once_and_the_tags_hold_the_kept_ones(drawn, left_out):
    mentions = [
        Mention(((start, min(27, start + length)),), label, str(n)) for n, (start, length, label) in enumerate(drawn)
    ]
    found = flatten(mentions, WORDS, left_out)
    assert sorted(e.label for e in found) == sorted(m.label for m in mentions)
    assert spans_of(tags_of(kept_spans(found), len(WORDS))) == sorted(kept_spans(found))
    assert flatten(mentions[::-1], WORDS, left_out) == found
