"""The summary of a study of the user's own: tables, plots, the choice of a run on validation, and a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from medtune.files import read_json, write_json, write_text
from medtune.kinds.automation import AUTOMATION_COLUMNS, automation_rows, automation_text
from medtune.kinds.contamination import contamination
from medtune.kinds.summary import (
    COMPARISON_COLUMNS,
    SEED_COLUMNS,
    RunFiles,
    Runs,
    comparison_rows,
    items_to_settle,
    read_runs,
    run_columns,
    run_rows,
    seed_rows,
)
from medtune.reporting.forgetting_text import HEADERS as FORGETTING_HEADERS
from medtune.reporting.forgetting_text import NOTE as FORGETTING
from medtune.reporting.forgetting_text import forgetting_cells
from medtune.reporting.pages import write_page
from medtune.reporting.plots import Bar, Curve, plot_bars, plot_curves, save_figure
from medtune.reporting.tables import estimate_text, read_csv, write_csv, write_html_table
from medtune.studies import KIND, part_of

PAGE = Path(__file__).parents[1] / "kinds" / "page.md.j2"
TABLES = ("runs", "comparisons", "seeds")
AUTOMATION = "automation"
"""The table of kinds whose answers may go without review."""
PLOTS = ("figure", "curves")
NOTES = {
    "runs": "Figures of the test split, but for validation_…, which the choice was made on. Intervals are 95 %, over "
    "what was drawn (the column unit). The chosen run stands out.",
    "comparisons": "Paired permutation on the same test items, Holm-corrected within each family: every run against "
    "the base model, and every other run against the chosen one. A tie is an adjusted p of 0.05 or more.",
    "seeds": "What may be claimed of a run as a method: differences of means over training seeds, with seeds and items "
    "both drawn, Holm-corrected over the runs. With fewer than three seeds nothing is claimed.",
    AUTOMATION: "Of the chosen run: answers with a confidence above the threshold would go without review. certified: "
    "with 95 % confidence over the validation split, at most the allowed share of accepted units is wrong (learn then "
    "test, exact binomial p, Bonferroni over thresholds, each allowed share by itself). plain: at most that share of "
    "accepted validation units is, "
    "which chance alone may bring about. Empty: no threshold; needed_units is the number of accepted validation units, "
    "all of them right, that a certificate takes. A group is accepted where any of its answers is, and wrong where any "
    "of these is. automation_rate and answer_error are over answers, error is over units; of the test split. "
    "That the run was chosen on the same validation split is allowed for (Bonferroni); that training kept its "
    "best checkpoint by it is not.",
    "forgetting": FORGETTING,
}


def summarize(
    kind: str,
    title: str,
    files: Sequence[RunFiles],
    manifest: Path | str,
    outputs: Mapping[str, Path | str],
    seed: int,
    audits: Sequence[Path | str] = (),
) -> None:
    """Read the scores of the base model and of all runs, and write the summary.

    kind: name of the task, as `medtune.studies.part_of` takes it. manifest: of the data. seed: of the paired tests.
    audits: of base models, see `medtune.stages.audit_base`.
    outputs: paths by name: the `TABLES`, and `AUTOMATION` for kinds that have it, as CSV and `{name}_html`; the `PLOTS`
    as `{name}_{png,svg}`; `choice` (JSON); `page` (Markdown) and `page_html`; `headline` (one line of text).
    Raises InputError as `read_runs`.
    """
    runs = read_runs(files, part_of(kind, "figures"))
    rows = {"runs": run_rows(runs), "comparisons": comparison_rows(runs, seed), "seeds": seed_rows(runs)}
    columns = {"runs": run_columns(runs.kind), "comparisons": COMPARISON_COLUMNS, "seeds": SEED_COLUMNS}
    if hasattr(runs.kind, "AUTOMATION"):
        rows[AUTOMATION] = automation_rows(
            runs.chosen.title, _items_of(runs, files), runs.kind.AUTOMATION, chosen_among=len(runs.trained)
        )
        columns[AUTOMATION] = AUTOMATION_COLUMNS
    for name in rows:
        write_csv(outputs[name], rows[name], columns[name])
        write_html_table(outputs[f"{name}_html"], f"{title}: {name}", rows[name], columns[name], NOTES[name])
    for name, figure in _plots(runs, title).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    headline = _headline(runs)
    write_text(outputs["headline"], f"{headline}\n")
    write_json(outputs["choice"], _choice(runs))
    prepared = read_json(manifest)
    content = {
        "title": title,
        "headline": headline,
        "runs": runs,
        "details": f"{kind.removeprefix(KIND)}/details.md.j2",  # of the kind, where it has some
        "chosen": runs.chosen,
        "judged": runs.judged,
        "shown": runs.kind.SHOWN,
        "rows": rows,
        "notes": NOTES,
        "against_base": [row for row in rows["comparisons"] if row["family"] == "base"],
        "settle": items_to_settle,
        "automation": rows.get(AUTOMATION),
        "not_automated": automation_text,
        "forgot": _forgot(files, runs),
        "forgetting_headers": ("run", *FORGETTING_HEADERS),
        "manifest": prepared,
        "contamination": contamination(prepared, audits),
        "pictures": {name: outputs[f"{name}_png"] for name in PLOTS},
    }
    write_page(PAGE, content, outputs["page"], outputs["page_html"])


def _headline(runs: Runs) -> str:
    """The result in one line."""
    key, name, share = runs.judged.key, runs.judged.name, runs.judged.share
    chosen, base = (estimate_text(run.splits["test"][key], share) for run in (runs.chosen, runs.base))
    return f"{runs.chosen.title}, chosen on validation: {name} on the test split {chosen}; base model {base}"


def _items_of(runs: Runs, files: Sequence[RunFiles]) -> list[dict[str, str]]:
    """Rows of items.csv of the chosen run."""
    (path,) = (one.items for one in files if (one.run, one.seed) == (runs.chosen.name, runs.chosen.seed))
    return read_csv(path, runs.kind.ITEM_COLUMNS)


def _forgot(files: Sequence[RunFiles], runs: Runs) -> list[list[Any]]:
    """Rows of the table of what adapters forgot: each run, each source of items; none where it was not measured."""
    titles = {(run.name, run.seed): run.title for run in runs.trained}
    return [
        [titles[one.run, one.seed], *forgetting_cells(row)]
        for one in files
        if one.guard is not None
        for row in read_json(one.guard)["sources"]
    ]


def _choice(runs: Runs) -> dict[str, Any]:
    """Content of choice.json."""
    return {
        "chosen": runs.chosen.name,
        "seed": runs.chosen.seed,
        "chosen_on": f"validation {runs.judged.key}",
        "validation": runs.chosen.splits["validation"][runs.judged.key],
        "test": runs.chosen.splits["test"][runs.judged.key],
        "base_test": runs.base.splits["test"][runs.judged.key],
    }


def _plots(runs: Runs, title: str) -> dict[str, Figure]:
    """The judged figure of all runs, and what training looked like."""
    key, name, share = runs.judged.key, runs.judged.name, runs.judged.share
    found = [(run, run.splits["test"][key]) for run in (runs.base, *runs.trained)]
    bars = [
        Bar(run.title, figure, "chosen" if run is runs.chosen else "others")
        for run, figure in found
        if figure["value"] is not None
    ]
    curves = [
        Curve(
            run.title,
            [point["step"] for point in run.record["history"] if "validation_loss" in point],
            [point["validation_loss"] for point in run.record["history"] if "validation_loss" in point],
            place / max(1, len(runs.trained) - 1),
            run is runs.chosen,
        )
        for place, run in enumerate(runs.trained)
    ]
    return {
        "figure": plot_bars(bars, f"{title}: {name} on the test split", name, share, ("others", "chosen")),
        "curves": plot_curves(curves, f"{title}: validation loss", "loss per token"),
    }
