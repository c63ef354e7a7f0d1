"""Compare the trained encoders: tables, the run that the selection chose, and what the test split shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.files import read_json, write_json, write_text
from medtune.reporting.pages import render_page
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.maccrobat.analysis.comparison import (
    COMPARISON_COLUMNS,
    MODEL_COLUMNS,
    SEED_COLUMNS,
    TYPE_COLUMNS,
    VALIDATION_COLUMNS,
    TaggerRun,
    best_by_type,
    by_configuration,
    comparison_rows,
    configuration_rows,
    mean_f1_estimate,
    model_rows,
    seed_rows,
    validation_rows,
)
from medtune.studies.maccrobat.page import PAGES, content
from medtune.studies.maccrobat.plots import figures
from medtune.studies.maccrobat.runs import RunFiles, chosen_run, read_runs
from medtune.studies.maccrobat.tables import PLOTS, SHOWN

COLUMNS = {
    "models": MODEL_COLUMNS,
    "validation": VALIDATION_COLUMNS,
    "comparisons": COMPARISON_COLUMNS,
    "seeds": SEED_COLUMNS,
    "best_by_type": TYPE_COLUMNS,
}


def summarize(
    files: Sequence[RunFiles],
    selection: Path | str,
    data: Mapping[str, Path | str],
    tags: Path | str,
    outputs: Mapping[str, Path | str],
    seed: int,
) -> None:
    """Read the tagged documents of every run, and write the comparison.

    selection: selection.json, which names the chosen run. data: rows of the splits "validation" and "test". tags:
    tags.json. seed: of the paired tests.
    outputs: paths by name: the tables of `COLUMNS` (CSV), those of `SHOWN` also as pages `{name}_html`; `choice`
    (JSON), `page` (Markdown), `headline` (one line of text); the plots `{name}_{png,svg}` of `PLOTS`.
    Raises InputError when a file is missing or broken, or runs were not tagged on the same documents.
    """
    runs = read_runs(files, data, tags)
    selected = read_json(selection)
    chosen = runs[list(files).index(chosen_run(files, selection))]
    rows = {
        "configurations": configuration_rows(runs, chosen),
        "models": model_rows(runs, chosen),
        "validation": validation_rows(runs, chosen),
        "comparisons": comparison_rows(runs, chosen, seed),
        "seeds": seed_rows(runs),
        "best_by_type": best_by_type(runs, chosen, seed),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    for name, caption in SHOWN.items():
        text = f"{selected['note']} {caption.note}".strip()
        write_html_table(outputs[f"{name}_html"], caption.title, rows[name], COLUMNS[name], text)
    for name, figure in figures(runs, chosen, rows).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    write_json(outputs["choice"], choice_record(runs, chosen, selected, rows))
    found = content(runs, chosen, selected, rows, {name: outputs[f"{name}_png"] for name in PLOTS})
    folder = Path(outputs["page"]).parent
    for name, template in (("headline", "headline.txt.j2"), ("page", "summary.md.j2")):
        write_text(outputs[name], render_page(PAGES / template, found, folder))


def choice_record(
    runs: Sequence[TaggerRun], chosen: TaggerRun, selected: Mapping, rows: Mapping[str, Sequence[dict]]
) -> dict:
    """Content of choice.json: the chosen run, why, its figures, and how others compare. selected: selection.json."""
    micro = chosen.scores["test"].micro["strict"]
    group = by_configuration(runs)[chosen.configuration]
    return {
        "chosen": chosen.key,
        "chosen_on": selected["chosen_on"],
        **{name: selected[name] for name in ("reason", "note")},
        "mean_validation_f1": mean_f1_estimate(group, "validation").as_dict(),
        "validation_f1": chosen.scores["validation"].micro["strict"].f1.as_dict(),
        "test": {
            "micro_f1": micro.f1.as_dict(),
            "macro_f1": chosen.scores["test"].macro["strict"].f1.as_dict(),
            "precision": micro.precision.as_dict(),
            "recall": micro.recall.as_dict(),
            "all_gold_recall": chosen.all_gold_recall.as_dict(),
        },
        **{name: list(rows[name]) for name in ("comparisons", "configurations", "seeds", "best_by_type")},
    }
