"""Are entities of some kind harder? Error rates with and without a property of their words."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from medtune.analysis.documents import TaggedDocument
from medtune.analysis.errors import CORRECT, Case
from medtune.errors import InputError
from medtune.files import read_jsonl
from medtune.metrics import intervals
from medtune.metrics.contrasts import contrast

LONG_WORDS = 5
"""Words from which on an entity is called long."""
_ABBREVIATION = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})[A-Za-z0-9]{2,6}")
GOLD_SIDE, PREDICTED_SIDE = "gold not found", "predicted wrongly"
PATTERN_COLUMNS = (
    "pattern",
    "side",
    *(f"{name}_{part}" for part in ("with", "without") for name in ("n", "errors", "rate", "rate_low", "rate_high")),
    "difference",
    "difference_low",
    "difference_high",
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
    exactly; over predicted ones, the share that is not correct. The finding is in words, and says so where the interval
    of the difference includes 0."""
    return [
        _row(name, side, pattern, cases, documents)
        for name, pattern in found.items()
        for side in (GOLD_SIDE, PREDICTED_SIDE)
    ]


def _row(name: str, side: str, pattern: Pattern, cases: Sequence[Case], documents: Sequence[TaggedDocument]) -> dict:
    counts = {flag: np.zeros((2, len(documents))) for flag in (True, False)}  # errors, entities
    for case in cases:
        span = case.gold if side == GOLD_SIDE else case.predicted and case.predicted.span
        if span is not None:
            here = counts[pattern(documents[case.document].words[span.start : span.end])]
            here[:, case.document] += (case.kind != CORRECT, 1)
    shares = {flag: intervals.share(*table) for flag, table in counts.items()}
    values: list = [name, side]
    for flag in (True, False):
        share = shares[flag]
        values += [round(counts[flag][1].sum()), round(counts[flag][0].sum()), share.value, share.low, share.high]
    difference = contrast(shares[True], shares[False])
    words = difference.in_words("more errors with it", "fewer errors with it")
    values += [difference.value, difference.low, difference.high, words]
    return dict(zip(PATTERN_COLUMNS, values, strict=True))


def _is_word(word: str) -> bool:
    return any(character.isalpha() for character in word)
