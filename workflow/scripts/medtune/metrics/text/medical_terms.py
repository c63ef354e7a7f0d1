"""Medical terms: do two texts name the same diseases, symptoms, treatments, drugs, tests and amounts?

A text names, once each:
- the terms of a list: longest match first, from left to right, whole words, whatever case, hyphens or possessive; the
  last word also in the plural. The built-in list `medical_terms.txt` tells at its head where it comes from;
- other words of six letters or more with an ending that few but clinical words have (SUFFIXES: conditions, procedures,
  and stems of the WHO's drug names);
- amounts with a unit, the number as it is written and the unit in one spelling: "5mg" and "5 mg" are the same.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtune.errors import InputError
from medtune.files import read_text
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.text.metric_scores import MetricScores, ratio_of
from medtune.metrics.text.names import DOSAGE_MATCH, MEDICAL_TERM_F1, TERM_MATCH

BUILT_IN_TERMS = Path(__file__).with_name("medical_terms.txt")

SUFFIXES = (
    *("itis", "emia", "aemia", "uria", "osis", "opathy", "algia", "plegia", "paresis", "megaly", "penia"),
    *("rrhea", "rrhoea", "carcinoma", "sarcoma", "blastoma", "ectomy", "ostomy", "plasty"),
    *("pril", "sartan", "statin", "olol", "dipine", "azole", "cillin", "mycin", "cycline", "floxacin", "caine"),
    *("azepam", "parin", "xaban", "gliptin", "gliflozin", "mab", "nib", "vir", "setron", "triptan"),
)
SHORTEST_SUFFIXED = 6
"""Letters of the shortest word whose ending counts."""

UNITS = {
    spelling: unit
    for unit, spellings in {
        "μg": "μg mcg ug microgram micrograms",
        "mg": "mg milligram milligrams",
        "g": "g gram grams",
        "kg": "kg kilogram kilograms",
        "ml": "ml milliliter milliliters millilitre millilitres",
        "dl": "dl",
        "l": "l liter liters litre litres",
        "iu": "iu",
        "unit": "unit units",
        "mmol": "mmol",
        "mmhg": "mmhg",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "mm": "mm millimeter millimeters millimetre millimetres",
        "%": "% percent",
        "°c": "°c",
        "°f": "°f",
    }.items()
    for spelling in spellings.split()
}
_AMOUNT = re.compile(
    r"(?<![\w.])(\d+(?:[.,]\d+)*)\s*-?\s*("
    + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
    + r")(?!\w)"
)
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")

PLURALS = (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("es", "is"))
"""Endings and what stands for them in the singular, tried in this order: diagnoses is the plural of diagnosis."""


@dataclass(frozen=True)
class TermList:
    """terms: from the words of a term to the term. longest: by first word, most words of a term."""

    terms: Mapping[tuple[str, ...], str]
    longest: Mapping[str, int]


def medical_terms(
    predictions: Sequence[str], references: Sequence[str], terms: str | None = None
) -> dict[str, MetricScores]:
    """F1 of the terms that are named, and the shares of the reference's terms and amounts that the answer has exactly,
    all from 0 to 1; the corpus figures are those of the terms of all items (micro).

    terms: a file with one term a line (UTF-8; lines that start with # are comments) instead of the built-in list.
    An item without a term on either side has no F1, one whose reference has no term or amount no share of them.
    Raises InputError when the file cannot be read or has no term.
    """
    path = Path(terms) if terms else BUILT_IN_TERMS
    known = load_terms(path)
    pairs = list(zip(predictions, references, strict=True))
    named = [(terms_of(prediction, known), terms_of(reference, known)) for prediction, reference in pairs]
    doses = [(amounts_of(prediction), amounts_of(reference)) for prediction, reference in pairs]
    counts = np.array([(len(p & r), len(p - r), len(r - p)) for p, r in named], dtype=float).reshape(-1, 3)
    items = np.where(counts.any(axis=1), f1_of_counts(counts), np.nan)
    source = "the built-in list, from WordNet 3.0" if terms is None else path.name
    definition = (
        f"micro F1 of the distinct medical terms named, 0 to 1: {len(known.terms)} terms of {source}, clinical word"
        " endings, and amounts with units; n counts the items with a term"
    )
    return {
        MEDICAL_TERM_F1: MetricScores(items, counts, f1_of_counts, definition),
        TERM_MATCH: _matched(
            [(p - q, r - s) for (p, r), (q, s) in zip(named, doses, strict=True)],
            "share of the reference's distinct medical terms, found as above, that the answer names too; n counts the "
            "items whose reference has one",
        ),
        DOSAGE_MATCH: _matched(
            doses,
            "share of the reference's distinct amounts with a unit that the answer has too, number and unit alike; n "
            "counts the items whose reference has one",
        ),
    }


def _matched(pairs: Sequence[tuple[set[str], set[str]]], definition: str) -> MetricScores:
    """Share of what references have, the second of each pair, that answers have too."""
    return ratio_of([len(p & r) for p, r in pairs], [len(r) for _, r in pairs], definition)


@functools.cache
def load_terms(path: Path) -> TermList:
    """A term list. Raises InputError when the file cannot be read or has no term."""
    lines = (line.strip() for line in read_text(path).split("\n"))
    known = {
        words: " ".join(words) for line in lines if not line.startswith("#") if (words := tuple(_words(_folded(line))))
    }
    if not known:
        raise InputError(f"{path}: no term in it; expected one term a line")
    longest: dict[str, int] = {}
    for words in known:
        longest[words[0]] = max(len(words), longest.get(words[0], 1))
    return TermList(known, longest)


def terms_of(text: str, known: TermList) -> set[str]:
    """The distinct terms that a text names, as the list has them, words with a clinical ending, and amounts."""
    return amounts_of(text) | set(_named(_words(_folded(text)), known))


def amounts_of(text: str) -> set[str]:
    """The distinct amounts with a unit that a text names, as "5 mg"."""
    return {f"{_THOUSANDS.sub('', number)} {UNITS[unit]}" for number, unit in _AMOUNT.findall(_folded(text))}


def _named(words: list[str], known: TermList) -> Iterator[str]:
    position = 0
    while position < len(words):
        most = known.longest.get(words[position], 1)
        for end in range(min(position + most, len(words)), position, -1):
            term = _look_up(tuple(words[position:end]), known)
            if term:
                yield term
                position = end
                break
        else:
            word = _singular(words[position])
            if len(word) >= SHORTEST_SUFFIXED and word.endswith(SUFFIXES):
                yield word
            position += 1


def _look_up(words: tuple[str, ...], known: TermList) -> str | None:
    *before, last = words
    for ending, singular in PLURALS:
        if last.endswith(ending):
            term = known.terms.get((*before, last[: len(last) - len(ending)] + singular))
            if term:
                return term
    return None


def _singular(word: str) -> str:
    return word.removesuffix("s") if word.removesuffix("s").endswith(SUFFIXES) else word


def _words(folded: str) -> list[str]:
    return _WORD.findall(_POSSESSIVE.sub("", folded))


def _folded(text: str) -> str:
    """Compatible forms made one (µ and μ, ligatures, wide digits), lower case."""
    return unicodedata.normalize("NFKC", text).casefold()
