"""Analysis `types`: how well one model finds each type, the tiers, the weakest types, the most confused pairs."""

from collections.abc import Mapping
from pathlib import Path

from medtune.files import write_json
from medtune.metrics.prf import FIGURES, Figures
from medtune.reporting.plots import Bar, plot_bars, save_figure
from medtune.reporting.prose import estimate_in
from medtune.reporting.tables import write_csv
from medtune.studies.maccrobat.analysis.confusion import PAIR_COLUMNS, confused_pairs
from medtune.studies.maccrobat.analysis.documents import load_splits
from medtune.studies.maccrobat.analysis.drawing import Dot, plot_dots
from medtune.studies.maccrobat.analysis.errors import classify
from medtune.studies.maccrobat.analysis.types import (
    DIFFERENCE_COLUMNS,
    TIER_COLUMNS,
    TIERS,
    TYPE_COLUMNS,
    frequency_findings,
    read_type_table,
    score_types,
    tier_rows,
    type_rows,
    weakest,
)

TEST = "test"
COLUMNS = {
    "types": TYPE_COLUMNS,
    "tiers": TIER_COLUMNS,
    "tier_differences": DIFFERENCE_COLUMNS,
    "weakest": TYPE_COLUMNS,
    "pairs": PAIR_COLUMNS,
}
PLOTS = ("f1_by_type", "frequency", "tiers")


def analyse_types(
    data: Path | str, tags: Path | str, predictions: Path | str, outputs: Mapping[str, Path | str]
) -> None:
    """Analyse the types on the test split.

    data: rows of the test split.  tags: tags.json with tiers and counts.  predictions: of the model.  outputs: paths by
    name: the tables of `COLUMNS` (CSV), `record` (JSON), and the plots `{name}_png`, `{name}_svg` of `PLOTS`.
    Raises InputError when a file is missing or broken.
    """
    documents = load_splits({TEST: data}, predictions)[TEST]
    table = read_type_table(tags)
    found = score_types(documents, table)
    types = type_rows(found, table)
    tiers = tier_rows(found, table)
    differences, correlation = frequency_findings(tiers, types, len(documents))
    rows = {
        "types": types,
        "tiers": tiers,
        "tier_differences": differences,
        "weakest": weakest(types),
        "pairs": confused_pairs(classify(documents), len(documents)),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    record = {
        "split": TEST,
        "documents": len(documents),
        "micro": _record(found.scores.micro["strict"]),
        "macro": _record(found.scores.macro["strict"]),
        "macro_types": list(found.scores.macro_labels),
        "all_gold_micro": _record(found.all_gold.micro["strict"]),
        "frequency_and_f1": correlation,
        **rows,
    }
    write_json(outputs["record"], record)
    shown = [row for row in types if row["gold"]]
    figures = {
        "f1_by_type": plot_bars(
            [Bar(row["type"], estimate_in(row, "f1"), row["tier"]) for row in shown],
            "Strict F1 by entity type",
            "strict F1 on the test split, 95 % interval over documents",
            groups=TIERS,
        ),
        "frequency": plot_dots(
            [
                Dot(row["type"], row["corpus_count"], estimate_in(row, "f1"), row["tier"])
                for row in shown
                if row["corpus_count"]
            ],
            "Are frequent types found better?",
            "entities of the type in the corpus",
            "strict F1",
            groups=TIERS,
        ),
        "tiers": plot_bars(
            [
                Bar(f"{row['tier']}, {average}", estimate_in(row, f"{average}_f1"), average)
                for row in rows["tiers"]
                for average in ("micro", "macro")
                if row[f"{average}_f1"] is not None
            ],
            "Strict F1 by tier",
            "strict F1, 95 % interval over documents",
        ),
    }
    for name in PLOTS:
        save_figure(figures[name], outputs[f"{name}_png"])
        save_figure(figures[name], outputs[f"{name}_svg"])


def _record(figures: Figures) -> dict:
    return {name: getattr(figures, name).as_dict() for name in FIGURES}
