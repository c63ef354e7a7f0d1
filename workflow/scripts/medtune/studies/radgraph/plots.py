"""The summary's plots. Everything shown here was computed before."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from medtune.reporting.plots import plot_confusions
from medtune.studies.radgraph.group_plot import plot_groups
from medtune.studies.radgraph.runs import MODELS, NAMES, Run


def figures(
    runs: Mapping[str, Sequence[Run]], confusions: Mapping[str, Mapping], synthetic: bool = False
) -> dict[str, Figure]:
    """The plots by the names of `tables.PLOTS`. runs, confusions: by model."""
    reports = f"{runs['base'][0].test['n_reports']} {'synthetic ' if synthetic else ''}test reports"
    return {
        "strict_f1": plot_groups(
            [run.entity for run in runs["base"]],
            [(NAMES[model], [run.test["strict_f1"] for run in runs[model]]) for model in MODELS],
            title=f"Strict F1 on {reports}, 95 % intervals over reports",
            y_label="strict F1",
        ),
        "confusion": plot_confusions(
            [(NAMES[model], confusions[model]) for model in MODELS],
            title=f"Entities by gold type and by the model that claims them, {reports}",
        ),
    }
