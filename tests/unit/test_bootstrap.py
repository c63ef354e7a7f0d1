import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.metrics import bootstrap as module
from medtune.metrics.bootstrap import bootstrap, bootstrap_mean, f1_of_counts


def test_f1_of_counts_by_hand_and_0_where_nothing_was_there():
    assert f1_of_counts(np.array([[2, 1, 1], [0, 0, 0], [0, 3, 0]])) == pytest.approx([2 / 3, 0, 0])


def test_the_value_is_the_statistic_of_all_documents():
    counts = [[3, 1, 0], [0, 0, 2], [5, 5, 5]]
    estimate = bootstrap(counts, f1_of_counts, seed=0, samples=100)
    assert estimate.value == pytest.approx(2 * 8 / (2 * 8 + 6 + 7))
    assert estimate.n == 3


def test_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(7).normal(10, 2, 400)
    estimate = bootstrap_mean(values, seed=3, samples=4000)
    half = 1.96 * values.std() / 20
    assert (estimate.low, estimate.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_whole_documents_are_drawn():
    # Within a document all spans are right or wrong together: 4 documents can only give quarters.
    counts = [[50, 0, 0], [50, 0, 0], [0, 50, 50], [0, 50, 50]]
    estimate = bootstrap(counts, f1_of_counts, seed=0, samples=3000)
    assert (estimate.low, estimate.high) == pytest.approx((0, 1))


def test_same_seed_same_interval_and_another_seed_another():
    values = np.random.default_rng(1).random(50)
    assert bootstrap_mean(values, seed=5) == bootstrap_mean(values, seed=5)
    assert bootstrap_mean(values, seed=5) != bootstrap_mean(values, seed=6)


def test_the_interval_does_not_depend_on_the_block_size(monkeypatch):
    values = np.random.default_rng(1).random(50)
    whole = bootstrap_mean(values, seed=5)
    monkeypatch.setattr(module, "BLOCK_VALUES", 333)
    assert bootstrap_mean(values, seed=5) == whole


def test_no_documents_give_no_value():
    assert bootstrap_mean([], seed=0).value is None
    assert bootstrap(np.zeros((0, 3)), f1_of_counts, seed=0).n == 0


def test_a_statistic_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        bootstrap([[1.0]], lambda sums: sums[:, 0] * np.nan, seed=0)


def test_counts_must_be_a_table():
    with pytest.raises(ValueError, match="1 dimensions"):
        bootstrap([1, 2], f1_of_counts, seed=0)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_the_interval_of_a_mean_stays_between_the_extremes(values):
    estimate = bootstrap_mean(values, seed=0, samples=200)
    assert min(values) - 1e-9 <= estimate.low <= estimate.high <= max(values) + 1e-9
