"""Plots of the analyses: scatter plots, lines with bands, histograms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from medtune.metrics.estimate import AnyFigure, end_values
from medtune.reporting.plots import (
    BLACK,
    SERIES,
    STYLE,
    Line,
    by_group,
    draw_figures,
    group_legend,
    share_axis,
    with_value,
)


@dataclass(frozen=True)
class Dot:
    """A named point of a scatter plot: a figure, with its interval, at x. group: what it is coloured by."""

    name: str
    x: float
    figure: AnyFigure
    group: str = ""


def plot_dots(dots: Sequence[Dot], title: str, x_label: str, y_label: str, groups: Sequence[str] = ()) -> Figure:
    """Shares with intervals against a positive amount (log axis), points with names where there is room for them.
    groups: as in `plot_bars`."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 5.2), layout="constrained")
        axes = figure.subplots()
        for group, (colour, marker) in by_group(dots, groups).items():
            of_group = [dot for dot in dots if dot.group == group]
            draw_figures(
                axes,
                [dot.x for dot in of_group],
                [dot.figure for dot in of_group],
                fmt=marker,
                color=colour,
                ecolor=(*matplotlib.colors.to_rgb(colour), 0.35),
                markersize=5,
                linewidth=1,
                label=group,
            )
        axes.set_xscale("log")
        axes.set_xlabel(x_label)
        share_axis(axes, y_label)
        axes.set_title(title)
        group_legend(figure, [dot.group for dot in dots])
        for tick in axes.get_xticklabels(which="both"):
            tick.set_parse_math(True)  # powers of ten
        _name_dots(axes, dots)
    return figure


def plot_lines(
    lines: Sequence[Line], title: str, x_label: str, y_label: str, marked: tuple[float, str] | None = None
) -> Figure:
    """Shares over x with bands of their intervals. marked: a place on the x axis to point out, and its name."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.4), layout="constrained")
        axes = figure.subplots()
        for line, (colour, marker) in zip(lines, SERIES, strict=False):
            there = with_value(line.x, line.figures)
            x, ends = [place for place, _ in there], [ends for _, ends in there]
            values, lows, highs = zip(*ends, strict=True) if ends else ((), (), ())
            axes.fill_between(x, lows, highs, color=colour, alpha=0.15, linewidth=0)
            axes.plot(x, values, color=colour, marker=marker, markersize=5, linewidth=1.6, label=line.name)
        if marked is not None:
            axes.axvline(marked[0], color=BLACK, linestyle="--", linewidth=1.2, label=marked[1])
        axes.set_xlabel(x_label)
        share_axis(axes, y_label)
        axes.set_title(title)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def plot_histograms(
    panels: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], names: Sequence[str], title: str, x_label: str
) -> Figure:
    """Histograms below each other, with the same bins for each of `names`.

    panels: title, and rows with `bin_low`, `bin_high` and an amount by name.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 0.8 + 2.3 * len(panels)), layout="constrained")
        all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, rows) in zip(all_axes, panels, strict=True):
            edges = [*(row["bin_low"] for row in rows), rows[-1]["bin_high"]]
            for series, (colour, _) in zip(names, SERIES, strict=False):
                amounts = [row[series] for row in rows]
                axes.stairs(amounts, edges, fill=True, color=colour, alpha=0.35)
                axes.stairs(amounts, edges, color=colour, linewidth=1.5, label=series)
            axes.set_ylabel("number")
            axes.set_title(name)
        all_axes[0].legend(loc="upper left")
        all_axes[-1].set_xlabel(x_label)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _name_dots(axes: Axes, dots: Sequence[Dot]) -> None:
    """Names beside the points, each at the first place where it covers no other one and stays within the axes."""
    axes.figure.draw_without_rendering()
    taken: list[Any] = []
    frame = axes.get_window_extent()
    for dot in dots:
        for side, height in ((4, 3), (4, -8), (-4, 3), (-4, -8)):
            name = axes.annotate(
                dot.name,
                (dot.x, end_values(dot.figure).value),
                xytext=(side, height),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                fontsize=6.5,
            )
            box = name.get_window_extent()
            if frame.x0 <= box.x0 and box.x1 <= frame.x1 and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            name.remove()
