"""Errors in exclusive classes, and partial matches by direction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medtune.data.span import Span
from medtune.metrics.counts import class_counts
from medtune.metrics.estimate import Estimate, end_cells
from medtune.metrics.intervals import share
from medtune.metrics.span_matching import match_spans
from medtune.studies.maccrobat.analysis.documents import FoundSpan, TaggedDocument

CORRECT, TYPE, BOUNDARY, BOTH, MISSED, SPURIOUS = (
    "correct",
    "type only",
    "boundary only",
    "both",
    "missed",
    "spurious",
)
CLASSES = (CORRECT, TYPE, BOUNDARY, BOTH, MISSED, SPURIOUS)
ERROR_CLASSES = CLASSES[1:]
GOLD_CLASSES = (CORRECT, TYPE, BOUNDARY, BOTH, MISSED)
PREDICTED_CLASSES = (CORRECT, TYPE, BOUNDARY, BOTH, SPURIOUS)
TOO_SHORT, TOO_LONG, SHIFTED = "too short", "too long", "shifted"
DIRECTIONS = (TOO_SHORT, TOO_LONG, SHIFTED)


@dataclass(frozen=True)
class Case:
    """A gold entity, a predicted one, or a pair of both. document: its place in the list of documents.

    kind: one of `CLASSES`.  direction: one of `DIRECTIONS` where the boundaries of a pair differ, else "".
    found_dropped: whether a prediction that is not correct is exactly a gold entity that the flat tags do not hold.
    """

    document: int
    kind: str
    gold: Span | None
    predicted: FoundSpan | None
    direction: str = ""
    found_dropped: bool = False


def classify(documents: Sequence[TaggedDocument]) -> list[Case]:
    """Each gold and each predicted entity in one case, by document, then by place.

    Pairs are those of `match_spans`: type only has equal boundaries, boundary only an overlap and equal labels, both an
    overlap alone. So the classes add up: correct + type + boundary + both + missed is the number of gold entities (of
    those that the flat tags hold), and with spurious in place of missed that of the predicted ones.
    """
    return [case for number, document in enumerate(documents) for case in _cases(number, document)]


def direction(gold: Span, predicted: Span) -> str:
    """How a prediction that overlaps an entity misses its boundaries: inside it, around it, or neither."""
    if gold.start <= predicted.start and predicted.end <= gold.end:
        return TOO_SHORT
    if predicted.start <= gold.start and gold.end <= predicted.end:
        return TOO_LONG
    return SHIFTED


def error_shares(cases: Sequence[Case], documents: int) -> dict[str, Estimate]:
    """Share of each class among all errors, with its interval over documents."""
    return _shares(cases, documents, ERROR_CLASSES)


def gold_shares(cases: Sequence[Case], documents: int) -> dict[str, Estimate]:
    """Share of each class among gold entities: what becomes of them. The share of `correct` is strict recall, that of
    `boundary only` the rate of partial matches."""
    return _shares(cases, documents, GOLD_CLASSES)


def predicted_shares(cases: Sequence[Case], documents: int) -> dict[str, Estimate]:
    """Share of each class among predicted entities. The share of `correct` is strict precision."""
    return _shares(cases, documents, PREDICTED_CLASSES)


def _shares(cases: Sequence[Case], documents: int, classes: Sequence[str]) -> dict[str, Estimate]:
    counts = class_counts(cases, documents, CLASSES)
    together = _sum(counts, classes)
    return {kind: share(counts[kind], together) for kind in classes}


def direction_rows(cases: Sequence[Case], documents: int) -> list[dict]:
    """Partial matches by direction, with the type right or wrong: number, and share of all partial matches."""
    amounts = Counter((case.direction, case.kind) for case in cases if case.direction)
    rows = []
    for way in DIRECTIONS:
        here, all_ways = np.zeros(documents), np.zeros(documents)
        for case in cases:
            if case.direction:
                all_ways[case.document] += 1
                here[case.document] += case.direction == way
        part = share(here, all_ways)
        rows.append(
            {
                "direction": way,
                "count": amounts[way, BOUNDARY] + amounts[way, BOTH],
                "same_type": amounts[way, BOUNDARY],
                "other_type": amounts[way, BOTH],
                **end_cells("share", part),
            }
        )
    return rows


def _cases(number: int, document: TaggedDocument) -> list[Case]:
    gold, predicted = document.gold, document.predicted
    matches = match_spans(gold, document.predicted_spans)
    dropped = {(entity.first, entity.last, entity.label) for entity in document.dropped}

    def case(kind: str, g: int | None, p: int | None, way: str = "") -> Case:
        found = None if p is None else predicted[p]
        place = found and (found.span.start, found.span.end, found.span.label)
        return Case(
            number, kind, None if g is None else gold[g], found, way, found_dropped=kind != CORRECT and place in dropped
        )

    cases = [case(CORRECT, g, p) for g, p in matches.strict]
    cases += [case(TYPE, g, p) for g, p in matches.relabelled]
    for g, p in matches.overlapping:
        kind = BOUNDARY if gold[g].label == predicted[p].span.label else BOTH
        cases.append(case(kind, g, p, direction(gold[g], predicted[p].span)))
    cases += [case(MISSED, g, None) for g in matches.missed]
    cases += [case(SPURIOUS, None, p) for p in matches.spurious]
    return sorted(cases, key=_place)


def _place(case: Case) -> tuple:
    span = case.gold or case.predicted.span
    return span, CLASSES.index(case.kind)


def _sum(counts: dict[str, np.ndarray], kinds: Sequence[str]) -> np.ndarray:
    return sum(counts[kind] for kind in kinds)
