"""The summary's plots. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from medtune.reporting.plots import Bar, or_zero, plot_bars
from medtune.reporting.prose import estimate_in
from medtune.studies.maccrobat.analysis.comparison import TaggerRun


def figures(runs: Sequence[TaggerRun], chosen: TaggerRun, rows: Mapping[str, Sequence[dict]]) -> dict[str, Figure]:
    """The plots by the names of `tables.PLOTS`."""
    n = rows["models"][0]["n_documents"]
    bars = [
        Bar(f"{run.name}{', chosen' if run is chosen else ''}", or_zero(estimate_in(row, "micro_f1")), run.encoder)
        for run, row in zip(runs, rows["models"], strict=True)
    ]
    by_type = [
        Bar(row["type"], estimate_in(row, "f1"), row["encoder"])
        for row in sorted(rows["best_by_type"], key=lambda row: -(row["f1"] or 0))
        if row["f1"] is not None
    ]
    return {
        "micro_f1": plot_bars(bars, f"Strict micro-F1 on {n} test documents", "strict micro-F1, 95 % interval"),
        "type_f1": plot_bars(
            by_type, "Best run for each type (chosen on validation)", "strict F1 on the test split, 95 % interval"
        ),
    }
