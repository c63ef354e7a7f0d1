import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.analysis.clustered import NO_DIFFERENCE, Contrast, clustered_mean, clustered_share, contrast
from medtune.metrics.estimate import Estimate
from medtune.metrics.proportions import proportion


def test_one_item_per_document_gives_wilsons_interval():
    found = clustered_share([1] * 7 + [0] * 3, [1] * 10)
    expected = proportion(7, 10)
    # The sample variance divides by n - 1: a design effect of 10 / 9.
    assert found.value == 0.7
    assert found.low == pytest.approx(expected.low, abs=0.02)
    assert found.high == pytest.approx(expected.high, abs=0.02)


def test_documents_that_are_all_right_or_all_wrong_widen_the_interval():
    clustered = clustered_share([10, 10, 0, 0], [10, 10, 10, 10])
    mixed = clustered_share([5, 5, 5, 5], [10, 10, 10, 10])
    assert clustered.value == mixed.value == 0.5
    assert clustered.high - clustered.low > 2 * (mixed.high - mixed.low)


def test_all_right_still_has_an_interval():
    found = clustered_share([2, 1], [2, 1])
    assert found.value == found.high == 1
    assert found.low == pytest.approx(proportion(3, 3).low)


def test_no_items_have_no_share():
    assert clustered_share([0, 0], [0, 0]).value is None
    assert clustered_mean([0.0], [0], seed=1).value is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8))
def test_the_interval_holds_the_share_and_stays_within_bounds(pairs):
    items = [a + b for a, b in pairs]
    found = clustered_share([a for a, _ in pairs], items)
    assert found.n == sum(items)
    if found.n:
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_document_cannot_have_more_successes_than_items():
    with pytest.raises(ValueError, match="more successes"):
        clustered_share([2], [1])


def test_a_mean_of_one_document_has_no_certainty():
    found = clustered_mean([1.6], [2], seed=1)
    assert (found.value, found.low, found.high, found.n) == (0.8, 0, 1, 2)


def test_a_mean_weighs_items_and_leaves_out_empty_documents():
    found = clustered_mean(np.array([1.8, 0.0, 0.3]), np.array([2, 0, 1]), seed=1)
    assert found.value == pytest.approx(0.7)
    assert 0.3 <= found.low <= found.high <= 0.9 + 1e-12


def test_a_difference_is_shown_only_where_its_interval_excludes_zero():
    high, low, wide = (Estimate(*values, 9, "") for values in ((0.8, 0.75, 0.85), (0.4, 0.35, 0.45), (0.7, 0.2, 0.9)))
    assert contrast(high, low).in_words("more", "fewer") == "more"
    assert contrast(low, high).in_words("more", "fewer") == "fewer"
    assert contrast(high, wide).in_words() == NO_DIFFERENCE
    assert contrast(high, Estimate(None, None, None, 0, "")) == Contrast(None, None, None)


def test_the_interval_of_a_difference_is_newcombes():
    # Newcombe 1998, table II, method 10: 56/70 against 48/80 gives 0.0524 to 0.3339.
    found = contrast(proportion(56, 70), proportion(48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
