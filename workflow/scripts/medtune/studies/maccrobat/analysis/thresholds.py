"""From which confidence on may an entity be taken without review? Chosen on validation, confirmed on test."""

from collections.abc import Mapping, Sequence

import numpy as np

from medtune.metrics import intervals
from medtune.metrics.estimate import end_cells, end_columns
from medtune.studies.maccrobat.analysis.confidence import KINDS, span_items
from medtune.studies.maccrobat.analysis.documents import TaggedDocument

NO_THRESHOLD = 0.0
"""All predictions pass."""
CRITERION = (
    "the least threshold whose precision on validation reaches the target with the lower end of its 95 % interval"
)
VALIDATION, TEST = "validation", "test"
FIGURES = ("precision", "coverage", "recall")
THRESHOLD_COLUMNS = (
    "confidence",
    "split",
    "threshold",
    "predicted",
    "passed",
    "correct",
    "all_gold",
    *end_columns(*FIGURES),
    "recommended",
)


def threshold_rows(
    documents: Mapping[str, Sequence[TaggedDocument]], thresholds: Sequence[float], target: float
) -> list[dict]:
    """A row for each kind of confidence, split and threshold, with columns `THRESHOLD_COLUMNS`.

    documents: by split, validation and test; intervals go over them.  precision: the share of the predictions with
    at least this confidence that is correct, judged by the gold that the flat tags hold.  coverage: their share of all
    predictions.  recall: the share of all gold entities, those that the flat tags cannot hold included, that they
    find: one that is exactly a dropped entity has found it.  recommended: the point that `recommend`
    names, on both splits.
    """
    rows = [
        _row(kind, split, threshold, documents[split])
        for kind in KINDS
        for split in (VALIDATION, TEST)
        for threshold in thresholds
    ]
    chosen = {kind: recommend(rows, kind, target)["threshold"] for kind in KINDS}
    return [{**row, "recommended": row["threshold"] == chosen[row["confidence"]]} for row in rows]


def recommend(rows: Sequence[Mapping], kind: str, target: float) -> dict:
    """The least threshold whose precision on validation reaches the target with the lower end of its interval.

    threshold is None where no threshold does; `nearest` is then, as otherwise, the one whose lower end is highest.
    confirmed: whether the lower end on test reaches the target too, None without a threshold.  validation, test: the
    rows of the recommended threshold, or of the nearest one.
    """
    by_split = {
        split: [row for row in rows if row["confidence"] == kind and row["split"] == split]
        for split in (VALIDATION, TEST)
    }
    tried = [row for row in by_split[VALIDATION] if row["precision"] is not None]
    reaching = [row["threshold"] for row in tried if row["precision_low"] >= target]
    threshold = min(reaching, default=None)
    nearest = max(tried, key=lambda row: (row["precision_low"], -row["threshold"]), default=None)
    shown = threshold if threshold is not None else nearest and nearest["threshold"]
    figures = {
        split: next((row for row in of_split if row["threshold"] == shown), None)
        for split, of_split in by_split.items()
    }
    low = figures[TEST] and figures[TEST]["precision_low"]
    confirmed = None if threshold is None else low is not None and low >= target
    return {
        "confidence": kind,
        "target": target,
        "criterion": CRITERION,
        "threshold": threshold,
        "nearest": nearest and nearest["threshold"],
        "confirmed": confirmed,
        **{split: row and {name: row[name] for name in THRESHOLD_COLUMNS[2:-1]} for split, row in figures.items()},
    }


def _row(kind: str, split: str, threshold: float, documents: Sequence[TaggedDocument]) -> dict:
    items = span_items(documents, kind)
    passed = items.confidence >= threshold
    predicted = items.by_document(np.ones(len(passed)))
    kept = items.by_document(passed.astype(float))
    correct = items.by_document((passed & items.correct).astype(float))
    found = items.by_document((passed & span_items(documents, kind, all_gold=True).correct).astype(float))
    all_gold = np.array([len(document.gold) + len(document.dropped) for document in documents], dtype=float)
    row = {
        "confidence": kind,
        "split": split,
        "threshold": threshold,
        "predicted": len(passed),
        "passed": int(passed.sum()),
        "correct": int(correct.sum()),
        "all_gold": int(all_gold.sum()),
    }
    shares = {
        "precision": intervals.share(correct, kept),
        "coverage": intervals.share(kept, predicted),
        "recall": intervals.share(found, all_gold),
    }
    for name, share in shares.items():
        row |= end_cells(name, share)
    return row
