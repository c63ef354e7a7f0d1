"""What is said of methods is calibrated: a short form of the simulations in docs/statistics.md."""

import numpy as np
import pytest

from benchmarks.methods_simulation import Truth, curve_coverage, settling_coverage

CASES = [
    (Truth((25, 50, 100), 0.2, 0.0), 2, 50),
    (Truth((25, 50, 100), 1.0, 0.3), 3, 100),
    (Truth((10, 20, 40, 80, 160), 0.5, 0.0), 3, 50),
    (Truth((10, 20, 40, 80, 160), 0.4, 0.1), 2, 100),
]


def test_the_figure_at_twice_the_documents_is_in_its_interval_in_about_four_of_five_studies():
    found = [curve_coverage(truth, seeds, documents, draws=40) for truth, seeds, documents in CASES]
    assert 0.7 <= np.mean([result.figure for result in found]) <= 0.9
    assert np.mean([result.wrong for result in found]) <= 0.05


@pytest.mark.parametrize(("seeds", "between"), [(1, 0.0), (3, 0.01)])
def test_the_documents_that_settle_a_difference_are_in_their_interval_in_about_four_of_five_studies(seeds, between):
    found = [settling_coverage(seeds, between, 50, more, draws=80) for more in (2, 10)]
    assert 0.7 <= np.mean([result.held for result in found]) <= 0.9
    assert found[0].ties < found[1].ties
