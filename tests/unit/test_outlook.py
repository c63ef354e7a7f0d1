import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medtune.errors import InputError
from medtune.reporting.pages import render_page
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.outlook import (
    OUTLOOK_COLUMNS,
    Points,
    fit_sizes,
    not_fitted,
    outlook,
    points_of,
    sizes_asked,
)
from medtune.studies.meerkat.page import PAGES, progress
from medtune.studies.meerkat.prepare import DatasetStats
from medtune.studies.meerkat.recommendations import TrainingRecommendations
from medtune.studies.meerkat.runs import STEERING_SPLIT, read_run
from tests.unit.meerkat_models import SIZES, stats, write_model, write_study


def words(found, runs, metric, recommendations):
    """The paragraph of the page."""
    content = {"outlook": found, "metric": metric, "steering": STEERING_SPLIT, "all": ALL}
    return render_page(PAGES / "outlook.md.j2", {**content, **progress(runs, recommendations)}, ".")


def points(sizes, values, n=None):
    sizes, values = np.array(sizes, dtype=float), np.array(values, dtype=float)
    names = tuple(f"s{k}" for k in range(sizes.shape[1]))
    weights = np.array(n) if n else np.full(len(names), 10)
    return Points(names, weights, sizes, values[None], np.zeros(1), np.zeros(0))


def asking(**shares):
    return TrainingRecommendations(low_performance_specialties=list(shares), recommended_sample_increases=shares)


@given(
    st.floats(-0.3, 0.3),
    st.lists(st.floats(0, 1), min_size=2, max_size=4),
    st.lists(st.integers(1, 500), min_size=3, max_size=3, unique=True),
)
@settings(max_examples=50)
def test_a_true_slope_and_its_levels_are_found(slope, levels, sizes):
    grown = [[size * (k + 1) for k in range(len(levels))] for size in sizes]
    values = [[level + slope * math.log(size) for level, size in zip(levels, row, strict=True)] for row in grown]
    fit = fit_sizes(points(grown, values))
    assert fit.slope == pytest.approx([slope], abs=1e-9)
    assert fit.level[0] == pytest.approx(levels, abs=1e-7)


def test_the_fit_is_the_least_squares_of_all_items():
    sizes, values, n = [[20, 30], [40, 30], [60, 50]], [[0.2, 0.5], [0.4, 0.45], [0.5, 0.6]], [8, 3]
    fit = fit_sizes(points(sizes, values, n))
    rows, targets, weights = [], [], []
    for iteration in range(3):
        for k in range(2):
            rows.append([math.log(sizes[iteration][k]), k == 0, k == 1])
            targets.append(values[iteration][k])
            weights.append(math.sqrt(n[k]))
    weights = np.array(weights)
    solved, *_ = np.linalg.lstsq(
        np.array(rows, dtype=float) * weights[:, None], np.array(targets) * weights, rcond=None
    )
    assert [*fit.slope, *fit.level[0]] == pytest.approx(solved)


def test_a_specialty_of_constant_size_says_nothing_of_the_slope():
    sizes, values = [[20, 30], [40, 30]], [[0.2, 0.1], [0.3, 0.9]]
    assert fit_sizes(points(sizes, values)).slope == pytest.approx([0.1 / math.log(2)])


@pytest.mark.parametrize(
    "sizes, reason",
    [
        ([[20, 30]], "there is only one training"),
        ([[20, 30], [20, 30]], "no specialty's training set differs in size between the iterations"),
        (
            [[20, 30], [40, 30]],
            "there are too few points (2 of 1 specialty with a growing training set, for 2 unknowns)",
        ),
    ],
)
def test_why_there_is_no_fit_is_said(sizes, reason):
    assert not_fitted(points(sizes, np.zeros((len(sizes), 2)))) == reason


def test_one_more_point_than_unknowns_is_enough():
    assert not_fitted(points([[20, 30], [40, 50]], np.zeros((2, 2)))) is None
    assert not_fitted(points([[20], [40], [60]], np.zeros((3, 1)))) is None


def test_sizes_asked_for_are_those_that_the_next_training_set_would_have():
    found = DatasetStats.model_validate(
        stats(1, {"cardiology": (8, 32, 40), "neurology": (10, 40, 50), "oncology": (5, 95, 0)})
    )
    assert sizes_asked(found, asking(neurology=0.8)) == {"neurology": 70}  # 80 of 100, less 10 for evaluation
    assert sizes_asked(found, asking(oncology=1.0)) == {}  # the pool is empty
    assert sizes_asked(found, asking(neurology=0.3)) == {}  # a share never falls
    with pytest.raises(InputError, match='unknown specialty "neurologi"; did you mean "neurology"'):
        sizes_asked(found, asking(neurologi=0.8))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    _, files = write_study(tmp_path_factory.mktemp("study"))
    return [read_run(run) for run in files]


def test_points_hold_the_measured_figures_of_the_evaluation_split(runs):
    found = points_of(runs, "BLEU-1")
    assert found.specialties == ("cardiology", "dermatology", "neurology")
    assert found.n.tolist() == [8, 9, 10]
    assert found.sizes.tolist() == [[32, 36, 20], [32, 54, 40], [32, 72, 60]]
    assert found.values.shape == (1 + 27, 3, 3)
    for iteration, run in enumerate(runs):
        measured = [run.estimate("evaluation", "BLEU-1", name)["value"] for name in found.specialties]
        assert found.values[0, iteration] == pytest.approx(measured)
    assert found.overall[0] == pytest.approx(runs[2].estimate("evaluation", "BLEU-1")["value"])


