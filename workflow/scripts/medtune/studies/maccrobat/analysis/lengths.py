"""How entities of one word and of several are found: figures by length in words."""

from collections.abc import Callable, Sequence

import numpy as np

from medtune.data.span import Span
from medtune.metrics.contrasts import Contrast, contrast
from medtune.metrics.estimate import Estimate, end_columns, end_values
from medtune.metrics.intervals import f1, share
from medtune.studies.maccrobat.analysis.errors import BOTH, BOUNDARY, CORRECT, MISSED, Case

SINGLE, MULTI = "single word", "several words"
LONGEST = 5
LENGTH_COLUMNS = (
    "length",
    "gold",
    "predicted",
    "correct",
    *end_columns("precision", "recall", "f1", "boundary_errors", "missed"),
)

Member = Callable[[Span], bool]


def length_groups() -> dict[str, Member]:
    """Groups of spans: single and several words, then 1, 2, 3, 4, and 5 or more words."""
    groups: dict[str, Member] = {SINGLE: lambda span: _words(span) == 1, MULTI: lambda span: _words(span) > 1}
    for length in range(1, LONGEST):
        groups[str(length)] = lambda span, length=length: _words(span) == length
    groups[f"{LONGEST}+"] = lambda span: _words(span) >= LONGEST
    return groups


def length_rows(cases: Sequence[Case], documents: int) -> list[dict]:
    """Strict figures of each group, with columns `LENGTH_COLUMNS`.

    Recall is over the gold entities of that length, precision over the predicted ones of that length; a correct pair
    has one length. boundary_errors, missed: shares of the gold entities of that length whose boundaries were not met,
    or that nothing overlaps.
    """
    rows = []
    for name, member in length_groups().items():
        gold, predicted, correct, boundary, missed = _counts(cases, documents, member)
        figures = {
            "precision": share(correct, predicted),
            "recall": share(correct, gold),
            "f1": _f1(correct, predicted, gold),
            "boundary_errors": share(boundary, gold),
            "missed": share(missed, gold),
        }
        row = {
            "length": name,
            "gold": round(gold.sum()),
            "predicted": round(predicted.sum()),
            "correct": round(correct.sum()),
        }
        for figure, estimate in figures.items():
            row |= zip(end_columns(figure), end_values(estimate), strict=True)
        rows.append(row)
    return rows


def f1_difference(cases: Sequence[Case], documents: int) -> Contrast:
    """Strict F1 of single words less that of several."""
    groups = length_groups()
    figures = []
    for name in (SINGLE, MULTI):
        gold, predicted, correct, _, _ = _counts(cases, documents, groups[name])
        figures.append(_f1(correct, predicted, gold))
    return contrast(*figures)


def boundary_difference(cases: Sequence[Case], documents: int) -> Contrast:
    """Share of boundary errors among gold entities of several words less that among single words."""
    groups = length_groups()
    shares = []
    for name in (MULTI, SINGLE):
        gold, _, _, boundary, _ = _counts(cases, documents, groups[name])
        shares.append(share(boundary, gold))
    return contrast(*shares)


def _words(span: Span) -> int:
    return span.end - span.start


def _f1(correct: np.ndarray, predicted: np.ndarray, gold: np.ndarray) -> Estimate:
    counts = np.stack([correct, predicted - correct, gold - correct], axis=1)
    return f1(counts)


def _counts(cases: Sequence[Case], documents: int, member: Member) -> tuple[np.ndarray, ...]:
    """(documents,) each: gold, predicted, correct, boundary errors, missed."""
    gold, predicted, correct, boundary, missed = (np.zeros(documents) for _ in range(5))
    for case in cases:
        if case.gold and member(case.gold):
            gold[case.document] += 1
            correct[case.document] += case.kind == CORRECT
            boundary[case.document] += case.kind in (BOUNDARY, BOTH)
            missed[case.document] += case.kind == MISSED
        if case.predicted and member(case.predicted.span):
            predicted[case.document] += 1
    return gold, predicted, correct, boundary, missed
