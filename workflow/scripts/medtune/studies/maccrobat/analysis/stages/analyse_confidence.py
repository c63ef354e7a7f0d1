"""Analysis `confidence`: what one model's confidence is worth, and from which one on entities may go without review."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from medtune.files import write_json
from medtune.metrics.calibration import reliability_table
from medtune.metrics.contrasts import contrast
from medtune.metrics.estimate import end_cells, end_columns
from medtune.reporting.plots import Line, plot_reliability, save_figure
from medtune.reporting.prose import estimate_in
from medtune.reporting.tables import percent, write_csv
from medtune.studies.maccrobat.analysis.confidence import (
    CALIBRATED,
    FALSE_POSITIVE,
    KINDS,
    LEVELS,
    OUTCOMES,
    RAW,
    SPANS,
    TRUE_POSITIVE,
    calibration,
    histogram_rows,
    items_of,
    outcome_means,
)
from medtune.studies.maccrobat.analysis.corrected import Compared, verdicts
from medtune.studies.maccrobat.analysis.documents import TaggedDocument, load_splits
from medtune.studies.maccrobat.analysis.drawing import plot_histograms, plot_lines
from medtune.studies.maccrobat.analysis.thresholds import (
    FIGURES,
    NO_THRESHOLD,
    TEST,
    THRESHOLD_COLUMNS,
    VALIDATION,
    recommend,
    threshold_rows,
)

CALIBRATION_FIGURES = ("ece", "ece_of_chance", "brier", "mean_confidence", "accuracy")
COLUMNS = {
    "thresholds": THRESHOLD_COLUMNS,
    "histogram": ("level", "confidence", "bin_low", "bin_high", "correct", "wrong"),
    "means": ("confidence", "outcome", "n", *end_columns("mean")),
    "calibration": (
        "level",
        "confidence",
        "split",
        "n",
        *end_columns(*CALIBRATION_FIGURES),
    ),
    "reliability": ("level", "kind", "bin_low", "bin_high", "n", *end_columns("confidence", "accuracy")),
}
PLOTS = ("histogram", "thresholds", "thresholds_raw", "reliability", "reliability_raw")


def analyse_confidence(
    data: Mapping[str, Path | str],
    predictions: Path | str,
    outputs: Mapping[str, Path | str],
    thresholds: Sequence[float],
    target: float,
) -> None:
    """Analyse the confidence on the test split; thresholds are chosen on the validation split.

    data: rows of the splits "validation" and "test".  predictions: of the model.  thresholds: confidences to try,
    besides none.  target: precision that entities without review are to have.  outputs: paths by name: the tables of
    `COLUMNS` (CSV), `record` (JSON), and the plots `{name}_png`, `{name}_svg` of `PLOTS`.
    Raises InputError when a file is missing or broken, ValueError for a target outside (0, 1].
    """
    if not 0 < target <= 1:
        raise ValueError(f"target {target}: expected a share above 0, at most 1")
    documents = load_splits({split: data[split] for split in (VALIDATION, TEST)}, predictions)
    rows = {
        "thresholds": threshold_rows(documents, sorted({NO_THRESHOLD, *thresholds}), target),
        "histogram": [
            {"level": level, "confidence": kind, **row}
            for level in LEVELS
            for kind in KINDS
            for row in histogram_rows(items_of(documents[TEST], level, kind))
        ],
        "means": mean_rows(documents[TEST]),
        "calibration": calibration_rows(documents),
        "reliability": [
            {"level": level, "kind": kind, **row}
            for level in LEVELS
            for kind in KINDS
            for row in _reliability(documents[TEST], level, kind)
        ],
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    points = {kind: recommend(rows["thresholds"], kind, target) for kind in KINDS}
    record = {
        "documents": {split: len(of_split) for split, of_split in documents.items()},
        "recommendation": {kind: {**point, "words": in_words(point)} for kind, point in points.items()},
        "correct_less_wrong": _gaps(documents[TEST]),
        **{name: rows[name] for name in ("means", "calibration", "thresholds")},
    }
    write_json(outputs["record"], record)
    figures = {
        "histogram": plot_histograms(
            [(f"{kind} confidence", [row for row in rows["histogram"] if _is(row, SPANS, kind)]) for kind in KINDS],
            ("correct", "wrong"),
            "Confidence of predicted entities on the test split",
            "confidence (least of the entity's words)",
        ),
    }
    for kind, end in ((CALIBRATED, ""), (RAW, "_raw")):
        figures[f"thresholds{end}"] = threshold_plot(rows["thresholds"], points[kind])
        figures[f"reliability{end}"] = plot_reliability(
            _reliability(documents[TEST], SPANS, kind), f"Predicted entities on the test split, {kind} confidence"
        )
    for name in PLOTS:
        save_figure(figures[name], outputs[f"{name}_png"])
        save_figure(figures[name], outputs[f"{name}_svg"])


def mean_rows(documents: Sequence[TaggedDocument]) -> list[dict]:
    """Mean confidence by kind and outcome."""
    rows = []
    for kind in KINDS:
        means = outcome_means(documents, kind)
        for outcome in OUTCOMES:
            mean = means[outcome]
            rows.append({"confidence": kind, "outcome": outcome, "n": mean.n, **end_cells("mean", mean)})
    return rows


def calibration_rows(documents: Mapping[str, Sequence[TaggedDocument]]) -> list[dict]:
    """Calibration by level, kind of confidence and split."""
    rows = []
    for level in LEVELS:
        for kind in KINDS:
            for split, of_split in documents.items():
                items = items_of(of_split, level, kind)
                row = {"level": level, "confidence": kind, "split": split, "n": len(items.confidence)}
                for name, estimate in calibration(items).items():
                    row |= end_cells(name, estimate)
                rows.append(row)
    return rows


def in_words(point: Mapping) -> str:
    """A recommendation of `thresholds.recommend` as sentences, with its figures on the test split."""
    target, kind = percent(point["target"]), point["confidence"]
    if point["threshold"] is None:
        if point["nearest"] is None:
            return "No threshold can be recommended: there are no predictions on the validation split."
        low = percent(point["validation"]["precision_low"])
        return (
            f"No threshold on the {kind} confidence can be recommended: none reaches a precision of {target} on "
            f"validation with the lower end of its interval. The nearest is {point['nearest']:g}, lower end {low}."
        )
    test = point["test"]
    if test["precision"] is None:
        return f"The threshold {point['threshold']:g} lets no prediction of the test split pass: it is not confirmed."
    precision, coverage, recall = (
        f"{percent(test[name])} ({percent(test[f'{name}_low'])} to {percent(test[f'{name}_high'])})" for name in FIGURES
    )
    confirmed = (
        f"this confirms the target of {target}"
        if point["confirmed"]
        else f"the lower end stays below the target of {target}, which is not confirmed"
    )
    if point["threshold"] == NO_THRESHOLD:
        return (
            f"By validation, no threshold on the {kind} confidence is needed. Without one the precision on test is "
            f"{precision}: {confirmed}. All predicted entities pass, which finds {recall} of all gold entities."
        )
    return (
        f"Recommended: a threshold of {point['threshold']:g} on the {kind} confidence. On test it gives a precision of "
        f"{precision}: {confirmed}. It lets {coverage} of the predicted entities pass, and finds {recall} of all gold "
        "entities."
    )


def threshold_plot(rows: Sequence[Mapping], point: Mapping):
    """Precision, coverage and recall on test against the threshold, with the recommended point where there is one."""
    shown = [
        row for row in rows if (row["confidence"], row["split"]) == (point["confidence"], TEST) and row["threshold"]
    ]
    lines = [
        Line(
            {"recall": "recall (of all gold entities)"}.get(name, name),
            [row["threshold"] for row in shown],
            [estimate_in(row, name) for row in shown],
        )
        for name in FIGURES
    ]
    marked = (point["threshold"], "recommended (chosen on validation)") if point["threshold"] else None
    needed = ", though none is needed" if point["threshold"] == NO_THRESHOLD else ""
    title = f"Test split: entities from a {point['confidence']} confidence on{needed}"
    return plot_lines(lines, title, "threshold", "share, 95 % interval over documents", marked)


def _gaps(documents: Sequence[TaggedDocument]) -> dict[str, dict]:
    """By kind of confidence, its mean for correct predictions less that for wrong ones."""
    means = {kind: outcome_means(documents, kind) for kind in KINDS}
    compared = [
        Compared(
            contrast(means[kind][TRUE_POSITIVE], means[kind][FALSE_POSITIVE]),
            "correct predictions are surer",
            "wrong predictions are surer",
        )
        for kind in KINDS
    ]
    said = verdicts(compared, len(documents))
    return {
        kind: {**asdict(one.difference), **asdict(verdict)}
        for kind, one, verdict in zip(KINDS, compared, said, strict=True)
    }


def _reliability(documents: Sequence[TaggedDocument], level: str, kind: str) -> list[dict]:
    items = items_of(documents, level, kind)
    return reliability_table(items.confidence, items.correct, items.document) if len(items.confidence) else []


def _is(row: Mapping, level: str, kind: str) -> bool:
    return (row["level"], row["confidence"]) == (level, kind)
