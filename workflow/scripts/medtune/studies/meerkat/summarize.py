"""Summarize the study: how the figures went over the iterations, what that shows, and what more would bring."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.files import read_json, write_text
from medtune.metrics.estimate import VALUES, value_cells
from medtune.reporting.pages import render_page, write_page
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.meerkat.comparisons import COMPARISON_COLUMNS, compare_iterations
from medtune.studies.meerkat.copied_answers import TWIN_COLUMNS, read_near_twins, twin_rows
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.outlook import OUTLOOK_COLUMNS, outlook
from medtune.studies.meerkat.page import PAGES, content
from medtune.studies.meerkat.plots import figures
from medtune.studies.meerkat.recommendations import read_recommendations
from medtune.studies.meerkat.runs import SPLITS, Run, RunFiles, check_metric, check_same, read_run
from medtune.studies.meerkat.specialty_changes import CHANGE_COLUMNS, specialty_changes
from medtune.studies.meerkat.synthetic import what_figures_show
from medtune.studies.meerkat.tables import PLOTS, SHOWN

PROGRESS_COLUMNS = ("iteration", "split", "specialty", "n", "train_size", "metric", *VALUES)
CURVE_COLUMNS = ("iteration", "train_size", "split", *VALUES)
COLUMNS = {
    "progress": PROGRESS_COLUMNS,
    "comparisons": COMPARISON_COLUMNS,
    "learning_curve": CURVE_COLUMNS,
    "outlook": OUTLOOK_COLUMNS,
    "specialty_changes": CHANGE_COLUMNS,
    "near_twins": TWIN_COLUMNS,
}


def summarize(
    base: RunFiles,
    iterations: Sequence[RunFiles],
    recommendations: Path | str,
    manifest: Path | str,
    steering: str,
    outputs: Mapping[str, Path | str],
    seed: int,
    given: RunFiles | None = None,
    practised: RunFiles | None = None,
) -> None:
    """Read the scores of the base model and of every iteration, and write the summary.

    recommendations: training_recommendations.json of the last iteration. manifest: of the data, which names near
    twins. steering: the metric that says which specialties are low. seed: of the paired tests. given: an adapter made
    elsewhere, compared as if it came after the last iteration. practised: the base model, asked in the form that it
    knows.
    outputs: paths by name: the tables of `COLUMNS` (CSV); the pages
    `{comparisons,learning_curve,outlook,specialty_changes}_html`; the
    readable summary as `page` (Markdown) and `page_html`; `headline` (one line of text); and the plots
    `{heat_map,specialties,overall,growth}_{png,svg}`.
    Raises InputError when a file is missing or broken, or models were not scored on the same items and metrics.
    """
    base_run = read_run(base)
    trained = sorted(map(read_run, iterations), key=lambda run: run.iteration)
    elsewhere = [read_run(given)] if given else []
    bases = [base_run, *([read_run(practised)] if practised else [])]
    check_same(base_run, [*trained, *elsewhere, *bases[1:]])
    check_metric(base_run, steering)
    asked, twins = read_recommendations(recommendations), read_near_twins(manifest)
    found, facts = outlook(trained, steering, asked), read_json(manifest)
    rows = {
        "progress": progress_rows([*bases, *trained, *elsewhere]),
        "comparisons": compare_iterations(base_run, trained, seed, elsewhere, *bases[1:]),
        "learning_curve": curve_rows([*bases, *trained], steering),
        "outlook": found.rows,
        "specialty_changes": specialty_changes(trained, steering, seed),
        "near_twins": twin_rows([*bases, *trained, *elsewhere], twins),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    for name, (title, note) in SHOWN.items():
        text = f"{note} {what_figures_show(facts) or ''}".strip()
        write_html_table(outputs[f"{name}_html"], title, rows[name], COLUMNS[name], text)
    for name, figure in figures(bases, trained, steering).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    pictures = {name: outputs[f"{name}_png"] for name in PLOTS}
    filled = content(bases, trained, steering, rows, found, asked, pictures, facts, elsewhere)
    folder = Path(outputs["page"]).parent
    write_text(outputs["headline"], render_page(PAGES / "headline.txt.j2", filled, folder))
    write_page(PAGES / "summary.md.j2", filled, outputs["page"], outputs["page_html"])


def progress_rows(runs: Sequence[Run]) -> list[dict]:
    """progress.csv: every figure of every model. train_size: questions trained on, 0 for the base
    model, none where it is not known."""
    return [
        {
            "iteration": run.iteration,
            "split": split,
            "specialty": specialty,
            "n": run.estimate(split, metric, specialty)["n"],
            "train_size": run.train_size(specialty),
            "metric": metric,
            **value_cells(run.estimate(split, metric, specialty)),
        }
        for run in runs
        for split in SPLITS
        for specialty in (ALL, *run.specialties(split))
        for metric in run.metrics
    ]


def curve_rows(runs: Sequence[Run], metric: str) -> list[dict]:
    """learning_curve.csv: the metric over all specialties by the size of the training set."""
    return [
        {
            "iteration": run.iteration,
            "train_size": run.train_size(),
            "split": split,
            **value_cells(run.estimate(split, metric)),
        }
        for run in runs
        for split in SPLITS
    ]
