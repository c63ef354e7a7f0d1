"""The summary's plots. Everything shown here was computed before."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from medtune.reporting.plots import Curve, plot_confusions, plot_curves, plot_reliability
from medtune.reporting.tables import estimate_text
from medtune.studies.yesno.rank_plot import Band, Point, plot_against_rank
from medtune.studies.yesno.runs import Run


def figures(bases: Sequence[Run], runs: Sequence[Run], chosen: Run) -> dict[str, Figure]:
    """The plots by the names of `tables.PLOTS`."""
    name = chosen.title if _several_seeds(runs) else chosen.name
    test = chosen.splits["test"]
    n = test["n"]
    return {
        "accuracy": plot_against_rank(
            [Point(run.rank, run.splits["test"]["accuracy"], run is chosen) for run in runs],
            [Band(base.splits["test"]["accuracy"], f"{base.title}, 95 % interval") for base in bases],
            title=f"Test accuracy by LoRA rank, 95 % Wilson intervals, n = {n}",
            y_label="test accuracy",
            point_name="trained run",
            marked_name=f"chosen on validation: {name}",
        ),
        "confusion": plot_confusions(
            [*((base.title, base.splits["test"]["confusion"]) for base in bases), (name, test["confusion"])],
            title=f"Answers to the test questions, n = {n}",
        ),
        "reliability": plot_reliability(
            test["reliability"],
            title=f"Likelihood of the label, {name}\nECE {estimate_text(test['ece'], as_percent=False)}\n"
            f"by chance alone {estimate_text(test['ece_of_chance'], as_percent=False)}",
        ),
        "curves": plot_curves(
            [curve for run in runs for curve in _curve(run, runs, chosen)],
            title="Validation accuracy during training",
            y_label="validation accuracy",
        ),
    }


def _curve(run: Run, runs: Sequence[Run], chosen: Run) -> list[Curve]:
    """The run's evaluations on validation; none where there was no evaluation."""
    history = [entry for entry in run.record["history"] if entry.get("validation_accuracy") is not None]
    if not history:
        return []
    ranks = sorted({other.rank for other in runs})
    return [
        Curve(
            run.name + (", chosen" if run is chosen else ""),
            [entry["step"] for entry in history],
            [entry["validation_accuracy"] for entry in history],
            order=ranks.index(run.rank) / max(len(ranks) - 1, 1),
            marked=run is chosen,
        )
    ]


def _several_seeds(runs: Sequence[Run]) -> bool:
    return len({run.rank for run in runs}) < len(runs)
