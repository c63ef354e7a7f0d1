"""Are entities of some kind harder? Error rates with and without a property of their words."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.files import read_jsonl
from medtune.metrics import intervals
from medtune.metrics.contrasts import contrast
from medtune.metrics.estimate import end_cells, end_columns
from medtune.studies.maccrobat.analysis.corrected import Compared, verdicts
from medtune.studies.maccrobat.analysis.documents import TaggedDocument
from medtune.studies.maccrobat.analysis.errors import CORRECT, Case

LONG_WORDS = 5
"""Words from which on an entity is called long."""
_ABBREVIATION = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})[A-Za-z0-9]{2,6}")
GOLD_SIDE, PREDICTED_SIDE = "gold not found", "predicted wrongly"
PATTERN_COLUMNS = (
    "pattern",
    "side",
    *("n_with", "errors_with", *end_columns("rate_with")),
    *("n_without", "errors_without", *end_columns("rate_without")),
    *end_columns("difference"),
    "p_holm",
    "finding",
)

Pattern = Callable[[Sequence[str]], bool]


def training_words(path: Path | str) -> frozenset[str]:
    """Words of the training rows, in lower case. Raises InputError where a row has none."""
    words = set()
    for number, row in enumerate(read_jsonl(path), start=1):
        if not isinstance(row.get("words"), list):
            raise InputError(f'{path}, line {number}: no list "words"')
        words.update(word.lower() for word in row["words"])
    return frozenset(words)


def patterns(known: frozenset[str]) -> dict[str, Pattern]:
    """Properties of an entity's words by name. known: the words of the training documents, in lower case."""
    return {
        "abbreviation": lambda words: any(map(is_abbreviation, words)),
        "digit": lambda words: any(character.isdigit() for word in words for character in word),
        "word not seen in training": lambda words: any(_is_word(word) and word.lower() not in known for word in words),
        f"{LONG_WORDS} words or more": lambda words: len(words) >= LONG_WORDS,
    }


def is_abbreviation(word: str) -> bool:
    """Two to six letters and digits, at least two of them capital letters: CT, mRNA, LVEF, CD4T."""
    return _ABBREVIATION.fullmatch(word) is not None


def pattern_rows(
    cases: Sequence[Case], documents: Sequence[TaggedDocument], found: Mapping[str, Pattern]
) -> list[dict]:
    """Two rows for each pattern, with columns `PATTERN_COLUMNS`: over gold entities, the share that is not found
    exactly; over predicted ones, the share that is not correct. The finding is in words, by a test that is corrected
    for all rows."""
    names = [(name, side) for name in found for side in (GOLD_SIDE, PREDICTED_SIDE)]
    counts = [_counts(found[name], side, cases, documents) for name, side in names]
    shares = [[intervals.share(*table) for table in tables] for tables in counts]
    compared = [Compared(contrast(*pair), "more errors with it", "fewer errors with it") for pair in shares]
    rows = []
    for name, tables, pair, one, said in zip(
        names, counts, shares, compared, verdicts(compared, len(documents)), strict=True
    ):
        pattern, side = name
        row: dict[str, Any] = {"pattern": pattern, "side": side}
        for which, (errors, entities), share in zip(("with", "without"), tables, pair, strict=True):
            counts_of = {f"n_{which}": round(entities.sum()), f"errors_{which}": round(errors.sum())}
            row |= {**counts_of, **end_cells(f"rate_{which}", share)}
        rows.append({**row, **end_cells("difference", one.difference), "p_holm": said.p_holm, "finding": said.finding})
    return rows


def _counts(
    pattern: Pattern, side: str, cases: Sequence[Case], documents: Sequence[TaggedDocument]
) -> tuple[np.ndarray, np.ndarray]:
    """Of entities with the pattern, and of those without it: (2, documents), errors and all of them."""
    counts = {flag: np.zeros((2, len(documents))) for flag in (True, False)}
    for case in cases:
        span = case.gold if side == GOLD_SIDE else case.predicted and case.predicted.span
        if span is not None:
            here = counts[pattern(documents[case.document].words[span.start : span.end])]
            here[:, case.document] += (case.kind != CORRECT, 1)
    return counts[True], counts[False]


def _is_word(word: str) -> bool:
    return any(character.isalpha() for character in word)
