"""Plots. They draw tables that were computed elsewhere, and look the same whenever the tables do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from medtune.files import atomic
from medtune.metrics.estimate import AnyFigure, Range, end_values
from medtune.reporting.prose import estimate_in

# Okabe and Ito's palette, told apart with every kind of colour vision.
BLUE, ORANGE, GREY, BLACK = "#0072B2", "#D55E00", "#7F7F7F", "#222222"
GREEN, PINK = "#009E73", "#CC79A7"
SERIES = ((BLUE, "o"), (ORANGE, "D"), (GREEN, "s"), (GREY, "^"), (PINK, "v"))
"""Colour and marker of the first, second … series or group."""
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#E3E3E3",
    "legend.frameon": False,
    "svg.hashsalt": "medtune",
    "text.parse_math": False,  # a dollar sign in a name is one
}


@dataclass(frozen=True)
class Curve:
    """A line over training steps. order: its place in the colour sequence, in [0, 1].
    Lines with the same name share one entry of the legend."""

    name: str
    steps: Sequence[int]
    values: Sequence[float]
    order: float
    marked: bool = False


@dataclass(frozen=True)
class Bar:
    """A named figure with its interval. group: what it is coloured by."""

    name: str
    figure: AnyFigure
    group: str = ""


@dataclass(frozen=True)
class Line:
    """A named line through figures with their intervals, one for each x; those without a value are left out."""

    name: str
    x: Sequence[float]
    figures: Sequence[AnyFigure]


@dataclass(frozen=True)
class CostPoint:
    """A named figure with its interval at what it costs. optimal: drawn to stand out."""

    name: str
    cost: float
    figure: AnyFigure
    optimal: bool


def or_zero(figure: AnyFigure) -> Range:
    """To draw a figure that is not there as 0."""
    return Range(*(end or 0.0 for end in end_values(figure)))


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure atomically as its suffix says (.png at 150 dpi, or .svg), without dates."""
    path = Path(path)
    metadata = {".svg": {"Date": None}, ".png": {"Software": None}}.get(path.suffix)
    if metadata is None:
        raise ValueError(f"{path}: expected .png or .svg")
    with atomic(path) as temporary, matplotlib.rc_context(STYLE):
        figure.savefig(temporary, dpi=150, metadata=metadata)


