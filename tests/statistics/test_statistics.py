"""What docs/statistics.md shows, simulated anew: minutes; `make check-statistics`."""

from pathlib import Path

import pytest

from benchmarks.methods_simulation import FOUND
from benchmarks.statistics_simulation import COVERAGE, MOST_REJECTED, SIZE, page, tables

pytestmark = pytest.mark.statistics
DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"


@pytest.fixture(scope="module")
def results():
    return tables()


@pytest.mark.parametrize("name", ["coverage", "means"])
def test_intervals_cover_the_truth(results, name):
    low, high = COVERAGE
    assert [row for row in results[name] if not low <= row[-1] <= high] == []


@pytest.mark.parametrize("name", ["curve", "unseen", "settling"])
def test_intervals_of_80_per_cent_hold_the_truth_in_70_to_90_per_cent_of_studies(results, name):
    low, high = FOUND
    assert [row for row in results[name] if not low <= row[-1] <= high] == []


@pytest.mark.parametrize(("name", "most"), [("size", MOST_REJECTED), ("family", SIZE), ("method", SIZE)])
def test_true_null_hypotheses_are_rarely_rejected(results, name, most):
    assert [row for row in results[name] if row[-1] > most] == []


def test_the_document_shows_these_results(results):
    assert DOCUMENT.read_text(encoding="utf-8") == page(results)
