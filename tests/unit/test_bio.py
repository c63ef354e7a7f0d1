import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from medtune.data.bio import repair, spans_of, tag_list, tags_of
from medtune.data.span import Span

TAGS = ["O", "B-Age", "I-Age", "B-Lab_value", "I-Lab_value", "B-Other-type", "I-Other-type"]
sequences = st.lists(st.sampled_from(TAGS), max_size=30)


def test_an_inside_tag_without_its_beginning_becomes_a_beginning_and_is_counted():
    assert repair(["I-Age", "I-Age", "O", "I-Age"]) == (["B-Age", "I-Age", "O", "B-Age"], 2)
    assert repair(["B-Age", "I-Sex", "I-Sex"]) == (["B-Age", "B-Sex", "I-Sex"], 1)


def test_what_is_right_is_left_alone():
    assert repair(["B-Age", "I-Age", "B-Age", "O"]) == (["B-Age", "I-Age", "B-Age", "O"], 0)
    assert repair([]) == ([], 0)


@given(sequences)
def test_repairing_twice_changes_nothing_more(tags):
    repaired, _ = repair(tags)
    assert repair(repaired) == (repaired, 0)


@pytest.mark.parametrize("tag", ["", "B", "B-", "E-Age", "Age", "b-Age", "o"])
def test_what_is_no_tag_is_refused(tag):
    with pytest.raises(ValueError, match="is no tag"):
        repair(["O", tag])


def test_neighbours_of_one_type_are_two_spans():
    assert spans_of(["B-Age", "B-Age", "I-Age"]) == [Span(0, 1, "Age"), Span(1, 3, "Age")]


def test_spans_of_unrepaired_tags_are_those_of_the_repaired_ones():
    assert spans_of(["I-Age", "O", "B-Age", "I-Sex"]) == [Span(0, 1, "Age"), Span(2, 3, "Age"), Span(3, 4, "Sex")]


@given(sequences)
def test_spans_are_the_entities_of_strict_iob2_in_seqeval(tags):
    repaired, _ = repair(tags)
    theirs = [Span(entity.start, entity.end, entity.tag) for entity in Entities([repaired], scheme=IOB2).entities[0]]
    assert spans_of(tags) == spans_of(repaired) == theirs


@given(sequences)
def test_tags_of_the_spans_are_the_repaired_tags(tags):
    assert tags_of(spans_of(tags), len(tags)) == repair(tags)[0]


@pytest.mark.parametrize("spans", [[Span(0, 2, "A"), Span(1, 3, "B")], [Span(2, 5, "A")]])
def test_spans_that_overlap_or_end_after_the_text_have_no_tags(spans):
    with pytest.raises(ValueError, match="overlaps another span or ends after the last of 4 words"):
        tags_of(spans, 4)


def test_each_type_has_both_its_tags_and_the_order_does_not_hang_on_the_input():
    assert tag_list(["Sex", "Age", "Sex"]) == ["O", "B-Age", "I-Age", "B-Sex", "I-Sex"]
