import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from medtune.metrics.softmax import confidences
from medtune.metrics.temperature import HIGHEST, LOWEST, fit_temperature, negative_log_likelihood


def sampled(n, factor, seed=0):
    """Logits that are `factor` times too large for their classes, and the classes."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 4))
    gold = [rng.choice(4, p=row) for row in softmax(logits, axis=1)]
    return logits * factor, gold


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_the_factor_by_which_logits_are_too_large(factor):
    logits, gold = sampled(20_000, factor)
    found = fit_temperature(logits, gold)
    assert found.value == pytest.approx(factor, rel=0.05)
    assert found.after <= found.before
    assert found.n == 20_000


def test_the_likelihood_is_the_mean_over_items():
    logits = np.log([[0.5, 0.5], [0.9, 0.1]])
    assert negative_log_likelihood(logits, np.array([0, 1])) == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2)


@given(st.integers(1, 12), st.integers(0, 99))
def test_it_never_makes_the_likelihood_worse_and_stays_within_bounds(n, seed):
    rng = np.random.default_rng(seed)
    logits, gold = rng.normal(0, 3, (n, 3)), rng.integers(0, 3, n)
    found = fit_temperature(logits, gold)
    assert found.after <= found.before
    assert LOWEST <= found.value <= HIGHEST
    assert found.before == pytest.approx(negative_log_likelihood(logits, gold))
    assert found.after == pytest.approx(negative_log_likelihood(logits, gold, found.value))


def test_where_everything_is_right_confidence_rises_to_one():
    found = fit_temperature(np.eye(3) * 4, [0, 1, 2])
    assert LOWEST <= found.value < 0.2
    assert found.after == pytest.approx(0, abs=1e-6)


def test_confidence_is_the_largest_probability():
    logits = np.log([[0.2, 0.8], [0.6, 0.4]])
    assert confidences(logits, logits.argmax(axis=1)) == pytest.approx([0.8, 0.6])
    assert confidences(logits, logits.argmax(axis=1), 1e9) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(("logits", "gold"), [([[1.0, 2.0]], [0, 1]), ([1.0, 2.0], [0, 1]), (np.zeros((0, 2)), [])])
def test_shapes_that_do_not_fit_are_refused(logits, gold):
    with pytest.raises(ValueError, match="expected"):
        fit_temperature(logits, gold)
