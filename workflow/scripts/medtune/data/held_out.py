"""What held-out texts share with what a model has read: its pre-training text, and the training split.

Sentences, sentence templates and pairs of terms are taken from the texts themselves, never from what a generator
declares, so that a count of 0 is a finding.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Set

from medtune.data.deduplication import normalise
from medtune.data.sentences import sentences

TERM = "◦"
"""Stands for a term in a template; not punctuation, which `normalise` takes away."""
EXAMPLES = 5
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def sentences_of(texts: Iterable[str]) -> set[str]:
    """The distinct sentences of the texts, in the form in which twins are equal."""
    return {normalise(sentence) for text in texts for sentence in sentences(text)} - {""}


def templates_of(texts: Iterable[str], terms: Collection[str]) -> set[str]:
    """The distinct sentences with every term and every number blanked, so that only the wording is left.

    terms: whole words, in any case; where one is part of another the longer counts.
    """
    pattern = _any_of(terms)
    return {
        normalise(_NUMBER.sub("0", pattern.sub(TERM, sentence))) for text in texts for sentence in sentences(text)
    } - {""}


def terms_of(texts: Iterable[str], terms: Collection[str]) -> set[str]:
    """The terms that stand in the texts, in lower case."""
    pattern = _any_of(terms)
    return {found.casefold() for text in texts for found in pattern.findall(text)}


def pairs_of(texts: Iterable[str], firsts: Collection[str], seconds: Collection[str]) -> set[tuple[str, str]]:
    """The pairs of a first and a second term, in lower case, that stand in one text together."""
    first, second = _any_of(firsts), _any_of(seconds)
    return {
        (one.casefold(), other.casefold())
        for text in texts
        for one in first.findall(text)
        for other in second.findall(text)
    }


def count_shared(
    held_out: Mapping[str, Set], read: Mapping[str, Mapping[str, Set] | None]
) -> dict[str, dict[str, dict] | None]:
    """For the manifest: how much of the held-out material stands in each thing that was read.

    held_out: material by kind, such as {"sentences": …, "templates": …, "term_pairs": …}.
    read: the same kinds by what was read; None where it is not known, as the pre-training text of a published model.
    Returns, by what was read and kind, the counts of distinct pieces `held_out` and `shared`, and `examples` of those
    shared.
    """
    return {
        name: None if material is None else {kind: _shared(held_out[kind], material[kind]) for kind in held_out}
        for name, material in read.items()
    }


def _shared(held_out: Set, read: Set) -> dict:
    shared = sorted(held_out & read)
    return {"held_out": len(held_out), "shared": len(shared), "examples": shared[:EXAMPLES]}


def _any_of(terms: Collection[str]) -> re.Pattern:
    """Matches any of the terms as whole words, the longest where several begin at one place; nothing for no terms."""
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})(?!\w)", re.IGNORECASE)
