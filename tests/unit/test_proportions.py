import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.metrics.proportions import proportion


def test_wilson_interval_of_25_of_33():
    estimate = proportion(25, 33)
    z, p, n = 1.959963984540054, 25 / 33, 33
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert (estimate.value, estimate.n, estimate.method) == (25 / 33, 33, "Wilson")
    assert (estimate.low, estimate.high) == pytest.approx((centre - half, centre + half))


def test_exact_interval_of_0_of_10_is_the_rule_of_the_beta_distribution():
    estimate = proportion(0, 10, method="exact")
    assert estimate.low == 0
    assert estimate.high == pytest.approx(1 - 0.025 ** (1 / 10))


def test_no_items_give_no_value():
    estimate = proportion(0, 0)
    assert (estimate.value, estimate.low, estimate.high, estimate.n) == (None, None, None, 0)


@pytest.mark.parametrize(("successes", "n"), [(2, 1), (-1, 3)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match=f"{successes} successes"):
        proportion(successes, n)


@given(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from(["wilson", "exact"]),
)
def test_the_interval_holds_the_value_and_stays_in_0_to_1(counts, method):
    estimate = proportion(*counts, method=method)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.low < estimate.high
