import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binom

from medtune.metrics.calibration import (
    brier_scores,
    calibration_estimate,
    chance_error,
    reliability_table,
)
from medtune.metrics.drawn import Drawn

ITEMS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def error_of(confidence, correct, **options):
    return calibration_estimate(confidence, correct, **options).value


def test_calibration_error_by_hand():
    # Bins (0.4, 0.6] and (0.8, 1]: gaps |0.5 - 0.5| and |0.9 - 0.5|, two items each.
    error = error_of([0.5, 0.5, 0.9, 0.9], [True, False, True, False], bins=5)
    assert error == pytest.approx((2 * 0 + 2 * 0.4) / 4)


def test_opposite_errors_in_different_bins_do_not_cancel():
    assert error_of([0.1, 0.9], [True, False], bins=10) == pytest.approx(0.9)


def test_opposite_errors_in_one_bin_cancel():
    assert error_of([0.5, 0.5], [True, False], bins=15) == 0


def test_a_perfectly_calibrated_model_has_an_error_by_chance():
    found, right = chance_error(np.full(33, 0.8)), np.arange(34)
    assert found.value == pytest.approx(binom.pmf(right, 33, 0.8) @ np.abs(right / 33 - 0.8), abs=0.005)
    assert found.low < found.value < found.high


def test_the_lower_end_of_the_error_is_less_what_chance_adds_and_the_upper_end_is_not():
    confidence, correct = np.full(60, 0.95), np.arange(60) < 30
    found, chance = calibration_estimate(confidence, correct), chance_error(confidence).value
    assert chance > 0.01 and 0 < found.low < found.high < 1
    assert found.value - found.low == pytest.approx(found.high - found.value + chance)


def test_items_of_the_same_document_are_no_independent_witnesses():
    confidence, correct = np.full(60, 0.9), np.arange(60) < 30
    alone, together = (
        calibration_estimate(confidence, correct),
        calibration_estimate(confidence, correct, np.arange(60) // 6),
    )
    assert (together.n, together.value) == (10, pytest.approx(alone.value))
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_bins_are_closed_above_and_0_is_in_the_first():
    rows = reliability_table([0.0, 0.2, 0.2000001], [True, True, False], bins=5)
    assert [(row["bin_low"], row["n"]) for row in rows] == [(0.0, 2), (0.2, 1)]


def test_the_reliability_table_has_accuracy_with_interval_and_mean_confidence():
    (row,) = reliability_table([0.85, 0.95, 0.9], [True, False, True], bins=5)
    assert (row["n"], row["confidence"], row["accuracy"]) == (3, pytest.approx(0.9), pytest.approx(2 / 3))
    assert row["accuracy_low"] < 2 / 3 < row["accuracy_high"]


def test_brier_score_by_hand():
    scores = brier_scores([[1, 0, 0], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]], [0, 0, 2])
    assert scores == pytest.approx([0, 2, 2 / 3])
    assert Drawn().mean(scores, top=2).value == pytest.approx(8 / 9)


@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [([], [], "no items"), ([0.5], [True, False], "one of each"), ([1.2], [True], r"\[0, 1\]")],
)
def test_bad_arguments_are_refused(confidence, correct, message):
    with pytest.raises(ValueError, match=message):
        reliability_table(confidence, correct)


def test_probabilities_must_add_up_to_1():
    with pytest.raises(ValueError, match="add up"):
        brier_scores([[0.5, 0.6]], [0])


@given(ITEMS)
def test_calibration_error_is_the_weighted_gap_of_the_reliability_table(items):
    confidence, correct = zip(*items, strict=True)
    rows = reliability_table(confidence, correct)
    gap = sum(row["n"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / len(items)
    assert error_of(confidence, correct) == pytest.approx(gap, abs=1e-9)
    assert sum(row["n"] for row in rows) == len(items)


@given(ITEMS)
def test_the_interval_lies_within_0_and_1(items):
    estimate = calibration_estimate(*zip(*items, strict=True))
    assert 0 <= estimate.low <= estimate.high <= 1 + 1e-9


def test_a_well_calibrated_forecaster_has_a_small_error():
    generator = np.random.default_rng(0)
    confidence = generator.random(20000)
    assert error_of(confidence, generator.random(20000) < confidence) < 0.02


def perfectly_calibrated(n, seed):
    """Confidences of a model in three classes or so, and items that are right as often as these say."""
    generator = np.random.default_rng((n, seed))
    confidence = generator.beta(5, 2, n)
    return confidence, generator.random(n) < confidence


@pytest.mark.parametrize("n", [5, 12, 33, 250])
def test_the_error_of_chance_is_that_of_perfectly_calibrated_items(n):
    confidence, _ = perfectly_calibrated(n, 0)
    chance = chance_error(confidence)
    generator = np.random.default_rng(1)
    errors = [error_of(confidence, generator.random(n) < confidence) for _ in range(2000)]
    assert chance.value == pytest.approx(np.mean(errors), rel=0.03)
    assert (chance.low, chance.high) == pytest.approx(np.percentile(errors, [2.5, 97.5]), rel=0.08)
    assert chance.low < chance.value < chance.high


def test_the_error_of_chance_of_33_items_is_large_and_falls_with_the_square_root_of_their_number():
    assert 0.1 < chance_error(perfectly_calibrated(33, 0)[0]).value < 0.25
    few, many = (chance_error(np.repeat([0.15, 0.45, 0.75], n)).value for n in (100, 10_000))
    assert few / many == pytest.approx(10, rel=0.06)


def test_the_draws_of_large_bins_agree_with_those_of_small_ones():
    # 200 items of a bin are drawn one by one, 201 by the normal distribution of their sum.
    one_by_one, at_once = chance_error([0.3] * 200), chance_error([0.3] * 201)
    assert one_by_one.value == pytest.approx(at_once.value, rel=0.05)


@pytest.mark.parametrize("n", [12, 33, 120])
def test_a_perfectly_calibrated_model_is_rarely_shown_to_be_miscalibrated(n):
    shown = [calibration_estimate(*perfectly_calibrated(n, seed)).low > 0 for seed in range(150)]
    assert np.mean(shown) <= 0.05


@given(ITEMS, st.integers(1, 9))
@example([(0.0, True), (1.2e-38, True)], 1)
@example([(1e-9, True), (1e-9, True)], 2)
def test_the_interval_of_a_calibration_error_holds_it_and_has_a_width(items, documents):
    confidence, correct = zip(*items, strict=True)
    names = np.arange(len(items)) % documents
    for estimate in (calibration_estimate(confidence, correct), calibration_estimate(confidence, correct, names)):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
        assert estimate.high - estimate.low > 0.001
    if documents == 1 or len(items) == 1:
        assert (estimate.low, estimate.high) == (0, 1)


@pytest.mark.parametrize("confidence", [1.0, 1 - 1e-7, 0.9995])
def test_items_that_are_nearly_certain_and_right_leave_as_much_possible_as_certain_ones(confidence):
    certain, nearly = (calibration_estimate([value] * 20, [True] * 20) for value in (1.0, confidence))
    assert nearly.high == pytest.approx(certain.high, abs=1e-3)


def test_items_that_are_certain_and_wrong_leave_it_open_too():
    assert calibration_estimate([1.0] * 5, [False] * 5).low < 0.8


def test_items_that_are_certain_and_right_still_leave_an_error_possible():
    estimate = calibration_estimate([1.0] * 20, [True] * 20)
    assert (estimate.value, estimate.low) == (0, 0) and 0.05 < estimate.high < 0.3
    chance = chance_error([1.0] * 20)
    assert (chance.value, chance.high) == (0, 0)
