"""Twins: texts that are the same but for case, punctuation and spacing."""

import unicodedata
from collections.abc import Iterable

from medtune.data.questions import Dropped, Question

REPEATED = "repeated question"
CONFLICTING = "repeated question with another label"


def normalise(text: str) -> str:
    """The form in which twins are equal: compatibility characters resolved, case folded,
    punctuation gone, spaces collapsed. Signs such as < and + are kept: they carry meaning."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(" " if unicodedata.category(c).startswith("P") else c for c in folded).split())


def deduplicate(questions: Iterable[Question]) -> tuple[list[Question], list[Dropped]]:
    """Keep the first of each set of twins, in the order given.

    A later twin is dropped as `REPEATED`, or as `CONFLICTING` when its label is not the first one's.
    """
    first: dict[str, Question] = {}
    dropped = []
    for question in questions:
        kept = first.setdefault(normalise(question.question), question)
        if kept is not question:
            reason = REPEATED if kept.label == question.label else CONFLICTING
            dropped.append(Dropped(question.source, question.key, reason))
    return list(first.values()), dropped
