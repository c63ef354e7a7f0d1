"""Summarize the study: tables, plots and words about the four entity types, before and after training."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.files import write_json, write_text
from medtune.metrics.estimate import end_columns, end_values
from medtune.metrics.spans import Span
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.radgraph.comparisons import COMPARISON_COLUMNS, compare
from medtune.studies.radgraph.confusion import CONFUSION_COLUMNS, confusion, confusion_rows
from medtune.studies.radgraph.merge import CONFLICT_COLUMNS, layout_of
from medtune.studies.radgraph.merged import (
    MERGED_COLUMNS,
    Merged,
    conflict_rows,
    merge_outcomes,
    merged_figures,
    merged_row,
)
from medtune.studies.radgraph.pages import HTML_PAGES, figures, headline, summary_page, with_caution
from medtune.studies.radgraph.runs import MODELS, Outcome, Run, RunFiles, by_entity, read_runs
from medtune.studies.radgraph.score import SPAN_FIGURES, span_of
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
    "merged": MERGED_COLUMNS,
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
    `COLUMNS`; the pages `entities_html`, `comparisons_html`, `thresholds_html`; `annotated`, the adapters' merged
    annotation of the test reports in RadGraph's layout (JSON); `page` (Markdown), `headline` (one line of text); and
    the plots `{strict_f1,confusion}_{png,svg}`. Raises InputError when a file is missing or broken, or the models were
    not scored on the same reports.
    """
    runs = read_runs(files)
    merged = {(model, split): merge_outcomes(runs[model], split) for model in MODELS for split in SPLITS}
    merged_scores = {key: merged_figures(reports) for key, reports in merged.items()}
    rows = {
        "entities": [entity_row(run, split) for members in by_entity(runs) for run in members for split in SPLITS],
        "comparisons": compare([runs["base"], runs["practised"]], runs["adapter"], seed),
        "confusion": [row for model in MODELS for row in confusion_rows(model, runs[model], "test")],
        "thresholds": threshold_rows(runs["adapter"], merged, target),
        "merged": [merged_row(*key, reports, merged_scores[key]) for key, reports in merged.items()],
        "conflicts": conflict_rows(merged["adapter", "test"]),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    for name, (title, note) in HTML_PAGES.items():
        write_html_table(outputs[f"{name}_html"], title, rows[name], COLUMNS[name], with_caution(note, synthetic))
    write_json(outputs["annotated"], layout_of([report.annotation for report in merged["adapter", "test"]]))
    tables = {model: confusion(runs[model], "test") for model in MODELS}
    for name, figure in figures(runs, tables, synthetic).items():
        save_figure(figure, outputs[f"{name}_png"])
        save_figure(figure, outputs[f"{name}_svg"])
    write_text(outputs["headline"], headline(runs, synthetic))
    folder = Path(outputs["page"]).parent
    pictures = {name: os.path.relpath(outputs[f"{name}_png"], folder) for name in ("strict_f1", "confusion")}
    write_text(outputs["page"], summary_page(runs, rows, merged_scores, pictures, synthetic))


def entity_row(run: Run, split: str) -> dict:
    """A row of entities.csv."""
    found = run.splits[split]
    values = (
        run.entity,
        run.model,
        split,
        *(cell for name in ENTITY_FIGURES for cell in end_values(found[name])),
        found["n_reports"],
        found["n_gold"],
    )
    return dict(zip(ENTITY_COLUMNS, values, strict=True))


def threshold_rows(
    adapters: Sequence[Run], merged: Mapping[tuple[str, str], Sequence[Merged]], target: float
) -> list[dict]:
    """One row for each entity type, and one for the merged annotation of all."""
    by_type = [
        threshold_row(run.entity, *([_case(outcome) for outcome in run.outcomes[split]] for split in SPLITS), target)
        for run in adapters
    ]
    of_all = [[_merged_case(report) for report in merged["adapter", split]] for split in SPLITS]
    return [*by_type, threshold_row(ALL, *of_all, target)]


def _case(outcome: Outcome) -> Case:
    return Case(outcome.confidence, outcome.right, outcome.gold, _spans(outcome.found))


def _merged_case(report: Merged) -> Case:
    return Case(report.confidence, report.right, report.gold, _spans(report.entities))


def _spans(found: Sequence) -> tuple[Span, ...]:
    return tuple(span_of(entity) for entity in found)
