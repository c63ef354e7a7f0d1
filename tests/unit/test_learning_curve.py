"""Learning curves: what is fitted to figures at several sizes, and what twice the documents are expected to bring."""

import numpy as np
import pytest

from medtune.metrics.learning_curve import HELPS, HELPS_NOT, NOT_TOLD, Sized, fault_of, learning_curve

SIZES = (25, 50, 100, 200)


def share(sums):
    return sums[:, 0] / sums[:, 1]


def exact(shares, seeds=3, documents=400, items=50):
    """Counts in which every document has just the share of its size."""
    return [
        Sized(size, np.tile([round(items * one), items], (seeds, documents, 1)))
        for size, one in zip(SIZES, shares, strict=False)
    ]


def drawn(shares, rng, seeds=3, documents=100, spread=0.01):
    """Counts of 20 items in each document, which is easy or hard at all sizes alike."""
    easy = rng.normal(0, 0.05, size=documents)
    points = []
    for size, one in zip(SIZES, shares, strict=False):
        quality = np.clip(one + rng.normal(0, spread, size=(seeds, 1)) + easy, 0.01, 0.99)
        right = rng.binomial(20, quality)
        points.append(Sized(size, np.stack([right, np.full(right.shape, 20)], axis=-1)))
    return points


def test_a_power_law_without_a_remaining_error_is_found_again():
    """Errors 0.4, 0.28, 0.2, 0.14: halved by each four times the documents."""
    curve = learning_curve(exact([0.6, 0.72, 0.8, 0.86]), share, seed=0)
    assert curve.rate.low < 0.5 < curve.rate.high and curve.rate.value == pytest.approx(0.5, abs=0.08)
    assert curve.figure(400).value == pytest.approx(0.9, abs=0.01) and curve.next == 400
    assert curve.gain.value == pytest.approx(0.04, abs=0.01) and curve.told == HELPS
    assert [curve.figure(size).value for size in SIZES] == pytest.approx([0.6, 0.72, 0.8, 0.86], abs=0.01)


def test_a_figure_that_no_longer_rises_is_not_expected_to():
    curve = learning_curve(exact([0.8, 0.8, 0.8, 0.8]), share, seed=0)
    assert curve.told == HELPS_NOT and curve.gain.high < 0.01
    assert curve.figure(400).value == pytest.approx(0.8, abs=0.01)
    assert curve.remaining.value == pytest.approx(0.2, abs=0.02)


def test_where_documents_or_seeds_vary_much_nothing_is_told():
    rng = np.random.default_rng(0)
    shares = [0.5, 0.58, 0.62]
    noisy = learning_curve(drawn(shares, rng, documents=12, spread=0.1), share, seed=0)
    assert noisy.told == NOT_TOLD
    assert noisy.gain.high - noisy.gain.low > 0.05
    calm = learning_curve(drawn(shares, rng, documents=400, spread=0.001), share, seed=0)
    assert calm.gain.high - calm.gain.low < noisy.gain.high - noisy.gain.low
    width = [found.figure(200).high - found.figure(200).low for found in (noisy, calm)]
    assert width[0] > 2 * width[1]


def test_seeds_that_differ_widen_the_intervals_as_documents_do():
    """The same figures and the same differences between documents; only the seeds lie apart."""
    counts = drawn([0.5, 0.6, 0.7], np.random.default_rng(4), documents=200, spread=0.0)
    apart = [
        Sized(point.documents, point.counts + np.array([-3, 0, 3])[:, None, None] * np.array([1, 0]))
        for point in counts
    ]
    for read in (lambda curve: curve.gain, lambda curve: curve.figure(200)):
        same, other = (read(learning_curve(points, share, seed=0)) for points in (counts, apart))
        assert other.high - other.low > 1.3 * (same.high - same.low)


def test_a_perfect_figure_has_an_interval():
    figure = learning_curve(exact([0.9, 1.0, 1.0], documents=50), share, seed=0).figure(200)
    assert 0.9 < figure.low < figure.value <= figure.high <= 1


def test_the_same_input_gives_the_same_curve():
    points = drawn([0.5, 0.6, 0.7], np.random.default_rng(1))
    one, other = (learning_curve(given, share, seed=3) for given in (points, points[::-1]))
    assert (one.gain, one.figure(200)) == (other.gain, other.figure(200))


def test_a_size_with_a_single_seed_varies_as_the_others_do():
    """Of rules all documents give one result, subsets one for each seed."""
    points = drawn([0.5, 0.6, 0.7], np.random.default_rng(2), spread=0.05)
    single = [*points[:2], Sized(100, points[2].counts[:1])]
    both = [learning_curve(given, share, seed=0).figure(200) for given in (points, single)]
    assert both[1].high - both[1].low > both[0].high - both[0].low


def test_too_few_sizes_or_seeds_are_refused_with_a_sentence():
    assert fault_of({40: 3}) == "not fitted: 1 size of the training data; a curve takes 3"
    assert fault_of({40: 3, 80: 3}) == "not fitted: 2 sizes of the training data; a curve takes 3"
    assert fault_of({20: 1, 40: 1, 80: 1}).startswith("not fitted: a single training seed")
    assert fault_of({20: 2, 40: 2, 80: 1}) is None
    with pytest.raises(ValueError, match="expected 3 or more"):
        learning_curve(exact([0.5, 0.6]), share, seed=0)
    with pytest.raises(ValueError, match="the same test documents"):
        learning_curve([*exact([0.5, 0.6]), Sized(100, np.ones((3, 7, 2)))], share, seed=0)
