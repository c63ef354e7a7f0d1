import pytest

from medtune.metrics.estimate import Range
from medtune.reporting.plots import (
    Bar,
    CostPoint,
    Curve,
    Line,
    plot_bars,
    plot_confusions,
    plot_curves,
    plot_learning_curves,
    plot_pareto,
    plot_reliability,
    save_figure,
)
from medtune.studies.yesno.rank_plot import Band, Point, plot_against_rank

TABLE = {"Yes": {"Yes": 5, "No": 1, "none": 0}, "No": {"Yes": 2, "No": 3, "none": 1}}
BIN = {
    "bin_low": 0.6,
    "bin_high": 0.7,
    "n": 4,
    "confidence": 0.65,
    "accuracy": 0.5,
    "accuracy_low": 0.2,
    "accuracy_high": 0.8,
}


def by_rank(points):
    return plot_against_rank(
        points,
        [Band(Range(0.3, 0.2, 0.4), "base"), Band(Range(0.5, 0.4, 0.6), "practised")],
        "title",
        "accuracy",
        "run",
        "chosen",
    )


def figures():
    return {
        "accuracy": by_rank([Point(4, Range(0.7, 0.5, 0.8)), Point(16, Range(0.8, 0.6, 0.9), marked=True)]),
        "confusion": plot_confusions([("base", TABLE), ("chosen", TABLE)], "title"),
        "reliability": plot_reliability([BIN], "title"),
        "curves": plot_curves(
            [Curve("rank 4", [25, 50], [0.5, 0.7], 0.0), Curve("rank 8", [25], [0.4], 1.0, True)], "t", "y"
        ),
    }


@pytest.mark.parametrize("suffix", ["png", "svg"])
@pytest.mark.parametrize("name", sorted(figures()))
def test_the_same_table_gives_the_same_bytes(tmp_path, name, suffix):
    for folder in ("one", "other"):
        save_figure(figures()[name], tmp_path / folder / f"plot.{suffix}")
    one, other = ((tmp_path / folder / f"plot.{suffix}").read_bytes() for folder in ("one", "other"))
    assert one == other
    assert len(one) > 1000


def test_the_ranks_are_the_ticks_of_a_log2_axis():
    axes = by_rank([Point(rank, Range(0.7, 0.5, 0.8)) for rank in (4, 8, 24, 128)]).axes[0]
    assert (axes.get_xscale(), [label.get_text() for label in axes.get_xticklabels()]) == (
        "log",
        ["4", "8", "24", "128"],
    )


def test_runs_of_one_rank_stand_side_by_side():
    axes = by_rank([Point(8, Range(0.7, 0.5, 0.8)), Point(8, Range(0.7, 0.5, 0.8))]).axes[0]
    places = axes.containers[0].lines[0].get_xdata()
    assert len(set(places)) == 2
    assert places[0] * places[1] == pytest.approx(64)


def test_intervals_are_drawn_as_given():
    axes = by_rank([Point(8, Range(0.7, 0.5, 0.8))]).axes[0]
    (segment,) = axes.containers[0].lines[2][0].get_segments()
    assert segment[:, 1] == pytest.approx([0.5, 0.8])


def test_the_confusion_matrix_shows_every_count():
    axes = plot_confusions([("base", TABLE)], "title").axes[0]
    assert [text.get_text() for text in axes.texts] == ["5", "1", "0", "2", "3", "1"]


def test_other_kinds_of_picture_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected \.png or \.svg"):
        save_figure(by_rank([Point(8, Range(0.7, 0.5, 0.8))]), tmp_path / "plot.jpg")


def test_a_plot_without_points_is_still_drawn(tmp_path):
    save_figure(plot_curves([], "title", "y"), tmp_path / "curves.png")
    save_figure(plot_reliability([], "title"), tmp_path / "reliability.png")


def test_a_dollar_sign_in_a_name_is_one(tmp_path):
    figure = plot_bars([Bar("a", Range(0.5, 0.4, 0.6))], r"Costs of $\broken$", "y", True, ("",))
    save_figure(figure, tmp_path / "bars.svg")
    assert figure.axes[0].get_title(loc="left") == r"Costs of $\broken$"


def test_costs_of_nothing_have_a_place_and_optimal_points_are_joined():
    cheap, dear, beaten = (
        CostPoint("rules", 0, Range(0.4, 0.3, 0.5), True),
        CostPoint("adapter", 900, Range(0.8, 0.7, 0.9), True),
        CostPoint("prompt", 2000, Range(0.5, 0.4, 0.6), False),
    )
    axes = plot_pareto({"seconds": [dear, beaten, cheap]}, "t", "accuracy").axes[0]
    others, optimal = axes.containers
    assert list(optimal.lines[0].get_xdata()) == [0, 900] and optimal.lines[0].get_linestyle() == "--"
    assert list(others.lines[0].get_xdata()) == [2000] and others.lines[0].get_linestyle() == "None"
    assert axes.get_xlim()[0] < 0 and axes.get_xlim()[1] > 2000
    assert {text.get_text() for text in axes.texts} == {"rules", "adapter", "prompt"}


def test_measured_sizes_are_points_and_fitted_ones_a_band_of_the_same_colour():
    half, more, most = Range(0.5, 0.4, 0.6), Range(0.6, 0.5, 0.7), Range(0.7, 0.5, 0.9)
    measured = [Line("a", [20, 40], [half, more]), Line("b", [40], [half])]
    fitted = [Line("a", [20, 40, 80], [half, more, most])]
    axes = plot_learning_curves(measured, fitted, "t", "F1").axes[0]
    a, b = (container.lines[0] for container in axes.containers)
    curve = next(line for line in axes.lines if line.get_linestyle() == "--")
    assert list(curve.get_xdata()) == [20, 40, 80] and curve.get_color() == a.get_color() != b.get_color()
    assert a.get_xdata()[1] < 40 < b.get_xdata()[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["20", "40", "80"]
    assert len(axes.collections) == 3  # the band, and the intervals of two methods
