import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from medtune.metrics import significance
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.significance import FLOOR, holm, mcnemar, p_text, p_words, paired_difference, verdict


def pair(both, only_a, only_b, neither):
    a = [True] * both + [True] * only_a + [False] * only_b + [False] * neither
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return a, b


def test_25_against_24_of_33_is_no_difference():
    test = mcnemar(*pair(both=22, only_a=3, only_b=2, neither=6))
    assert (test.n, test.only_a, test.only_b, test.p_value) == (33, 3, 2, 1.0)


def test_mcnemar_is_the_exact_binomial_on_discordant_pairs():
    test = mcnemar(*pair(both=10, only_a=8, only_b=1, neither=4))
    assert test.p_value == pytest.approx(2 * (1 + 9) / 2**9)


def test_models_that_agree_everywhere_have_p_1():
    assert mcnemar(*pair(5, 0, 0, 5)).p_value == 1.0


def test_mcnemar_needs_the_same_items():
    with pytest.raises(ValueError, match="same items"):
        mcnemar([True], [True, False])


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


def test_holm_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm([0.2, 1.2])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_the_raw_and_the_bonferroni_values_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    for raw, value in zip(p_values, adjusted, strict=True):
        assert raw <= value <= min(1, raw * len(p_values)) + 1e-12
    order = np.argsort(p_values, kind="stable")
    assert all(np.diff(np.array(adjusted)[order]) >= 0)


def test_paired_difference_sees_a_clear_difference_in_f1():
    a, b = np.tile([9, 1, 1], (40, 1)), np.tile([5, 5, 5], (40, 1))
    difference = paired_difference(a, b, f1_of_counts, seed=1, resamples=500)
    assert difference.value == pytest.approx(0.9 - 0.5)
    assert 0.3 < difference.low < 0.4 < difference.high < 0.5
    assert difference.p_value == pytest.approx(1 / 501)


def test_few_documents_are_swapped_in_all_ways():
    # Three documents differ, all in the same direction: of 2^3 swaps none and all of them are as far from 0.
    a, b = [[5, 0, 0]] * 3 + [[2, 1, 1]], [[3, 1, 2]] * 3 + [[2, 1, 1]]
    assert paired_difference(a, b, f1_of_counts, seed=1).p_value == 2 / 8


def test_right_or_wrong_items_get_the_p_of_mcnemar():
    a, b = (np.array(side, dtype=float)[:, None] for side in pair(both=10, only_a=8, only_b=1, neither=4))
    found = paired_difference(a, b, lambda sums: sums[:, 0] / len(a), seed=1)
    assert found.p_value == pytest.approx(mcnemar(a[:, 0], b[:, 0]).p_value)


def mean_of_counts(sums):
    return sums[:, 0] / sums[:, 1]


def graded(differences):
    """Counts of two models whose scores of each document differ so."""
    ones = np.ones(len(differences))
    return np.column_stack([0.5 + np.asarray(differences), ones]), np.column_stack([0.5 * ones, ones])


def swapped_mean(differences):
    """p of the mean alone under all swaps."""
    return permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue


def test_a_lead_in_many_documents_is_weighed_against_few_that_go_far_the_other_way():
    lost = np.array([0.04] * 11 + [-0.09])
    assert swapped_mean(lost) < 0.05 < paired_difference(*graded(lost), mean_of_counts, seed=1).p_value
    won = np.array([0.04] * 11 + [0.09])
    assert paired_difference(*graded(won), mean_of_counts, seed=1).p_value == swapped_mean(won) < 0.001


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=8))
def test_p_is_never_below_that_of_the_difference_alone(tenths):
    differences = np.array(tenths) / 20
    found = paired_difference(*graded(differences), mean_of_counts, seed=1).p_value
    assert swapped_mean(differences) - 1e-9 <= found <= 1


def test_a_difference_of_equal_outputs_still_has_an_interval():
    perfect = [[4, 0, 0]] * 12
    for counts in (perfect, [[3, 1, 1]] * 12, np.arange(30).reshape(10, 3)):
        found = paired_difference(counts, counts, f1_of_counts, seed=1)
        assert (found.value, found.p_value) == (0, 1)
        assert found.low < -0.01 and found.high > 0.01
    single = paired_difference([[4, 0, 0]], [[3, 1, 1]], f1_of_counts, seed=1)
    assert (single.low, single.high, single.p_value) == (-1, 1, 1)


def test_the_verdict_follows_the_corrected_test():
    assert verdict(0.1, 0.049) == "better"
    assert verdict(-0.1, 0.049) == "worse"
    assert verdict(0.1, 0.15, "helped", "harmed", "no difference shown") == "no difference shown"


def test_tests_of_a_family_are_corrected_together_and_what_is_not_tested_is_no_part_of_it():
    counts = [[[9, 1, 1]] * 20, [[5, 5, 5]] * 20]
    up, down = (paired_difference(*pair, f1_of_counts, seed=1) for pair in (counts, counts[::-1]))
    found = significance.tested_cells([up, None, down], ("higher", "lower", "level"))
    assert [cells["verdict"] for cells in found] == ["higher", "level", "lower"]
    assert [cells["p_holm"] for cells in found] == [2 * up.p_value, None, 2 * down.p_value]
    assert significance.tested_cells([None]) == [{"p_value": None, "p_holm": None, "verdict": "tie"}]


def test_a_p_value_at_the_floor_of_the_swaps_is_an_upper_bound():
    assert p_text(0.002, FLOOR) == "≤ 0.002"
    assert p_words(0.002, FLOOR) == "p ≤ 0.002"
    assert (p_text(FLOOR), p_text(0.0004, 0.0002), p_text(0.0321)) == ("< 0.001", "< 0.001", "0.032")
    assert p_words(0.0321) == "p = 0.032"


def test_paired_difference_turns_its_sign_with_the_models():
    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 5, (25, 3)), generator.integers(0, 5, (25, 3))
    one, other = (paired_difference(*both, f1_of_counts, seed=4) for both in ((a, b), (b, a)))
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert one.p_value == other.p_value
