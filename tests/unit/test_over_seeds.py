"""Differences over training seeds and documents together."""

import numpy as np
import pytest
from scipy.stats import ttest_rel

from medtune.metrics.counts import f1_of_counts
from medtune.metrics.intervals import of_statistic
from medtune.metrics.over_seeds import LEAST_SEEDS, difference_over_seeds, figure_over_seeds


def f1(sums):
    tp, fp, fn = sums.T
    return 2 * tp / np.maximum(2 * tp + fp + fn, 1)


def made(rng, seeds, documents, quality, between_seeds, difficulty):
    """(seeds, documents, 3) counts: each seed has a quality of its own, each document the same difficulty for all."""
    share = np.clip(quality + between_seeds * rng.standard_normal((seeds, 1)) - difficulty, 0.02, 0.98)
    right = rng.binomial(4, share)
    return np.stack([right, 4 - right, 4 - right], axis=2)


def test_the_value_is_the_difference_of_the_means_over_seeds():
    a = np.array([[[2, 0, 0], [2, 0, 0]], [[1, 1, 1], [2, 0, 0]], [[2, 0, 0], [1, 1, 1]]])
    b = np.array([[[1, 1, 1], [1, 1, 1]], [[1, 1, 1], [2, 0, 0]], [[0, 2, 2], [1, 1, 1]]])
    found = difference_over_seeds(a, b, f1)
    assert found.value == pytest.approx((1 + 0.75 + 0.75) / 3 - (0.5 + 0.75 + 0.25) / 3)
    assert found.low < found.value < found.high and 0 < found.p_value < 1 and found.n == 2


def test_no_interval_has_width_0_and_equal_runs_do_not_differ():
    perfect = np.tile([2, 0, 0], (3, 12, 1))
    found = difference_over_seeds(perfect, perfect, f1)
    assert (found.value, found.p_value) == (0, 1) and found.low == -0.25 and found.high == 0.25


@pytest.mark.parametrize(("tp", "shown"), [(39, False), (20, True)])
def test_where_nothing_varies_p_and_interval_agree(tp, shown):
    a, b = np.tile([40, 0, 0], (3, 12, 1)), np.tile([tp, 40 - tp, 40 - tp], (3, 12, 1))
    found = difference_over_seeds(a, b, f1)
    assert (found.low > 0, found.p_value < 0.05) == (shown, shown)


def test_a_difference_that_one_seed_alone_makes_is_not_shown():
    """Over documents alone it would be: all documents of one seed are right."""
    rng = np.random.default_rng(3)
    b = made(rng, 3, 60, 0.6, 0.0, np.zeros(60))
    a = b.copy()
    a[0] = [4, 0, 0]
    assert difference_over_seeds(a, b, f1).p_value > 0.05
    assert difference_over_seeds(np.tile([4, 0, 0], (3, 60, 1)), b, f1).p_value < 0.01


def test_where_seeds_agree_the_documents_alone_decide_by_the_paired_t_test():
    """11 of 20 right against 8: more by 3, of 5 documents that differ one way and 2 the other."""
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [6, 5, 2, 7], axis=0)
    a, b = (np.tile(np.stack([own, np.ones(20)], axis=1), (3, 1, 1)) for own in right.T)
    found = difference_over_seeds(a, b, lambda sums: sums[:, 0] / sums[:, 1])
    assert found.value == pytest.approx(0.15)
    assert found.p_value == pytest.approx(ttest_rel(*right.T).pvalue)
    assert found.low < 0 < found.high


def test_a_true_null_is_rejected_in_about_one_of_twenty_and_intervals_cover_it():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(600):
        difficulty = 0.15 * rng.standard_normal(40)
        pair = [made(rng, 3, 40, 0.7, 0.05, difficulty) for _ in range(2)]
        found.append(difference_over_seeds(*pair, f1))
    assert np.mean([each.p_value < 0.05 for each in found]) <= 0.07
    assert np.mean([each.low <= 0 <= each.high for each in found]) >= 0.93


@pytest.mark.parametrize(
    "shapes", [((2, 9, 3), (3, 9, 3)), ((3, 9, 3), (3, 8, 3)), ((9, 3), (9, 3)), ((3, 1, 3), (3, 1, 3))]
)
def test_too_few_seeds_and_other_documents_are_refused(shapes):
    with pytest.raises(ValueError, match=r"training seeds|expected \(seeds, documents, counts\)"):
        difference_over_seeds(*(np.ones(shape) for shape in shapes), f1)
    assert LEAST_SEEDS == 3


def test_a_figure_of_one_seed_has_the_interval_over_documents():
    counts = made(np.random.default_rng(1), 1, 30, 0.7, 0.0, np.zeros(30))
    assert figure_over_seeds(counts, f1_of_counts) == of_statistic(counts[0], f1_of_counts)


def test_the_interval_of_a_figure_grows_with_what_seeds_differ_by():
    """Three seeds of mean 0.7: the variance of the mean over seeds is added to that over documents."""
    right = np.stack([np.arange(200) % 10 < tenths for tenths in (7, 7, 7)])
    apart = np.stack([np.arange(200) % 10 < tenths for tenths in (5, 7, 9)])
    same, other = (
        figure_over_seeds(np.stack([one, np.ones(one.shape)], axis=-1), lambda sums: sums[:, 0] / sums[:, 1])
        for one in (right, apart)
    )
    assert same.value == pytest.approx(0.7) and other.value == pytest.approx(0.7)
    assert same.high - same.low < 0.15
    # Standard error of the mean over seeds: 0.2 / sqrt(3); with about two degrees of freedom 4.3 of them.
    assert other.low == pytest.approx(0.7 - 4.2 * 0.2 / 3**0.5, abs=0.05) and other.high == 1


def test_a_side_that_is_the_same_at_every_seed_needs_one():
    rng = np.random.default_rng(2)
    a, b = made(rng, 3, 40, 0.8, 0.02, np.zeros(40)), made(rng, 1, 40, 0.6, 0.0, np.zeros(40))
    with pytest.raises(ValueError, match="1 training seeds"):
        difference_over_seeds(a, b, f1)
    found = difference_over_seeds(a, b, f1, least=(LEAST_SEEDS, 1))
    assert found.value == pytest.approx(np.mean(f1(a.sum(axis=1))) - f1(b.sum(axis=1))[0]) and found.p_value < 0.01
