"""Summarize the study: tables, plots and words about what each switch brings, and the choice of a run on validation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.files import write_json, write_text
from medtune.reporting.pages import render_page, write_page
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.relations.captions import PLOTS, SHOWN
from medtune.studies.relations.comparisons import (
    COMPARISON_COLUMNS,
    SWITCH_COLUMNS,
    choose,
    comparison_rows,
    given_against_own,
    switch_rows,
)
from medtune.studies.relations.figures import figures
from medtune.studies.relations.notes import what_figures_show
from medtune.studies.relations.page import PAGES, content
from medtune.studies.relations.runs import Labels, Run, RunFiles, Runs, labels_of, read_runs
from medtune.studies.relations.tables import (
    ANSWER_COLUMNS,
    CONFUSION_COLUMNS,
    ERROR_COLUMNS,
    FAMILIARITY_COLUMNS,
    TYPE_COLUMNS,
    answer_rows,
    confusion_rows,
    error_rows,
    familiarity_rows,
    type_rows,
)

COLUMNS = {
    "comparison": COMPARISON_COLUMNS,
    "switches": SWITCH_COLUMNS,
    "entity_types": TYPE_COLUMNS,
    "relation_types": TYPE_COLUMNS,
    "familiarity": FAMILIARITY_COLUMNS,
    "errors": ERROR_COLUMNS,
    "entity_confusion": CONFUSION_COLUMNS,
    "relation_confusion": CONFUSION_COLUMNS,
    "answers": ANSWER_COLUMNS,
}


def summarize(
    files: Sequence[RunFiles], manifest: Mapping[str, Any], outputs: Mapping[str, Path | str], seed: int
) -> None:
    """Read the scores of all runs, and write the summary.

    manifest: of the data; its `labels`, where there are such, are named in every table but comparison.csv, whose
    columns are fixed, and their caption is on every page. seed: of the paired tests.
    outputs: paths by name: the tables of `COLUMNS` (CSV); the pages `{name}_html` of `SHOWN`; `choice` (JSON);
    `page` (Markdown) and `page_html`; `headline` (one line of text); the plots `{name}_{png,svg}` of `PLOTS`.
    Raises InputError when a file is missing or broken, or runs were not scored on the same documents.
    """
    runs = read_runs(files)
    labels = labels_of(manifest)
    chosen = choose(runs)
    rows = {
        name: [{**row, "labels": labels.name} if "labels" in COLUMNS[name] else row for row in members]
        for name, members in _tables(runs, seed).items()
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    shown = what_figures_show(manifest)
    for name, caption in SHOWN.items():
        key = "switch" if name == "switches" else "run"
        marked = [{**row, "chosen": row[key] == chosen.name} for row in rows[name]]
        text = f"{labels.noted(caption.note)} {shown or ''}".strip()
        write_html_table(outputs[f"{name}_html"], labels.titled(caption.title), marked, COLUMNS[name], text)
    for name, figure in figures(runs, chosen, labels).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    differences = {run.name: given_against_own(run, seed) for run in runs}
    found = content(runs, chosen, rows, differences, {name: outputs[f"{name}_png"] for name in PLOTS}, manifest)
    folder = Path(outputs["page"]).parent
    reason = render_page(PAGES / "reason.txt.j2", found, folder).strip()
    write_json(outputs["choice"], choice_record(chosen, reason, labels))
    write_text(outputs["headline"], render_page(PAGES / "headline.txt.j2", found, folder))
    write_page(PAGES / "summary.md.j2", {**found, "reason": reason}, outputs["page"], outputs["page_html"])


def choice_record(chosen: Run, reason: str, labels: Labels) -> dict:
    """Content of choice.json: the chosen run, its settings and its figures. reason: why it was chosen."""
    return {
        "chosen": chosen.name,
        "chosen_on": "strict relation F1 on validation",
        "reason": reason,
        "changes": [{"key": change.key, "default": change.before, "chosen": change.after} for change in chosen.changes],
        "settings": chosen.settings,
        "labels": {"name": labels.name, "caption": labels.caption},
        "validation": {name: chosen.splits["validation"][name] for name in ("entity_f1", "relation_f1")},
        "test": {
            name: chosen.splits["test"][name] for name in ("entity_f1", "relation_f1", "relation_f1_gold_entities")
        },
    }


def _tables(runs: Runs, seed: int) -> dict[str, list[dict]]:
    """Rows of the tables of `COLUMNS`, but for their labels."""
    return {
        "comparison": comparison_rows(runs, seed),
        "switches": switch_rows(runs, seed),
        "entity_types": type_rows(runs, "entities"),
        "relation_types": type_rows(runs, "relations"),
        "familiarity": familiarity_rows(runs),
        "errors": error_rows(runs),
        "entity_confusion": confusion_rows(runs, "entity"),
        "relation_confusion": confusion_rows(runs, "relation"),
        "answers": answer_rows(runs),
    }
