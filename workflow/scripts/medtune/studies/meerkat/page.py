"""What the templates of the summary's page and headline are filled with. Everything here was computed before."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.outlook import Outlook
from medtune.studies.meerkat.recommendations import TrainingRecommendations
from medtune.studies.meerkat.runs import FINAL_SPLIT, SPLITS, STEERING_SPLIT, Run, last_trained
from medtune.studies.meerkat.synthetic import shared_words, what_figures_show
from medtune.studies.meerkat.tables import TITLE

PAGES = Path(__file__).parent / "pages"
"""The templates."""


def content(
    bases: Sequence[Run],
    runs: Sequence[Run],
    metric: str,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    outlook: Outlook,
    recommendations: TrainingRecommendations,
    pictures: Mapping[str, Path | str],
    manifest: Mapping[str, Any],
    elsewhere: Sequence[Run] = (),
) -> dict[str, Any]:
    """By the names of the templates.

    bases: the base model, also in its practised form where it was asked in it. metric: that which steers. rows: of the
    tables by name. recommendations: after the last iteration. pictures: path of each plot. manifest: of the data.
    elsewhere: adapters made elsewhere. Given as `compared`, and `row` for the metric alone: rows of the comparisons of
    a run with another one, named by its iteration, on a split.
    """
    base, *practised = bases

    def compared(run: Run, reference: int | str, split: str) -> list[Mapping[str, Any]]:
        asked = (run.iteration, reference, split)
        return [row for row in rows["comparisons"] if (row["iteration"], row["reference"], row["split"]) == asked]

    def row(run: Run, reference: int | str, split: str) -> Mapping[str, Any]:
        return next(row for row in compared(run, reference, split) if row["metric"] == metric)

    return {
        "title": TITLE,
        "metric": metric,
        "steering": STEERING_SPLIT,
        "final": FINAL_SPLIT,
        "splits": SPLITS,
        "all": ALL,
        "base": base,
        "bases": list(bases),
        "practised": practised,
        "elsewhere": list(elsewhere),
        "shown": what_figures_show(manifest),
        "shared": shared_words(manifest),
        "rows": rows,
        "compared": compared,
        "row": row,
        "outlook": outlook,
        "pictures": pictures,
        **progress(runs, recommendations),
        "ranked": ranked(last_trained(runs), metric),
    }


def progress(runs: Sequence[Run], recommendations: TrainingRecommendations) -> dict[str, Any]:
    """The iterations: the last training, copies of it, trainings after another one, and the low specialties."""
    return {
        "runs": list(runs),
        "last": last_trained(runs),
        "copies": [run for run in runs if run.copied],
        "further": [(run, before) for before, run in pairwise(runs) if not run.copied],
        "low": sorted(recommendations.low_performance_specialties),
    }


def ranked(run: Run, metric: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Specialties with a figure on the split that steers, the least first."""
    found = [(name, run.estimate(STEERING_SPLIT, metric, name)) for name in run.specialties(STEERING_SPLIT)]
    return sorted((pair for pair in found if pair[1]["value"] is not None), key=lambda pair: pair[1]["value"])
