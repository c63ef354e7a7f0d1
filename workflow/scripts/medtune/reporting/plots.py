"""Plots. They draw tables that were computed elsewhere, and look the same whenever the tables do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from medtune.files import atomic

# Okabe and Ito's palette, told apart with every kind of colour vision.
BLUE, ORANGE, GREY, BLACK = "#0072B2", "#D55E00", "#7F7F7F", "#222222"
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
}


@dataclass(frozen=True)
class Point:
    """A figure with its interval at x. marked: drawn to stand out."""

    x: float
    value: float
    low: float
    high: float
    marked: bool = False


@dataclass(frozen=True)
class Band:
    """A reference figure with its interval, the same for all x."""

    value: float
    low: float
    high: float
    name: str


@dataclass(frozen=True)
class Curve:
    """A line over training steps. order: its place in the colour sequence, in [0, 1].
    Lines with the same name share one entry of the legend."""

    name: str
    steps: Sequence[int]
    values: Sequence[float]
    order: float
    marked: bool = False


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure atomically as its suffix says (.png at 150 dpi, or .svg), without dates."""
    path = Path(path)
    metadata = {".svg": {"Date": None}, ".png": {"Software": None}}.get(path.suffix)
    if metadata is None:
        raise ValueError(f"{path}: expected .png or .svg")
    with atomic(path) as temporary, matplotlib.rc_context(STYLE):
        figure.savefig(temporary, dpi=150, metadata=metadata)


def plot_against_rank(
    points: Sequence[Point], band: Band | None, title: str, y_label: str, point_name: str, marked_name: str
) -> Figure:
    """Shares with intervals against the LoRA rank (log2 axis); points of one rank stand side by side."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        if band is not None:
            axes.axhspan(band.low, band.high, color=GREY, alpha=0.18, linewidth=0)
            axes.axhline(band.value, color=GREY, linestyle="--", linewidth=1.5, label=band.name)
        for marked, colour, marker, name in ((False, BLUE, "o", point_name), (True, ORANGE, "D", marked_name)):
            chosen = [(x, p) for x, p in _side_by_side(points) if p.marked is marked]
            if chosen:
                errors = [[p.value - p.low for _, p in chosen], [p.high - p.value for _, p in chosen]]
                axes.errorbar(
                    [x for x, _ in chosen],
                    [p.value for _, p in chosen],
                    yerr=errors,
                    fmt=marker,
                    color=colour,
                    markersize=7,
                    capsize=4,
                    linewidth=1.5,
                    label=name,
                )
        ranks = sorted({p.x for p in points})
        axes.set_xscale("log", base=2)
        axes.set_xlim(ranks[0] / 1.4, ranks[-1] * 1.4)
        axes.xaxis.set_major_locator(FixedLocator(ranks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(ranks, [f"{rank:g}" for rank in ranks])
        axes.set_xlabel("LoRA rank")
        _share_axis(axes, y_label)
        axes.set_title(title)
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def plot_groups(
    groups: Sequence[str], series: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], title: str, y_label: str
) -> Figure:
    """Shares with intervals, two or three series side by side in each group.

    series: name and one estimate per group (`value`, `low`, `high`; without a value nothing is drawn).
    """
    looks = ((GREY, "s"), (ORANGE, "D"), (BLUE, "o"))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        for number, ((name, estimates), (colour, marker)) in enumerate(zip(series, looks, strict=False)):
            shift = 0.16 * (number - (len(series) - 1) / 2)
            drawn = [(x + shift, e) for x, e in enumerate(estimates) if e["value"] is not None]
            axes.errorbar(
                [x for x, _ in drawn],
                [e["value"] for _, e in drawn],
                # A bootstrap's value may lie beyond its interval by a rounding error.
                yerr=[
                    [max(0.0, e["value"] - e["low"]) for _, e in drawn],
                    [max(0.0, e["high"] - e["value"]) for _, e in drawn],
                ],
                fmt=marker,
                color=colour,
                markersize=7,
                capsize=4,
                linewidth=1.5,
                label=name,
            )
        axes.set_xticks(range(len(groups)), groups)
        axes.set_xlim(-0.5, len(groups) - 0.5)
        _share_axis(axes, y_label)
        axes.set_title(title)
        figure.legend(loc="outside lower center", ncols=3)
    return figure


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
        upper.errorbar(
            [row["confidence"] for row in rows],
            [row["accuracy"] for row in rows],
            yerr=[
                [row["accuracy"] - row["accuracy_low"] for row in rows],
                [row["accuracy_high"] - row["accuracy"] for row in rows],
            ],
            fmt="o",
            color=BLUE,
            capsize=3,
            linewidth=1.3,
            label="bin, 95 % interval",
        )
        _share_axis(upper, "accuracy")
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
        _share_axis(axes, y_label)
        axes.set_title(title)
        if curves:
            figure.legend(loc="outside right center")
    return figure


def _share_axis(axes: Axes, label: str) -> None:
    """A y axis from 0 to 100 %, with room for markers at both ends."""
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_ylabel(label)
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)


def _side_by_side(points: Sequence[Point]) -> list[tuple[float, Point]]:
    """Each point with its place on the log2 axis: points with the same x are set apart a little."""
    placed = []
    for x in sorted({point.x for point in points}):
        group = [point for point in points if point.x == x]
        for number, point in enumerate(group):
            placed.append((x * 2 ** (0.09 * (number - (len(group) - 1) / 2)), point))
    return placed
