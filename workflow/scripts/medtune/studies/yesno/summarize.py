"""Summarize the study: tables, the choice of a rank on validation, and what the test split shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.files import read_json, read_jsonl, write_json, write_text
from medtune.reporting.pages import render_page, write_page
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import columns_of, write_csv, write_html_table
from medtune.studies.yesno.ensemble import ensembles_of
from medtune.studies.yesno.page import PAGES, choice_record, content
from medtune.studies.yesno.plots import figures
from medtune.studies.yesno.rows import table_rows
from medtune.studies.yesno.runs import RunFiles, by_size, check_same_items, choose, read_run
from medtune.studies.yesno.tables import PLAIN, PLOTS, SHOWN, what_figures_show


def summarize(
    base: RunFiles,
    practised: RunFiles,
    runs: Sequence[RunFiles],
    challenge: Path | str,
    outputs: Mapping[str, Path | str],
    manifest: Path | str,
    seed: int,
) -> None:
    """Read the scores of the base model and of every run, and write the summary.

    practised: the base model, asked in the form that it knows.  manifest: of the data.
    challenge: the data file of the challenge split.  seed: of the paired tests.
    outputs: paths by name: the tables (CSV), those of `SHOWN` also as pages `{name}_html`; `choice` (JSON),
    `choice_text` (Markdown), `headline` (one line of text), the summary as `page` (Markdown) and `page_html`; and the
    `PLOTS` as `{name}_{png,svg}`.
    Raises InputError when a file is missing or broken, or the models were not scored on the same items.
    """
    base_run, trained = read_run(base), sorted(map(read_run, runs), key=by_size)
    check_same_items(base_run, trained)
    practised_run = read_run(practised)
    check_same_items(base_run, [practised_run])
    bases = [base_run, practised_run]
    chosen, ensembles = choose(trained), ensembles_of(trained)
    rows = table_rows(bases, trained, chosen, ensembles, read_jsonl(challenge), seed)
    described = read_json(manifest)
    shown = what_figures_show(described)
    for name in (*SHOWN, *PLAIN):
        write_csv(outputs[name], rows[name], columns_of(rows[name]))
    for name, caption in SHOWN.items():
        note = f"{caption.note} {shown or ''}".strip()
        write_html_table(outputs[f"{name}_html"], caption.title, rows[name], columns_of(rows[name]), note)
    for name, figure in figures(bases, trained, chosen).items():
        save_figure(figure, outputs[f"{name}_png"])
        save_figure(figure, outputs[f"{name}_svg"])
    write_json(outputs["choice"], choice_record(trained, chosen, rows["comparisons"]))
    pictures = {name: outputs[f"{name}_png"] for name in PLOTS}
    found = content(bases, trained, chosen, ensembles, rows, pictures, described)
    folder = Path(outputs["page"]).parent
    for name, template in (("choice_text", "choice.md.j2"), ("headline", "headline.txt.j2")):
        write_text(outputs[name], render_page(PAGES / template, found, folder))
    write_page(PAGES / "summary.md.j2", found, outputs["page"], outputs["page_html"])
