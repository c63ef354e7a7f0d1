"""Accuracy against the LoRA rank."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from medtune.metrics.estimate import AnyFigure, end_values
from medtune.reporting.plots import BLUE, GREY, ORANGE, STYLE, draw_figures, share_axis


@dataclass(frozen=True)
class Point:
    """A figure with its interval at x. marked: drawn to stand out."""

    x: float
    figure: AnyFigure
    marked: bool = False


@dataclass(frozen=True)
class Band:
    """A reference figure with its interval, the same for all x."""

    figure: AnyFigure
    name: str


def plot_against_rank(
    points: Sequence[Point], bands: Sequence[Band], title: str, y_label: str, point_name: str, marked_name: str
) -> Figure:
    """Shares with intervals against the LoRA rank (log2 axis); points of one rank stand side by side.

    bands: at most three.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        for band, line in zip(bands, ("--", ":", "-."), strict=False):
            value, low, high = end_values(band.figure)
            axes.axhspan(low, high, color=GREY, alpha=0.18, linewidth=0)
            axes.axhline(value, color=GREY, linestyle=line, linewidth=1.5, label=band.name)
        for marked, colour, marker, name in ((False, BLUE, "o", point_name), (True, ORANGE, "D", marked_name)):
            chosen = [(x, p) for x, p in _side_by_side(points) if p.marked is marked]
            if chosen:
                draw_figures(
                    axes,
                    [x for x, _ in chosen],
                    [p.figure for _, p in chosen],
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
        share_axis(axes, y_label)
        axes.set_title(title)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def _side_by_side(points: Sequence[Point]) -> list[tuple[float, Point]]:
    """Each point with its place on the log2 axis: points with the same x are set apart a little."""
    placed = []
    for x in sorted({point.x for point in points}):
        group = [point for point in points if point.x == x]
        for number, point in enumerate(group):
            placed.append((x * 2 ** (0.09 * (number - (len(group) - 1) / 2)), point))
    return placed
