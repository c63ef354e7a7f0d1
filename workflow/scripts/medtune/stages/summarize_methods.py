"""All methods of a study of the user's own: table, plots and a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from medtune.files import read_json, write_text
from medtune.kinds.contamination import contamination
from medtune.kinds.method_curves import OUTLOOK_COLUMNS, curve_columns, curve_rows, outlook_rows, series_of
from medtune.kinds.method_units import Methods, UnitFiles, read_methods
from medtune.kinds.methods_table import PARETO, method_columns, method_rows
from medtune.reporting.pages import write_page
from medtune.reporting.plots import (
    Bar,
    CostPoint,
    Line,
    plot_bars,
    plot_learning_curves,
    plot_pareto,
    save_figure,
)
from medtune.reporting.prose import estimate_in
from medtune.reporting.tables import estimate_text, write_csv, write_html_table
from medtune.studies import part_of

PAGE = Path(__file__).parents[1] / "kinds" / "methods_page.md.j2"
TABLES = ("methods", "learning_curve", "more_documents")
PLOTS = ("method_figures", "pareto", "learning_curves")
NOTES = {
    "methods": "Figures of the test split, but for validation_…, on which the best method is chosen. Intervals are "
    "95 %, over what interval_over says. best_… and cheapest_…: paired difference to the best method on validation, "
    "and to the one with the fewest seconds of training and of answering 1,000 documents, both trained on all "
    "documents; p is Holm-corrected within each. settle: documents (80 % interval settle_least to settle_most) that "
    "would tell a tie from no difference with a power of 80 %; empty where no number would.",
    "learning_curve": "The figure of the test split by number of training documents, with a 95 % interval; fitted: of "
    "the power laws that go with it, with an 80 % interval. The last number of each method was not measured.",
    "more_documents": "error = 1 - figure = a · documents^-exponent + remaining_error, fitted; expected: the figure "
    "with twice the documents, gain: what it gains. Intervals are 80 %. More documents are expected to help where the "
    "interval of the gain lies at one point or above, and not where it lies below.",
}


def summarize(
    kind: str,
    title: str,
    files: Sequence[UnitFiles],
    outputs: Mapping[str, Path | str],
    seed: int,
    manifest: Path | str,
    audits: Sequence[Path | str] = (),
) -> None:
    """Read the scores and costs of all methods, and write their table, plots and page.

    kind: name of the task, as `medtune.studies.part_of` takes it. seed: of the paired tests. outputs: paths by name:
    the `TABLES` as CSV and `{name}_html`; the `PLOTS` as `{name}_{png,svg}`; `page` (Markdown) and `page_html`;
    `headline` (one line of text). manifest: of the data. audits: of base models, see `medtune.stages.audit_base`.
    Raises InputError as `read_methods`.
    """
    methods = read_methods(files, part_of(kind, "figures"))
    series = series_of(methods, seed)
    rows = {
        "methods": method_rows(methods, seed),
        "learning_curve": curve_rows(methods, series),
        "more_documents": outlook_rows(series),
    }
    columns = {
        "methods": method_columns(methods.kind),
        "learning_curve": curve_columns(methods.kind),
        "more_documents": OUTLOOK_COLUMNS,
    }
    for name in TABLES:
        write_csv(outputs[name], rows[name], columns[name])
        write_html_table(outputs[f"{name}_html"], f"{title}: {name}", rows[name], columns[name], NOTES[name])
    for name, figure in _plots(methods, rows, title).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])
    headline = _headline(methods)
    write_text(outputs["headline"], f"{headline}\n")
    content = {
        "title": title,
        "headline": headline,
        "methods": methods,
        "judged": methods.judged,
        "rows": rows,
        "contamination": contamination(read_json(manifest), audits),
        "pictures": {name: outputs[f"{name}_png"] for name in PLOTS},
    }
    write_page(PAGE, content, outputs["page"], outputs["page_html"])


def _headline(methods: Methods) -> str:
    """The result in one line."""
    best = estimate_text(methods.figure(methods.best).as_dict(), methods.judged.share)
    return f"{methods.best.title}, chosen on validation among {len(methods.full)} methods: {methods.judged.name} {best}"


def _plots(methods: Methods, rows: Mapping[str, Sequence[Mapping]], title: str) -> dict[str, Figure]:
    """The judged figure of all methods, and the same against what those at full size cost and against the number of
    training documents. rows: by table."""
    key, name, share = methods.judged.key, methods.judged.name, methods.judged.share
    there = [(entry, row) for entry, row in zip(methods.entries, rows["methods"], strict=True) if row[key] is not None]
    bars = [Bar(entry.title, estimate_in(row, key), entry.files.type) for entry, row in there]
    costs = {"pareto_inference": "seconds_per_1000", "pareto_training": "train_seconds"}
    labels = {"pareto_inference": "seconds of answering 1,000 documents", "pareto_training": "seconds of training"}
    panels = {
        labels[optimal]: [
            CostPoint(entry.title, row[costs[optimal]], estimate_in(row, key), row[optimal])
            for entry, row in there
            if row[optimal] is not None
        ]
        for optimal in PARETO
    }
    curves = {one: _lines(rows["learning_curve"], one) for one in (key, "fitted")}
    return {
        "learning_curves": plot_learning_curves(
            curves[key], curves["fitted"], f"{title}: learning curves", name, share
        ),
        "method_figures": plot_bars(bars, f"{title}: {name} on the test split", name, share),
        "pareto": plot_pareto(panels, f"{title}: {name} against cost", name, share),
    }


def _lines(rows: Sequence[Mapping], figure: str) -> list[Line]:
    """A line for each method through the points that have the figure."""
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        there = [row for row in rows if row["method"] == method and row[figure] is not None]
        if there:
            figures = [estimate_in(row, figure) for row in there]
            lines.append(Line(method, [row["documents"] for row in there], figures))
    return lines
