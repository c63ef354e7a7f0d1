import pytest

from medtune.metrics.estimate import Range
from medtune.reporting.plots import SERIES, Bar, Line, plot_bars, plot_heatmap, save_figure
from medtune.studies.maccrobat.analysis.drawing import Dot, plot_dots, plot_histograms, plot_lines

TABLE = {"A": {"A": 9, "none": 0}, "none": {"A": 3, "none": 0}}
BINS = [
    {"bin_low": 0.0, "bin_high": 0.5, "right": 1, "wrong": 2},
    {"bin_low": 0.5, "bin_high": 1, "right": 4, "wrong": 0},
]
ONE, OTHER = Range(0.7, 0.6, 0.8), Range(0.5, 0.2, 0.6)
LINES = [Line("precision", [0.5, 0.9], [Range(0.8, 0.7, 0.9), None])]


def figures():
    return {
        "bars": plot_bars([Bar("a", ONE, "g"), Bar("b", OTHER, "h")], "t", "x"),
        "no_bars": plot_bars([], "t", "x"),
        "dots": plot_dots([Dot("a", 20, ONE, "g"), Dot("b", 2000, OTHER, "h")], "t", "x", "y"),
        "lines": plot_lines(LINES, "t", "x", "y", (0.6, "recommended")),
        "histograms": plot_histograms([("one", BINS), ("two", BINS)], ("right", "wrong"), "t", "x"),
        "heatmap": plot_heatmap(TABLE, "t", "x", "y"),
    }


@pytest.mark.parametrize("name", sorted(figures()))
def test_the_same_table_gives_the_same_bytes(tmp_path, name):
    for folder in ("one", "other"):
        save_figure(figures()[name], tmp_path / folder / "plot.svg")
    one, other = ((tmp_path / folder / "plot.svg").read_bytes() for folder in ("one", "other"))
    assert one == other
    assert len(one) > 1000


def test_the_first_bar_stands_on_top():
    axes = figures()["bars"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.yaxis_inverted()


def test_named_groups_keep_their_colours_whatever_comes_first():
    axes = plot_bars([Bar("a", Range(0.7, 0.6, 0.8), "rare")], "t", "x", groups=("frequent", "rare")).axes[0]
    red, green, blue, _ = axes.patches[0].get_facecolor()
    assert "#{:02X}{:02X}{:02X}".format(*(round(255 * part) for part in (red, green, blue))) == SERIES[1][0]


def test_names_of_dots_do_not_cover_each_other():
    dots = [Dot(f"a name {number}", 100, Range(0.9, 0.8, 1), "g") for number in range(9)]
    axes = plot_dots([*dots, Dot("far away", 1000, Range(0.1, 0, 0.2), "g")], "t", "x", "y").axes[0]
    names = [name.get_text() for name in axes.texts]
    assert names == ["a name 0", "a name 1", "far away"]  # at the left edge: above and below, on the right
    boxes = [name.get_window_extent() for name in axes.texts]
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_powers_of_ten_on_the_log_axis_are_drawn_as_such(tmp_path):
    figure = figures()["dots"]
    save_figure(figure, tmp_path / "dots.svg")
    ticks = figure.axes[0].get_xticklabels()
    assert ticks and all("10^{" in tick.get_text() and tick.get_parse_math() for tick in ticks)


def test_a_line_leaves_out_points_without_value():
    line = figures()["lines"].axes[0].lines[0]
    assert list(line.get_xdata()) == [0.5]


def test_a_heatmap_writes_counts_but_no_zeros():
    texts = [text.get_text() for text in figures()["heatmap"].axes[0].texts]
    assert sorted(texts) == ["3", "9"]
