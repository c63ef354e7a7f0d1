import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from medtune.metrics.contrasts import Contrast, contrast
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import (
    amount,
    bounded,
    clustered_mean,
    f1,
    mean,
    p_of_f1,
    quantiles,
    rate,
    share,
    share_of_items,
    wilson,
)
from medtune.metrics.proportions import proportion

TABLES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8)


def width(found):
    return found.high - found.low


def test_f1_of_counts_by_hand_and_0_where_nothing_was_there():
    assert f1_of_counts(np.array([[2, 1, 1], [0, 0, 0], [0, 3, 0]])) == pytest.approx([2 / 3, 0, 0])


def test_one_item_per_document_gives_nearly_wilsons_interval():
    found, expected = share([1] * 40 + [0] * 20, [1] * 60), proportion(40, 60)
    assert (found.value, found.n, found.unit) == (40 / 60, 60, "documents")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_few_documents_have_the_quantile_of_student_not_of_the_normal_distribution():
    found, n, p = share([1] * 10 + [0] * 2, [1] * 12), 12, 10 / 12
    step = t.ppf(0.975, n - 1) ** 2 / n
    half = np.sqrt(step * (p * (1 - p) + step / 4))
    assert (found.low, found.high) == pytest.approx(
        ((p + step / 2 - half) / (1 + step), (p + step / 2 + half) / (1 + step))
    )


def test_an_f1_of_one_document_is_not_shown_to_differ_from_another():
    one, two = np.array([[[0, 9, 9]], [[0, 0, 0]]]), np.array([[[0, 9, 9]], [[0, 9, 9]]])
    assert p_of_f1(one, 0.9).tolist() == [1.0]
    assert p_of_f1(two, 0.9)[0] < 1


def test_documents_that_are_all_right_or_all_wrong_widen_the_interval():
    clustered, mixed = share([10] * 6 + [0] * 6, [10] * 12), share([5] * 12, [10] * 12)
    assert clustered.value == mixed.value == 0.5
    assert width(clustered) > 2 * width(mixed)


def test_a_single_document_says_nothing_of_the_next():
    for found in (share([40], [40]), f1([[40, 0, 0]]), clustered_mean([1.6], [2]), mean([1.0])):
        assert (found.low, found.high, found.n) == (0, 1, 1)


def test_nothing_to_measure_has_no_value():
    nothing = share([0, 0], [0, 0]), clustered_mean([0.0], [0]), mean([]), amount([]), rate([], []), f1([[0, 0, 0]])
    assert all(found.value is None for found in nothing)


@pytest.mark.parametrize("n", [1, 2, 12, 60])
def test_no_interval_is_without_width(n):
    alike = [
        *(share([x] * n, [4] * n) for x in (0, 2, 4)),
        *(f1([counts] * n) for counts in ([3, 0, 0], [0, 3, 1], [3, 1, 1])),
        *(mean([x] * n) for x in (0, 0.4, 1)),
        mean([2.0] * n, top=2),
        *(amount([x] * n) for x in (0, 7)),
        *(rate([x] * n, [3] * n) for x in (0, 1)),
        bounded([[1, 0, 0, 1, 0, 0]] * n, lambda sums: f1_of_counts(sums.reshape(-1, 3)).reshape(-1, 2).mean(axis=1)),
    ]
    for found in alike:
        assert found.high - found.low > 0.002, found
        assert found.low <= found.value <= found.high


@given(TABLES)
def test_intervals_hold_their_value_strictly_inside_the_bounds(rows):
    table = np.array(rows, dtype=float)
    for found in (share(table[:, 0], table.sum(axis=1)), f1(table), bounded(table[table.any(axis=1)], f1_of_counts)):
        if found.value is None:
            continue
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.value in (0, 1) or found.low < found.value < found.high


def figures(rows):
    """Every kind of interval in [0, 1], of documents with such tp, fp and fn."""
    table = np.array(rows, dtype=float)
    items = table.sum(axis=1)
    scores = np.divide(table[:, 0], items, out=np.zeros(len(items)), where=items > 0)
    return (
        share(table[:, 0], items),
        f1(table),
        clustered_mean(table[:, 0] / 2, items),
        mean(scores),
        bounded(table[items > 0], f1_of_counts),
    )