def plot_confusions(panels: Sequence[tuple[str, Mapping[str, Mapping[str, int]]]], title: str) -> Figure:
    """Confusion matrices side by side on one colour scale.

    panels: title and counts by gold label, then by predicted label.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.3 * len(panels) + 0.6, 3.9), layout="constrained")
        all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        most = max((count for _, table in panels for row in table.values() for count in row.values()), default=0)
        for axes, (name, table) in zip(all_axes, panels, strict=True):
            gold = list(table)
            predicted = list(table[gold[0]])
            counts = [[table[g][p] for p in predicted] for g in gold]
            axes.imshow(counts, cmap="Blues", vmin=0, vmax=max(most, 1), aspect="auto")
            for row, values in enumerate(counts):
                for column, count in enumerate(values):
                    colour = "white" if count > 0.55 * most else BLACK
                    axes.text(column, row, str(count), ha="center", va="center", color=colour)
            axes.set_xticks(range(len(predicted)), predicted)
            axes.set_yticks(range(len(gold)), gold)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            axes.set_xlabel("answer")
            axes.set_title(name)
        all_axes[0].set_ylabel("gold")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def plot_reliability(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Accuracy against confidence by bin, with intervals, above the number of items in each bin.

    rows: as `medtune.metrics.calibration.reliability_table` gives them.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 5.4), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
        upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.5, label="perfectly calibrated")
        draw_figures(
            upper,
            [row["confidence"] for row in rows],
            [estimate_in(row, "accuracy") for row in rows],
            fmt="o",
            color=BLUE,
            capsize=3,
            linewidth=1.3,
            label="bin, 95 % interval",
        )
        share_axis(upper, "accuracy")
        upper.set_title(title)
        upper.legend(loc="upper left")
        widths = [row["bin_high"] - row["bin_low"] for row in rows]
        lower.bar([row["bin_low"] for row in rows], [row["n"] for row in rows], widths, align="edge", color=BLUE)
        lower.set_ylabel("items")
        lower.set_xlabel("confidence")
        lower.set_xlim(0, 1)
        lower.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    return figure


def plot_curves(curves: Sequence[Curve], title: str, y_label: str) -> Figure:
    """A share over training steps, one line per run, coloured light to dark by `order`."""
    colours = matplotlib.colormaps["viridis_r"]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        named = set()
        for curve in curves:
            axes.plot(
                curve.steps,
                curve.values,
                color=ORANGE if curve.marked else colours(0.15 + 0.8 * curve.order),
                linewidth=2.6 if curve.marked else 1.4,
                marker="D" if curve.marked else "o",
                markersize=6 if curve.marked else 4,
                zorder=3 if curve.marked else 2,
                label="_nolegend_" if curve.name in named else curve.name,
            )
            named.add(curve.name)
        axes.set_xlim(left=0)
        axes.set_xlabel("optimiser step")
        share_axis(axes, y_label)
        axes.set_title(title)
        if curves:
            figure.legend(loc="outside right center")
    return figure


def plot_bars(bars: Sequence[Bar], title: str, x_label: str, share: bool = True, groups: Sequence[str] = ()) -> Figure:
    """Horizontal bars with intervals, the first on top. share: the axis runs from 0 to 100 %, else from 0.
    groups: those whose colours come first, whatever the order of the bars; others follow."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 1.3 + 0.24 * max(len(bars), 4)), layout="constrained")
        axes = figure.subplots()
        for group, (colour, _) in by_group(bars, groups).items():
            of_group = [(place, bar) for place, bar in enumerate(bars) if bar.group == group]
            axes.barh(
                [place for place, _ in of_group],
                [end_values(bar.figure).value for _, bar in of_group],
                xerr=error_lengths(bar.figure for _, bar in of_group),
                color=colour,
                ecolor=BLACK,
                capsize=2,
                error_kw={"linewidth": 1},
                label=group,
            )
        axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
        axes.set_ylim(max(len(bars), 1) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        if share:
            axes.set_xlim(0, 1.03)
            axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_xlabel(x_label)
        axes.grid(True, axis="x")
        axes.set_axisbelow(True)
        axes.set_title(title)
        group_legend(figure, [bar.group for bar in bars])
    return figure


def plot_pareto(
    panels: Mapping[str, Sequence[CostPoint]],
    title: str,
    y_label: str,
    share: bool = True,
    optimal: str = "Pareto-optimal",
) -> Figure:
    """Figures with intervals against costs, a panel for each label of the x axis. Costs are on a logarithmic axis that
    is linear below 1, where 0 has a place; the optimal points are joined."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.4 * len(panels), 4.2), layout="constrained")
        all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (label, points) in zip(all_axes, panels.items(), strict=True):
            for marked, (colour, marker), name in ((False, SERIES[0], "other methods"), (True, SERIES[1], optimal)):
                chosen = sorted((point for point in points if point.optimal is marked), key=lambda point: point.cost)
                if chosen:
                    draw_figures(
                        axes,
                        [point.cost for point in chosen],
                        [point.figure for point in chosen],
                        fmt=f"{marker}--" if marked else marker,
                        color=colour,
                        capsize=3,
                        linewidth=1.3,
                        label=name,
                    )
            places = {(point.cost, end_values(point.figure).value, point.name) for point in points}
            for number, (cost, value, named) in enumerate(sorted(places)):
                offset = (5, 5) if number % 2 else (5, -12)  # neighbours above and below
                axes.annotate(named, (cost, value), offset, textcoords="offset points", fontsize=8)
            axes.set_xscale("symlog", linthresh=1)
            axes.set_xlim(-0.1, 5 * max([1.0, *(point.cost for point in points)]))
            axes.xaxis.set_major_formatter(lambda cost, _: f"{cost:g}")
            axes.set_xlabel(label)
            if share:
                share_axis(axes, y_label)
            axes.set_ylabel(y_label if axes is all_axes[0] else "")
        names = dict(
            pair for axes in figure.axes for pair in zip(*reversed(axes.get_legend_handles_labels()), strict=True)
        )
        figure.legend(names.values(), names.keys(), loc="outside lower center", ncols=2)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def plot_learning_curves(
    measured: Sequence[Line], fitted: Sequence[Line], title: str, y_label: str, share: bool = True
) -> Figure:
    """Figures with intervals against numbers of training documents (log2 axis), and curves with a band. Lines of one
    name have one colour and marker; measured ones are points, side by side where they have the same number."""
    names = list(dict.fromkeys(line.name for line in (*measured, *fitted)))
    looks = {name: SERIES[n % len(SERIES)] for n, name in enumerate(names)}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        for line in fitted:
            colour, _ = looks[line.name]
            values, lows, highs = zip(*map(end_values, line.figures), strict=True)
            axes.fill_between(line.x, lows, highs, color=colour, alpha=0.15, linewidth=0)
            axes.plot(line.x, values, color=colour, linestyle="--", linewidth=1.5)
        for line in measured:
            colour, marker = looks[line.name]
            aside = 2 ** (0.05 * (names.index(line.name) - (len(names) - 1) / 2))
            draw_figures(
                axes,
                [aside * x for x in line.x],
                line.figures,
                fmt=marker,
                color=colour,
                capsize=3,
                linewidth=1.3,
                label=line.name,
            )
        sizes = sorted({x for line in (*measured, *fitted) for x in line.x})
        axes.set_xscale("log", base=2)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axes.set_xlabel("training documents")
        if share:
            share_axis(axes, y_label)
        axes.set_ylabel(y_label)
        axes.set_title(title)
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def plot_heatmap(table: Mapping[str, Mapping[str, int]], title: str, x_label: str, y_label: str) -> Figure:
    """A matrix of counts by row, then by column. Colours show the share within the row, numbers the counts but 0."""
    rows = list(table)
    columns = list(table[rows[0]])
    totals = {row: max(1, sum(table[row].values())) for row in rows}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(2.8 + 0.46 * len(columns), 2.3 + 0.34 * len(rows)), layout="constrained")
        axes = figure.subplots()
        shares = [[table[row][column] / totals[row] for column in columns] for row in rows]
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                if table[row][column]:
                    colour = "white" if shares[y][x] > 0.55 else BLACK
                    axes.text(x, y, str(table[row][column]), ha="center", va="center", color=colour, fontsize=7)
        axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
        axes.set_yticks(range(len(rows)), rows, fontsize=8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.set_title(title)
    return figure


def by_group(items: Sequence[Any], first: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each group that has items; the last look serves all further groups."""
    groups = list(dict.fromkeys([*first, *(item.group for item in items)]))
    there = {item.group for item in items}
    return {group: SERIES[min(n, len(SERIES) - 1)] for n, group in enumerate(groups) if group in there}


def group_legend(figure: Figure, groups: Sequence[str]) -> None:
    """A legend below, where there are groups."""
    if any(groups):
        figure.legend(loc="outside lower center", ncols=4)


def draw_figures(
    axes: Axes, places: Sequence[float], figures: Sequence[AnyFigure], horizontal: bool = False, **look: Any
) -> None:
    """Figures that have a value, with their intervals, each at its place on the x axis. horizontal: on the y axis.
    look: as of `Axes.errorbar`."""
    there = with_value(places, figures)
    at, values = [place for place, _ in there], [ends.value for _, ends in there]
    lengths = error_lengths(ends for _, ends in there)
    if horizontal:
        axes.errorbar(values, at, xerr=lengths, **look)
    else:
        axes.errorbar(at, values, yerr=lengths, **look)


def with_value(places: Sequence[float], figures: Sequence[AnyFigure]) -> list[tuple[float, Range]]:
    """The places whose figures have a value, and these."""
    pairs = [(place, end_values(figure)) for place, figure in zip(places, figures, strict=True)]
    return [(place, ends) for place, ends in pairs if None not in ends]


def error_lengths(figures: Iterable[AnyFigure]) -> list[list[float]]:
    """Lengths of error bars, below and above. Rounding may leave a value beyond its interval."""
    ends = [end_values(figure) for figure in figures]
    return [[max(0.0, value - low) for value, low, _ in ends], [max(0.0, high - value) for value, _, high in ends]]


def share_axis(axes: Axes, label: str) -> None:
    """A y axis from 0 to 100 %, with room for markers at both ends."""
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_ylabel(label)
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)
