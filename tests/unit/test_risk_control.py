"""Thresholds with a bound on the errors among what is accepted."""

import numpy as np
import pytest

from medtune.metrics.risk_control import (
    Answers,
    Counts,
    certified_threshold,
    least_units,
    p_value,
    plain_threshold,
    ranks_tried,
)

DRAWS = 400
MOST = 0.05 + 2 * (0.05 * 0.95 / DRAWS) ** 0.5
"""Broken bounds among the draws: 5 %, and two standard errors of the simulation."""


def answers(confidence, wrong, units=None):
    confidence = np.asarray(confidence, dtype=float)
    return Answers(confidence, np.asarray(wrong, dtype=bool), units or list(range(len(confidence))))


@pytest.mark.parametrize(("risk", "needed"), [(0.01, 299), (0.05, 59), (0.1, 29), (0.2, 14)])
def test_so_many_units_without_an_error_certify_a_risk_and_one_less_does_not(risk, needed):
    assert least_units(risk) == needed
    assert (1 - risk) ** needed <= 0.05 < (1 - risk) ** (needed - 1)
    sure = [answers(np.linspace(0.5, 1, n), np.zeros(n)) for n in (needed - 1, needed)]
    assert [certified_threshold(one, risk) for one in sure] == [None, 0.0]


def test_the_p_value_is_exact_binomial():
    # 1 of 50 wrong at 10 %: 0.9^50 + 50 * 0.1 * 0.9^49.
    assert p_value(Counts(50, 1), 0.1) == pytest.approx(0.9**50 + 5 * 0.9**49)
    assert p_value(Counts(0, 0), 0.1) == 1


def test_all_numbers_that_are_tried_can_be_certified_and_there_are_at_most_ten():
    assert ranks_tried(2000, 0.05) == list(range(200, 2001, 200))
    for n in (14, 20, 59, 100, 299, 1000):
        for risk in (0.01, 0.05, 0.2):
            ranks = ranks_tried(n, risk)
            assert len(ranks) <= 10 and all((1 - risk) ** rank <= 0.05 / len(ranks) for rank in ranks)
            assert (ranks[-1:] == [n]) == (n >= least_units(risk))


def test_the_threshold_is_the_lowest_certified_one_and_what_lies_at_it_is_not_accepted():
    confidence = np.arange(1, 1001) / 1000
    validation = answers(confidence, confidence <= 0.45)
    threshold = certified_threshold(validation, 0.05)
    assert threshold == 0.5  # 500 accepted, none wrong; of 600 50 would be
    assert validation.counts(threshold) == Counts(500, 0)
    assert validation.counts(plain_threshold(validation, 0.05)) == Counts(578, 28)  # 29 of 579 would be above 5 %


def test_answers_without_confidence_are_never_accepted():
    validation = answers([0.0] * 30 + [0.9] * 30, [True] * 30 + [False] * 30)
    assert certified_threshold(validation, 0.1) == plain_threshold(validation, 0.1) == 0.0
    assert validation.counts(0.0) == Counts(30, 0)


def test_a_group_is_one_unit_and_wrong_where_any_of_its_accepted_answers_is():
    grouped = answers([0.9, 0.8, 0.2, 0.7], [False, True, True, False], ["a", "a", "a", "b"])
    assert grouped.counts(0.5) == Counts(2, 1)
    assert grouped.counts(0.85) == Counts(1, 0)
    many = answers(np.full(100, 0.9), np.zeros(100), [n // 10 for n in range(100)])
    assert certified_threshold(many, 0.05) is None  # ten patients, however many notes each has


def test_what_cannot_be_a_split_is_refused():
    with pytest.raises(ValueError, match="for each answer"):
        answers([0.5], [True, False])
    with pytest.raises(ValueError, match="below 0 or no number"):
        answers([float("nan")], [True])
    with pytest.raises(ValueError, match="between 0 and 1"):
        least_units(0)


def error_above(threshold, chance):
    """True error among the accepted; confidences are even over 0 to 1, chance(confidence) is that of an error."""
    return chance(np.linspace(threshold, 1, 4001)).mean()


@pytest.mark.parametrize(
    "chance",
    [
        lambda sure: 0.3 * (1 - sure),
        lambda sure: np.where(sure > 0.9, 0.16, 0.08 + 0.08 * (sure < 0.3)),  # the most confident are wrong more often
        lambda sure: 0.1 + 1e-9 + 0 * sure,
    ],
    ids=["calibrated", "overconfident", "flat"],
)
@pytest.mark.parametrize("n", [60, 200])
def test_the_bound_holds_in_95_per_cent_of_draws_and_that_of_the_plain_threshold_does_not(n, chance):
    rng = np.random.default_rng(7)
    broken = {"certified": 0, "plain": 0}
    for _ in range(DRAWS):
        confidence = rng.uniform(size=n)
        validation = answers(confidence, rng.uniform(size=n) < chance(confidence))
        for rule, choose in (("certified", certified_threshold), ("plain", plain_threshold)):
            threshold = choose(validation, 0.1)
            broken[rule] += threshold is not None and error_above(threshold, chance) > 0.1
    assert broken["certified"] / DRAWS <= MOST
    assert broken["plain"] / DRAWS > 0.3


def test_a_bound_that_is_far_from_broken_is_mostly_certified():
    rng = np.random.default_rng(1)
    certified = 0
    for _ in range(50):
        confidence = rng.uniform(size=400)
        validation = answers(confidence, rng.uniform(size=400) < 0.08 * (1 - confidence))
        certified += certified_threshold(validation, 0.1) == 0
    assert certified > 45
