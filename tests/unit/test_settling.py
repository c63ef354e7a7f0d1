"""How many documents would tell a difference from none."""

import pytest
from scipy.stats import norm

from medtune.metrics.settling import documents_to_settle


def test_the_number_has_the_power_that_it_promises():
    """0.1 with a standard error of 0.05 over 100 documents: at the number found a z test has a power of 80 %."""
    needed = documents_to_settle(0.1, 0.05**2, 0.0, 100).value
    error = 0.05 * (100 / needed) ** 0.5
    assert norm.sf(norm.ppf(0.975) - 0.1 / error) == pytest.approx(0.8, abs=0.005)
    assert needed == pytest.approx(197, abs=1)


def test_seeds_that_vary_take_more_documents_until_none_are_enough():
    alone, some, much = (documents_to_settle(0.1, 0.04**2, seeds**2, 100) for seeds in (0.0, 0.02, 0.04))
    assert alone.value < some.value and much.value is None
    assert much.low is not None and much.high is None


def test_the_interval_holds_the_number_and_has_no_upper_end_near_no_difference():
    found = documents_to_settle(-0.1, 0.05**2, 0.0, 100)
    assert found.low < found.value < found.high
    near = documents_to_settle(0.03, 0.05**2, 0.0, 100)
    assert near.low < near.value and near.high is None


def test_nothing_that_varies_and_no_difference_need_no_number():
    assert documents_to_settle(0.0, 0.01, 0.0, 10).value is None
    assert documents_to_settle(0.1, 0.0, 0.0, 10).value is None
