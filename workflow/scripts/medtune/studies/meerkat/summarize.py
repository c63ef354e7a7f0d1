"""Summarize the study: how the figures went over the iterations, what that shows, and what more would bring."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.files import read_json, write_text
from medtune.metrics.estimate import end_values
from medtune.reporting.plots import save_figure
from medtune.reporting.prose import write_document
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.meerkat.comparisons import COMPARISON_COLUMNS, compare_iterations
from medtune.studies.meerkat.copied_answers import TWIN_COLUMNS, read_near_twins, twin_rows
from medtune.studies.meerkat.medical_qa import ALL
from medtune.studies.meerkat.outlook import OUTLOOK_COLUMNS, outlook
from medtune.studies.meerkat.pages import HTML_PAGES, figures, headline, summary_page
from medtune.studies.meerkat.recommendations import read_recommendations
from medtune.studies.meerkat.runs import SPLITS, Run, RunFiles, check_metric, check_same, read_run
from medtune.studies.meerkat.specialty_changes import CHANGE_COLUMNS, specialty_changes
from medtune.studies.meerkat.synthetic import shared_words, what_figures_show

PROGRESS_COLUMNS = ("iteration", "split", "specialty", "n", "train_size", "metric", "value", "low", "high")
CURVE_COLUMNS = ("iteration", "train_size", "split", "value", "low", "high")
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
    found = outlook(trained, steering, asked)
    facts = read_json(manifest)
    shown, shared = what_figures_show(facts), shared_words(facts)
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
    for name, (title, note) in HTML_PAGES.items():
        text = f"{note} {shown or ''}".strip()
        write_html_table(outputs[f"{name}_html"], title, rows[name], COLUMNS[name], text)
    for name, figure in figures(bases, trained, steering).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    write_text(outputs["headline"], headline(bases, trained, steering, rows["comparisons"], shown))
    page = summary_page(
        bases, trained, steering, rows, found, asked, outputs, [words for words in (shown, shared) if words], elsewhere
    )
    write_document(page, outputs["page"], outputs["page_html"])


def progress_rows(runs: Sequence[Run]) -> list[dict]:
    """progress.csv: every figure of every model. train_size: questions trained on, 0 for the base
    model, none where it is not known."""
    rows = []
    for run in runs:
        for split in SPLITS:
            for specialty in (ALL, *run.specialties(split)):
                for metric in run.metrics:
                    estimate = run.estimate(split, metric, specialty)
                    values = (
                        run.iteration,
                        split,
                        specialty,
                        estimate["n"],
                        run.train_size(specialty),
                        metric,
                        *end_values(estimate),
                    )
                    rows.append(dict(zip(PROGRESS_COLUMNS, values, strict=True)))
    return rows


def curve_rows(runs: Sequence[Run], metric: str) -> list[dict]:
    """learning_curve.csv: the metric over all specialties by the size of the training set."""
    rows = []
    for run in runs:
        for split in SPLITS:
            estimate = run.estimate(split, metric)
            values = (
                run.iteration,
                run.train_size(),
                split,
                *end_values(estimate),
            )
            rows.append(dict(zip(CURVE_COLUMNS, values, strict=True)))
    return rows
