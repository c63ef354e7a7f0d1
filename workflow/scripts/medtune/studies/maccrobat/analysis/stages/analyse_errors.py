"""Analysis `errors`: classes, directions, confusions, lengths, patterns and examples of one model's errors."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from medtune.files import write_json
from medtune.metrics.counts import class_counts
from medtune.metrics.estimate import end_cells, end_columns
from medtune.reporting.plots import Bar, plot_bars, plot_heatmap, save_figure
from medtune.reporting.prose import estimate_in
from medtune.reporting.tables import write_csv
from medtune.studies.maccrobat.analysis.confusion import (
    PAIR_COLUMNS,
    confused_pairs,
    confusion_matrix,
    confusion_rows,
    frequent_labels,
)
from medtune.studies.maccrobat.analysis.corrected import Compared, verdicts
from medtune.studies.maccrobat.analysis.documents import TaggedDocument, load_splits
from medtune.studies.maccrobat.analysis.errors import (
    CLASSES,
    CORRECT,
    ERROR_CLASSES,
    Case,
    classify,
    direction_rows,
    error_shares,
    gold_shares,
    predicted_shares,
)
from medtune.studies.maccrobat.analysis.examples import EXAMPLE_COLUMNS, example_rows, sample_errors
from medtune.studies.maccrobat.analysis.lengths import LENGTH_COLUMNS, boundary_difference, f1_difference, length_rows
from medtune.studies.maccrobat.analysis.patterns import PATTERN_COLUMNS, pattern_rows, patterns, training_words

TEST = "test"
CLASS_COLUMNS = (
    "class",
    "count",
    *end_columns("share_of_errors", "share_of_gold", "share_of_predicted"),
    "found_dropped",
)
DIRECTION_COLUMNS = ("direction", "count", "same_type", "other_type", *end_columns("share"))
COLUMNS = {
    "classes": CLASS_COLUMNS,
    "directions": DIRECTION_COLUMNS,
    "confusion": ("gold", "predicted", "count"),
    "pairs": PAIR_COLUMNS,
    "lengths": LENGTH_COLUMNS,
    "patterns": PATTERN_COLUMNS,
    "examples": EXAMPLE_COLUMNS,
}
PLOTS = ("classes", "confusion", "lengths")


def analyse_errors(
    data: Path | str,
    train: Path | str,
    predictions: Path | str,
    outputs: Mapping[str, Path | str],
    samples: int,
    seed: int,
) -> None:
    """Analyse the errors on the test split.

    data, train: rows of the test and of the training split.  predictions: of the model.  outputs: paths by name: the
    tables of `COLUMNS` (CSV), `record` (JSON), and the plots `{name}_png`, `{name}_svg` of `PLOTS`.
    samples: errors that are shown with their context.
    Raises InputError when a file is missing or broken.
    """
    documents = load_splits({TEST: data}, predictions)[TEST]
    cases = classify(documents)
    n = len(documents)
    matrix = confusion_matrix(cases, frequent_labels(cases))
    rows = {
        "classes": class_rows(cases, n),
        "directions": direction_rows(cases, n),
        "confusion": confusion_rows(matrix),
        "pairs": confused_pairs(cases, n),
        "lengths": length_rows(cases, n),
        "patterns": pattern_rows(cases, documents, patterns(training_words(train))),
        "examples": example_rows(sample_errors(cases, seed, samples), documents),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    write_json(outputs["record"], error_record(cases, documents, rows))
    figures = {
        "classes": plot_bars(
            [
                Bar(row["class"], estimate_in(row, "share_of_errors"))
                for row in rows["classes"]
                if row["share_of_errors"] is not None
            ],
            f"Errors by class, {sum(case.kind != CORRECT for case in cases)} on the test split",
            "share of all errors, 95 % interval over documents",
        ),
        "confusion": plot_heatmap(
            matrix, "Most frequent types: what entities were taken for", "predicted type", "gold type"
        ),
        "lengths": plot_bars(
            [Bar(row["length"], estimate_in(row, "f1")) for row in rows["lengths"] if row["f1"] is not None],
            "Strict F1 by length in words",
            "strict F1, 95 % interval over documents",
        ),
    }
    for name in PLOTS:
        save_figure(figures[name], outputs[f"{name}_png"])
        save_figure(figures[name], outputs[f"{name}_svg"])


def class_rows(cases: Sequence[Case], documents: int) -> list[dict]:
    """A row for each class, with columns `CLASS_COLUMNS`; a share is empty where the class has no part in it."""
    counts = class_counts(cases, documents, CLASSES)
    shares = {
        "share_of_errors": error_shares(cases, documents),
        "share_of_gold": gold_shares(cases, documents),
        "share_of_predicted": predicted_shares(cases, documents),
    }
    rows = []
    for kind in CLASSES:
        row = {"class": kind, "count": round(counts[kind].sum())}
        for name, of_class in shares.items():
            row |= end_cells(name, of_class.get(kind))
        row["found_dropped"] = sum(case.found_dropped for case in cases if case.kind == kind)
        rows.append(row)
    return rows


def error_record(
    cases: Sequence[Case], documents: Sequence[TaggedDocument], rows: Mapping[str, Sequence[dict]]
) -> dict:
    """What JSON readers get: all tables but the examples' texts, sums, and the differences by length, each with a
    finding that is corrected for both of these."""
    n = len(documents)
    return {
        "split": TEST,
        "documents": n,
        "gold": sum(len(document.gold) for document in documents),
        "dropped_gold": sum(len(document.dropped) for document in documents),
        "predicted": sum(len(document.predicted) for document in documents),
        "errors": sum(case.kind != CORRECT for case in cases),
        "error_classes": list(ERROR_CLASSES),
        **{name: list(rows[name]) for name in ("classes", "directions", "pairs", "lengths", "patterns")},
        **length_differences(cases, n),
    }


def length_differences(cases: Sequence[Case], documents: int) -> dict[str, dict]:
    """By name, what single words and several differ by."""
    compared = {
        "single_less_multi_f1": Compared(
            f1_difference(cases, documents), "single words are found better", "several words are found better"
        ),
        "multi_less_single_boundary_errors": Compared(
            boundary_difference(cases, documents),
            "several words have more boundary errors",
            "several words have fewer boundary errors",
        ),
    }
    said = verdicts(list(compared.values()), documents)
    return {
        name: {**asdict(compared[name].difference), **asdict(one)} for name, one in zip(compared, said, strict=True)
    }