def test_each_item_is_left_out_of_its_specialty_in_all_iterations(runs):
    same = points_of([runs[0], runs[0]], "ROUGE-L")
    assert np.array_equal(same.values[:, 0], same.values[:, 1])
    changed = same.values[1:, 0] != same.values[0, 0]
    assert changed[:8].any() and not changed[:8, 1:].any()  # the first eight are of cardiology
    assert same.weights.tolist() == pytest.approx([7 / 8] * 8 + [8 / 9] * 9 + [9 / 10] * 10)


def test_the_prediction_follows_the_fit_to_the_recommended_size(runs):
    found = outlook(runs, "ROUGE-L", asking(neurology=0.95))
    measured = points_of(runs, "ROUGE-L")
    fit = fit_sizes(measured)
    row, total = found.rows
    assert tuple(row) == OUTLOOK_COLUMNS
    assert (row["specialty"], row["n"], row["train_size"], row["next_train_size"]) == ("neurology", 10, 60, 76)
    assert row["expected"] == pytest.approx(fit.level[0, 2] + fit.slope[0] * math.log(76))
    assert row["gain"] == pytest.approx(fit.slope[0] * math.log(76 / 60))
    assert row["expected_low"] <= row["expected"] <= row["expected_high"]
    assert (total["specialty"], total["train_size"], total["next_train_size"]) == ("ALL", 164, 180)
    assert total["gain"] == pytest.approx(row["gain"] * 10 / 27)
    assert total["expected"] == pytest.approx(total["value"] + total["gain"])
    assert total["told"] is True
    assert "For the recommended sizes that is a change of +0.012" in words(
        found, runs, "ROUGE-L", asking(neurology=0.95)
    )
    assert "Chance in training is not in them" in words(found, runs, "ROUGE-L", asking(neurology=0.95))


def test_a_slope_whose_interval_includes_zero_tells_nothing(tmp_path):
    sizes = dict.fromkeys(SIZES, (10, 10))
    levels = [dict.fromkeys(SIZES, 0.6), {"cardiology": 0.7, "neurology": 0.5, "dermatology": 0.6}]
    # Growth goes with a rise in one specialty and with a fall in the other.
    found = [
        read_run(write_model(tmp_path / str(k), k + 1, levels[k], dict.fromkeys(sizes, (20 * (k + 1), 60 - 20 * k))))
        for k in range(2)
    ]
    told = outlook(found, "exact_match", asking(neurology=0.9))
    assert "What another iteration would bring cannot be told: the interval of the slope" in words(
        told, found, "exact_match", asking(neurology=0.9)
    )
    assert "includes zero" in words(told, found, "exact_match", asking(neurology=0.9))
    assert [(row["specialty"], row["expected"], row["gain"], row["told"]) for row in told.rows] == [
        ("neurology", None, None, False),
        ("ALL", None, None, False),
    ]
    assert told.rows[0]["value"] is not None


def test_when_no_size_varies_it_cannot_be_told(tmp_path):
    found = [
        read_run(write_model(tmp_path / str(k), k, dict.fromkeys(SIZES, 0.2 * k), dict.fromkeys(SIZES, (20, 40))))
        for k in (1, 2)
    ]
    told = outlook(found, "ROUGE-L", asking(neurology=0.9))
    assert "cannot be told: no specialty's training set differs in size between the iterations" in words(
        told, found, "ROUGE-L", asking(neurology=0.9)
    )
    assert not any(row["told"] for row in told.rows)


def test_copies_give_no_point_of_their_own(tmp_path):
    _, files = write_study(tmp_path, copied=True)
    found = [read_run(run) for run in files]
    with_copy = outlook(found, "ROUGE-L", asking(neurology=0.9))
    without = outlook(found[:2], "ROUGE-L", asking(neurology=0.9))
    assert with_copy.rows == without.rows


def test_without_a_low_specialty_nothing_would_be_added(runs):
    found = outlook(runs, "ROUGE-L", TrainingRecommendations())
    assert found.rows == []
    assert "no specialty counts as low: another iteration would have no more questions" in words(
        found, runs, "ROUGE-L", TrainingRecommendations()
    )


def test_a_low_specialty_without_more_questions_is_named(runs):
    low = TrainingRecommendations(low_performance_specialties=["neurology"])
    found = outlook(runs, "ROUGE-L", low)
    assert found.rows == []
    assert "these specialties count as low: neurology. But nothing more can be added" in words(
        found, runs, "ROUGE-L", low
    )


def test_a_specialty_without_evaluation_questions_cannot_be_told(tmp_path):
    sizes = {**SIZES, "oncology": (0, 10)}
    found = [
        read_run(
            write_model(
                tmp_path / str(k),
                k,
                dict.fromkeys(sizes, 0.2 + 0.1 * k),
                dict.fromkeys(sizes, (20 * k, 80 - 20 * k)),
                sizes=sizes,
            )
        )
        for k in (1, 2, 3)
    ]
    told = outlook(found, "ROUGE-L", asking(oncology=1.0))
    assert told.rows[0]["specialty"] == "oncology"
    assert (told.rows[0]["value"], told.rows[0]["n"], told.rows[0]["told"]) == (None, 0, False)
    assert "None of these specialties has evaluation questions" in words(told, found, "ROUGE-L", asking(oncology=1.0))