@given(TABLES, st.integers(1, 40))
def test_every_interval_holds_its_value_within_bounds_and_has_a_width(rows, times):
    for found in figures(rows * times):
        if found.value is not None:
            assert 0 <= found.low <= found.value <= found.high <= 1
            assert found.high - found.low > 1e-4, found


@given(st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400)))
def test_one_document_says_nothing_of_the_next_however_much_it_holds(counts):
    for found in figures([counts]):
        assert found.value is None or (found.low, found.high, found.n) == (0, 1, 1)


@given(st.floats(0, 1), st.floats(0.5, 500), st.floats(0, 8), st.floats(0, 8))
def test_a_higher_level_gives_a_wider_interval(value, n, one, other):
    lower, higher = sorted([one, other])
    narrow, wide = (wilson(np.array(value), np.array(n), np.array(quantile)) for quantile in (lower, higher))
    assert wide[0] <= narrow[0] + 1e-12 and narrow[1] <= wide[1] + 1e-12


def test_fewer_documents_have_larger_quantiles():
    assert (np.diff(quantiles(np.array([2, 3, 5, 12, 60, 1000]))) < 0).all()


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 50)), min_size=1, max_size=30))
def test_amounts_and_rates_hold_their_value_and_have_a_width(rows):
    values, exposure = np.array(rows).T
    for found in (amount(values), amount(-values, least=None), rate(np.floor(values), exposure)):
        assert found.low <= found.value <= found.high
        assert found.high - found.low > 1e-4, found
    assert amount(values).low >= 0 and rate(np.floor(values), exposure).low >= 0


def test_a_document_cannot_have_more_successes_than_items():
    with pytest.raises(ValueError, match="more successes"):
        share([2], [1])


def test_items_are_put_together_by_document():
    assert share_of_items([True, False, True], ["b", "a", "b"]) == share([0, 2], [1, 2])


def test_a_mean_weighs_items_and_leaves_out_empty_documents():
    found = clustered_mean(np.array([1.8, 0.0, 0.3]), np.array([2, 0, 1]))
    assert (found.value, found.n) == (pytest.approx(0.7), 2)


def test_the_interval_of_an_amount_is_students():
    values = np.random.default_rng(7).normal(10, 2, 400)
    half = 1.966 * values.std(ddof=1) / 20
    found = amount(values)
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.003)


def test_a_rate_without_events_has_an_upper_end_and_counts_by_exposure():
    none = rate([0] * 30, [10] * 30)
    assert none.low == 0 and 0.01 < none.high < 0.03
    assert rate([1, 2, 0, 1], [100, 50, 30, 20], per=1000).value == pytest.approx(20)
    gathered, spread = rate([20] + [0] * 19, [10] * 20), rate([1] * 20, [10] * 20)
    assert width(gathered) > 2 * width(spread)


def test_a_statistic_that_is_not_finite_or_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match="finite"):
        bounded([[1.0]], lambda sums: sums[:, 0] * np.nan)
    with pytest.raises(ValueError, match="between 0 and 1"):
        bounded([[2.0]], lambda sums: sums[:, 0])
    with pytest.raises(ValueError, match="1 dimensions"):
        f1([1, 2])


def test_an_interval_shows_a_difference_where_it_excludes_zero():
    high, low, wide = (Estimate(*values, 9, "") for values in ((0.8, 0.75, 0.85), (0.4, 0.35, 0.45), (0.7, 0.2, 0.9)))
    assert contrast(high, low).shown and contrast(low, high).shown
    assert not contrast(high, wide).shown
    assert contrast(high, Estimate(None, None, None, 0, "")) == Contrast(None, None, None)


def test_the_interval_of_a_difference_is_newcombes():
    # Newcombe 1998, table II, method 10: 56/70 against 48/80 gives 0.0524 to 0.3339.
    found = contrast(proportion(56, 70), proportion(48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
