"""Plots of scores whose range is not known beforehand, with intervals: panels of models, of lines, and a heat map."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from medtune.metrics.estimate import AnyFigure, end_values
from medtune.reporting.plots import BLACK, GREY, ORANGE, SERIES, STYLE, Line, draw_figures
from medtune.reporting.prose import score_text

BEFORE, AFTER = ((GREY, "s"), (BLACK, "^")), (ORANGE, "D")
"""Colour and marker of what was there before, in one form or two, and of what came after."""


@dataclass(frozen=True)
class ScorePanel:
    """Two models side by side. rows: names, the first on top. series: name and one estimate per row (`value`, `low`,
    `high`; without a value nothing is drawn)."""

    title: str
    rows: Sequence[str]
    series: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]


def plot_score_panels(panels: Sequence[ScorePanel], columns: int, title: str) -> Figure:
    """Scores with intervals, so many panels in a line, each with its own axis, which shows 0."""
    lines = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    heights = [0.9 + 0.26 * max(len(panel.rows) for panel in line) for line in lines]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.6 + 3.1 * columns, 1.1 + sum(heights)), layout="constrained")
        grid = figure.subplots(len(lines), columns, squeeze=False, height_ratios=heights)
        for line, all_axes in zip(lines, grid, strict=True):
            for place, axes in enumerate(all_axes):
                if place < len(line):
                    named = place == 0 or line[place].rows != line[place - 1].rows
                    _draw_panel(axes, line[place], named)
                else:
                    axes.set_visible(False)
        names = [name for name, _ in panels[0].series]
        handles = [
            matplotlib.lines.Line2D([], [], color=colour, marker=marker, linestyle="", label=name)
            for name, (colour, marker) in zip(names, _marks(len(names)), strict=True)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(names))
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def plot_line_panels(
    panels: Sequence[tuple[str, Sequence[Line]]],
    title: str,
    x_label: str,
    y_label: str,
    columns: int = 1,
    ticks: Mapping[float, str] | None = None,
) -> Figure:
    """Lines with intervals, in one panel, or in many small ones on the same axes; the lines of a panel stand a little
    apart.

    panels: title and lines, in small panels of the same names; a point without value (None) is left out. ticks: names
    of the places on the x axis. One legend, unless small panels have one line each.
    """
    single = len(panels) == 1
    columns = max(1, min(columns, len(panels)))
    count = max(1, math.ceil(len(panels) / columns))
    places = [x for _, lines in panels for line in lines for x in line.x]
    step = 0.012 * (max(places) - min(places)) if places else 0
    with matplotlib.rc_context(STYLE):
        size = (7, 4.2) if single else (1 + 2.3 * columns, 1.2 + 1.75 * count)
        figure = Figure(figsize=size, layout="constrained")
        all_axes = figure.subplots(count, columns, squeeze=False, sharex=True, sharey=True).flat
        for number, axes in enumerate(all_axes):
            if number >= len(panels):
                axes.set_visible(False)
                continue
            name, lines = panels[number]
            for place, (line, (colour, marker)) in enumerate(zip(lines, SERIES, strict=False)):
                _draw_line(axes, line, colour, marker, step * (place - (len(lines) - 1) / 2))
            if ticks:
                axes.set_xticks(list(ticks), list(ticks.values()), fontsize=10 if single else 8)
            # Shared axes name their places at the bottom of a column, wherever that is.
            lowest = number + columns >= len(panels)
            axes.tick_params(labelbottom=lowest)
            if lowest and not single:
                axes.set_xlabel(x_label, fontsize=9)
            axes.set_title(name, fontsize=9)
            axes.grid(True, axis="y")
            axes.set_axisbelow(True)
        _show_zero(all_axes[0], "y", [figure for _, drawn in panels for line in drawn for figure in line.figures])
        if single:
            all_axes[0].set(xlabel=x_label, ylabel=y_label)
        else:
            figure.supylabel(y_label, fontsize=10)
        if single or any(len(lines) > 1 for _, lines in panels):
            figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def plot_score_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    title: str,
    x_label: str,
    value_label: str,
) -> Figure:
    """Scores by row and column as colours and numbers; a dash where there is none."""
    there = [value for line in values for value in line if value is not None]
    low, high = (min(there), max(there)) if there else (0.0, 1.0)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(3.4 + 0.85 * len(columns), 1.7 + 0.3 * max(len(rows), 2)), layout="constrained")
        axes = figure.subplots()
        shown = [[math.nan if value is None else value for value in line] for line in values]
        image = axes.imshow(shown, cmap="cividis", vmin=low, vmax=high, aspect="auto")
        for y, line in enumerate(values):
            for x, value in enumerate(line):
                light = value is None or value > (low + high) / 2
                text = "–" if value is None else score_text(value)
                axes.text(x, y, text, ha="center", va="center", fontsize=8, color=BLACK if light else "white")
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows, fontsize=8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(x_label)
        axes.set_title(title)
        figure.colorbar(image, ax=axes, label=value_label, aspect=35)
    return figure


def _marks(series: int) -> list[tuple[str, str]]:
    """Colour and marker of each, the last of which came after the others."""
    return [*BEFORE[: series - 1], AFTER]


def _draw_panel(axes: Axes, panel: ScorePanel, named: bool) -> None:
    marks = _marks(len(panel.series))
    for number, ((_, estimates), (colour, marker)) in enumerate(zip(panel.series, marks, strict=True)):
        shift = 0.26 * (number - (len(panel.series) - 1) / 2)
        draw_figures(
            axes,
            [y + shift for y in range(len(estimates))],
            estimates,
            horizontal=True,
            fmt=marker,
            color=colour,
            markersize=5,
            capsize=2,
            linewidth=1.3,
        )
    axes.set_yticks(range(len(panel.rows)), panel.rows if named else [""] * len(panel.rows), fontsize=8)
    axes.set_ylim(len(panel.rows) - 0.4, -0.6)
    _show_zero(axes, "x", [estimate for _, estimates in panel.series for estimate in estimates])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.set_title(panel.title, fontsize=10)


def _draw_line(axes: Axes, line: Line, colour: str, marker: str, shift: float) -> None:
    draw_figures(
        axes,
        [x + shift for x in line.x],
        line.figures,
        color=colour,
        marker=marker,
        markersize=5,
        capsize=2.5,
        linewidth=1.4,
        label=line.name,
    )


def _show_zero(axes: Axes, which: str, figures: Sequence[AnyFigure]) -> None:
    """Limits that hold 0 and all ends of intervals."""
    there = [0.0, *(end for figure in figures for end in end_values(figure)[1:] if end is not None)]
    low, high = min(there), max(there)
    room = 0.04 * (high - low) or 1.0
    axes.set(**{f"{which}lim": (low - room, high + room)})
