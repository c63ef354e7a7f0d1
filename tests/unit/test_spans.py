import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.span import Span
from medtune.metrics.span_matching import match_spans

SPANS = st.lists(
    st.builds(
        lambda start, length, label: Span(start, start + length, label),
        st.integers(0, 12),
        st.integers(1, 8),
        st.sampled_from("ABC"),
    ),
    max_size=9,
)


def values(pairs, gold, predicted):
    return sorted((gold[g], predicted[p]) for g, p in pairs)


def test_a_long_wrong_span_does_not_hide_the_exact_one():
    gold = [Span(10, 20, "Sign_symptom")]
    predicted = [Span(0, 20, "Sign_symptom"), Span(10, 20, "Sign_symptom")]
    assert match_spans(gold, predicted).exact == [(0, 1)]


def test_nested_gold_with_an_exact_inner_prediction_matches_the_inner_one():
    gold = [Span(0, 20, "Outer"), Span(5, 9, "Inner")]
    matches = match_spans(gold, [Span(5, 9, "Inner")])
    assert (matches.strict, matches.missed, matches.spurious) == ([(1, 0)], [0], [])


def test_the_right_label_comes_first_among_equal_boundaries():
    gold = [Span(0, 5, "A"), Span(0, 5, "B")]
    matches = match_spans(gold, [Span(0, 5, "B"), Span(0, 5, "C")])
    assert (matches.strict, matches.relabelled, matches.exact) == ([(1, 0)], [(0, 1)], [(0, 1), (1, 0)])


def test_equal_boundaries_come_before_a_larger_overlap():
    gold = [Span(0, 5, "A"), Span(0, 9, "B")]
    matches = match_spans(gold, [Span(0, 5, "C"), Span(0, 8, "D")])
    assert (matches.relabelled, matches.overlapping) == ([(0, 0)], [(1, 1)])


def test_a_repeated_prediction_is_right_once():
    matches = match_spans([Span(0, 5, "A")], [Span(0, 5, "A")] * 3)
    assert (matches.strict, matches.spurious) == ([(0, 0)], [1, 2])


def test_the_larger_overlap_wins():
    gold = [Span(0, 10, "A")]
    predicted = [Span(0, 3, "A"), Span(2, 10, "B"), Span(8, 12, "A")]
    assert match_spans(gold, predicted).overlapping == [(0, 1)]


def test_the_equal_label_wins_among_equal_overlaps():
    halves = [Span(0, 5, "A"), Span(5, 10, "B")]
    assert match_spans([Span(0, 10, "A")], halves).overlapping == [(0, 0)]
    assert match_spans([Span(0, 10, "B")], halves).overlapping == [(0, 1)]


def test_total_overlap_counts_where_the_largest_first_would_leave_a_span_alone():
    gold = [Span(0, 4, "A"), Span(4, 10, "A")]
    predicted = [Span(2, 9, "A"), Span(5, 11, "A")]  # Both have 5 positions in common with the second gold span.
    assert match_spans(gold, predicted).overlapping == [(0, 0), (1, 1)]


def test_spans_that_only_touch_do_not_overlap():
    matches = match_spans([Span(0, 5, "A")], [Span(5, 9, "A")])
    assert (matches.overlapping, matches.missed, matches.spurious) == ([], [0], [0])


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 2), (-1, 2)])
def test_an_empty_or_negative_span_is_refused(start, end):
    with pytest.raises(ValueError, match="start < end"):
        Span(start, end, "A")


@given(SPANS, SPANS)
def test_every_span_is_in_one_place(gold, predicted):
    matches = match_spans(gold, predicted)
    pairs = matches.strict + matches.relabelled + matches.overlapping
    assert sorted([g for g, _ in pairs] + matches.missed) == list(range(len(gold)))
    assert sorted([p for _, p in pairs] + matches.spurious) == list(range(len(predicted)))
    assert all(max(gold[g].start, predicted[p].start) < min(gold[g].end, predicted[p].end) for g, p in pairs)


@given(SPANS, SPANS, st.randoms())
def test_order_changes_nothing(gold, predicted, random):
    matches = match_spans(gold, predicted)
    other_gold, other_predicted = random.sample(gold, len(gold)), random.sample(predicted, len(predicted))
    other = match_spans(other_gold, other_predicted)
    for name in ("strict", "relabelled", "overlapping"):
        pairs = values(getattr(matches, name), gold, predicted)
        assert pairs == values(getattr(other, name), other_gold, other_predicted)


@given(SPANS, SPANS)
def test_swapping_the_sides_swaps_the_pairs(gold, predicted):
    matches, swapped = match_spans(gold, predicted), match_spans(predicted, gold)
    for name in ("strict", "relabelled", "overlapping"):
        back = [(g, p) for p, g in getattr(swapped, name)]
        assert values(back, gold, predicted) == values(getattr(matches, name), gold, predicted)


@given(SPANS, SPANS)
def test_no_overlapping_pair_is_left_over(gold, predicted):
    matches = match_spans(gold, predicted)
    for g in matches.missed:
        for p in matches.spurious:
            assert max(gold[g].start, predicted[p].start) >= min(gold[g].end, predicted[p].end)


@pytest.mark.timeout(30)
def test_a_span_across_a_very_long_text_makes_no_dense_matrix():
    gold = [Span(i, i + 1, "A") for i in range(8000)]
    predicted = [Span(i, i + 2, "A") for i in range(8000)] + [Span(0, 8000, "A")]
    assert len(match_spans(gold, predicted).overlapping) == 8000
