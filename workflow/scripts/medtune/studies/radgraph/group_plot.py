"""Shares by group, in several series."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from medtune.reporting.plots import BLUE, GREY, ORANGE, STYLE, draw_figures, share_axis


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
            draw_figures(
                axes,
                [x + shift for x in range(len(estimates))],
                estimates,
                fmt=marker,
                color=colour,
                markersize=7,
                capsize=4,
                linewidth=1.5,
                label=name,
            )
        axes.set_xticks(range(len(groups)), groups)
        axes.set_xlim(-0.5, len(groups) - 0.5)
        share_axis(axes, y_label)
        axes.set_title(title)
        figure.legend(loc="outside lower center", ncols=3)
    return figure
