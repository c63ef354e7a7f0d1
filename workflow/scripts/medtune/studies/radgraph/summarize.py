"""Summarize the study: tables, plots and words about the four entity types, before and after training."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.data.span import Span
from medtune.files import write_json, write_text
from medtune.metrics.estimate import end_cells, end_columns
from medtune.reporting.pages import render_page, write_page
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.radgraph.combine import CONFLICT_COLUMNS, layout_of
from medtune.studies.radgraph.combined import (
    COMBINED_COLUMNS,
    Combined,
    combine_outcomes,
    combined_figures,
    combined_row,
    conflict_rows,
)
from medtune.studies.radgraph.comparisons import COMPARISON_COLUMNS, compare
from medtune.studies.radgraph.confusion import CONFUSION_COLUMNS, confusion, confusion_rows
from medtune.studies.radgraph.page import PAGES, content
from medtune.studies.radgraph.plots import figures
from medtune.studies.radgraph.runs import MODELS, Outcome, Run, RunFiles, by_entity, read_runs
from medtune.studies.radgraph.score import SPAN_FIGURES, span_of
from medtune.studies.radgraph.tables import PLOTS, SHOWN, with_caution
from medtune.studies.radgraph.thresholds import ALL, TARGET, THRESHOLD_COLUMNS, Case, threshold_row

SPLITS = ("validation", "test")
ENTITY_FIGURES = (*SPAN_FIGURES, "parse_rate", "ungroundable_rate", "raw_offset_accuracy")
ENTITY_COLUMNS = (
    "entity",
    "model",
    "split",
    *end_columns(*ENTITY_FIGURES),
    "n_reports",
    "n_gold",
)
COLUMNS = {
    "entities": ENTITY_COLUMNS,
    "comparisons": COMPARISON_COLUMNS,
    "confusion": CONFUSION_COLUMNS,
    "thresholds": THRESHOLD_COLUMNS,
    "merged": COMBINED_COLUMNS,
    "conflicts": CONFLICT_COLUMNS,
}


def summarize(
    files: Sequence[RunFiles],
    outputs: Mapping[str, Path | str],
    seed: int,
    target: float = TARGET,
    synthetic: bool = False,
) -> None:
    """Read the scores of base model and adapter for each entity type, and write the summary.

    synthetic: whether the reports are made by rules, which every page then says. seed: of the paired tests.
    target: share of right reports that acceptance without review is to reach. outputs: paths by name: the tables of
    `COLUMNS`, those of `SHOWN` also as pages `{name}_html`; `annotated`, the adapters' outputs as one annotation of the
    test reports in RadGraph's layout (JSON); the summary as `page` (Markdown) and `page_html`; `headline` (one line of
    text); and the `PLOTS` as `{name}_{png,svg}`. Raises InputError when a file is missing or broken, or the models were
    not scored on the same reports.
    """
    runs = read_runs(files)
    combined = {(model, split): combine_outcomes(runs[model], split) for model in MODELS for split in SPLITS}
    combined_scores = {key: combined_figures(reports) for key, reports in combined.items()}
    rows = {
        "entities": [entity_row(run, split) for members in by_entity(runs) for run in members for split in SPLITS],
        "comparisons": compare([runs["base"], runs["practised"]], runs["adapter"], seed),
        "confusion": [row for model in MODELS for row in confusion_rows(model, runs[model], "test")],
        "thresholds": threshold_rows(runs["adapter"], combined, target),
        "merged": [combined_row(*key, reports, combined_scores[key]) for key, reports in combined.items()],
        "conflicts": conflict_rows(combined["adapter", "test"]),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    for name, caption in SHOWN.items():
        note = with_caution(caption.note, synthetic)
        write_html_table(outputs[f"{name}_html"], caption.title, rows[name], COLUMNS[name], note)
    write_json(outputs["annotated"], layout_of([report.annotation for report in combined["adapter", "test"]]))
    tables = {model: confusion(runs[model], "test") for model in MODELS}
    for name, figure in figures(runs, tables, synthetic).items():
        save_figure(figure, outputs[f"{name}_png"])
        save_figure(figure, outputs[f"{name}_svg"])
    figures_of = {model: combined_scores[model, "test"] for model in MODELS}
    found = content(runs, rows, figures_of, {name: outputs[f"{name}_png"] for name in PLOTS}, synthetic)
    write_text(outputs["headline"], render_page(PAGES / "headline.txt.j2", found, Path(outputs["headline"]).parent))
    write_page(PAGES / "summary.md.j2", found, outputs["page"], outputs["page_html"])


def entity_row(run: Run, split: str) -> dict:
    """A row of entities.csv."""
    found = run.splits[split]
    return {
        "entity": run.entity,
        "model": run.model,
        "split": split,
        **{column: cell for name in ENTITY_FIGURES for column, cell in end_cells(name, found[name]).items()},
        "n_reports": found["n_reports"],
        "n_gold": found["n_gold"],
    }


def threshold_rows(
    adapters: Sequence[Run], combined: Mapping[tuple[str, str], Sequence[Combined]], target: float
) -> list[dict]:
    """One row for each entity type, and one for the combined annotation of all."""
    by_type = [
        threshold_row(run.entity, *([_case(outcome) for outcome in run.outcomes[split]] for split in SPLITS), target)
        for run in adapters
    ]
    of_all = [[_combined_case(report) for report in combined["adapter", split]] for split in SPLITS]
    return [*by_type, threshold_row(ALL, *of_all, target)]


def _case(outcome: Outcome) -> Case:
    return Case(outcome.confidence, outcome.right, outcome.gold, _spans(outcome.found))


def _combined_case(report: Combined) -> Case:
    return Case(report.confidence, report.right, report.gold, _spans(report.entities))


def _spans(found: Sequence) -> tuple[Span, ...]:
    return tuple(span_of(entity) for entity in found)
