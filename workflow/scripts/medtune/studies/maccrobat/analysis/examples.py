"""A sample of errors to read, each with its surroundings."""

import random
from collections import deque
from collections.abc import Sequence

from medtune.studies.maccrobat.analysis.documents import TaggedDocument
from medtune.studies.maccrobat.analysis.errors import ERROR_CLASSES, Case

CONTEXT_WORDS = 10
EXAMPLE_COLUMNS = (
    "class",
    "direction",
    "document",
    "gold_label",
    "gold_text",
    "predicted_label",
    "predicted_text",
    "confidence",
    "context",
    "found_dropped",
)


def sample_errors(cases: Sequence[Case], seed: int, amount: int) -> list[Case]:
    """So many errors, spread evenly over the classes as far as they go, in the order of the classes, then by place.

    The same cases and seed give the same sample; all errors are taken where there are no more.
    """
    generator = random.Random(seed)
    waiting = []
    for kind in ERROR_CLASSES:
        of_kind = [case for case in cases if case.kind == kind]
        generator.shuffle(of_kind)
        waiting.append(deque(of_kind))
    chosen: list[Case] = []
    while len(chosen) < amount and any(waiting):
        for of_kind in waiting:
            if of_kind and len(chosen) < amount:
                chosen.append(of_kind.popleft())
    order = {id(case): number for number, case in enumerate(cases)}
    return sorted(chosen, key=lambda case: (ERROR_CLASSES.index(case.kind), order[id(case)]))


def example_rows(cases: Sequence[Case], documents: Sequence[TaggedDocument]) -> list[dict]:
    """Cases with their texts, with columns `EXAMPLE_COLUMNS`; what is absent is empty."""
    return [_row(case, documents[case.document]) for case in cases]


def _row(case: Case, document: TaggedDocument) -> dict:
    found = case.predicted
    return {
        "class": case.kind,
        "direction": case.direction,
        "document": document.id,
        "gold_label": case.gold.label if case.gold else "",
        "gold_text": document.surface(case.gold) if case.gold else "",
        "predicted_label": found.span.label if found else "",
        "predicted_text": document.surface(found.span) if found else "",
        "confidence": found.confidence if found else None,
        "context": _context(case, document),
        "found_dropped": case.found_dropped,
    }


def _context(case: Case, document: TaggedDocument) -> str:
    """The text around, in one line, with the entities of the case in brackets: [gold] and {predicted}."""
    spans = [span for span in (case.gold, case.predicted and case.predicted.span) if span]
    first = max(0, min(span.start for span in spans) - CONTEXT_WORDS)
    last = min(len(document.words), max(span.end for span in spans) + CONTEXT_WORDS) - 1
    start, end = document.offsets[first][0], document.offsets[last][1]
    marks = []
    for span, opening, closing in ((case.gold, "[", "]"), (case.predicted and case.predicted.span, "{", "}")):
        if span:
            marks += [(document.offsets[span.start][0], opening), (document.offsets[span.end - 1][1], closing)]
    text, place = "", start
    for offset, mark in sorted(marks, key=lambda found: (found[0], "}][{".index(found[1]))):
        text += document.text[place:offset] + mark
        place = offset
    return " ".join((text + document.text[place:end]).split())
