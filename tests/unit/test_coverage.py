"""A short form of `make check-statistics`."""

import pytest

from benchmarks.statistics_simulation import CORPORA, coverage, method_size, size


@pytest.mark.parametrize(("f1", "documents"), [(0.6, 12), (0.97, 24)])
def test_intervals_of_f1_cover_the_truth(f1, documents):
    held, above, below = coverage(CORPORA[2], f1, documents, draws=2000)
    assert 0.915 <= held <= 0.99
    assert max(above, below) < 0.06


def test_equally_good_models_and_methods_are_rarely_told_apart():
    rejected, held = size(12, 0.95, 0.0, draws=150)
    assert rejected <= 0.1 and held >= 0.85
    assert method_size(24, 3, 0.03, draws=300) <= 0.09
