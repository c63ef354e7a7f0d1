"""Sentences, templates and pairs of terms of texts with spaces between words, for `held_out.count_shared`."""

import re
from collections.abc import Collection, Iterable
from itertools import combinations

from medtune.data.deduplication import normalise
from medtune.data.held_out import TERM

_BREAK = re.compile(r"\n|(?<=\s)\.(?=\s|$)|:\s|(?<=\w)\.(?=\s|$)")
_NUMBER = re.compile(r"\d+(?: \d+)*")


def material(texts: Iterable[str], terms: Collection[str]) -> dict[str, set]:
    """The distinct "sentences", "templates" and "term_pairs" of the texts, in the form in which twins are equal.

    A sentence ends at a full stop, a line break or a colon: what a heading or a field's name stands before is found.
    terms: of one or more words, in any case. A template is a sentence with every term and number blanked, the longest
    term where several begin at one word. A pair is of two different terms of one sentence, in alphabetical order.
    """
    known = {normalise(term) for term in terms}
    sentences = {normalise(piece) for text in texts for piece in _BREAK.split(text)} - {""}
    longest = max((term.count(" ") + 1 for term in known), default=0)
    templates: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for sentence in sentences:
        blanked, found = _blanked(sentence.split(), known, longest)
        templates.add(_NUMBER.sub("0", blanked))
        pairs.update(combinations(sorted(found), 2))
    return {"sentences": sentences, "templates": templates, "term_pairs": pairs}


def _blanked(words: list[str], terms: Collection[str], longest: int) -> tuple[str, set[str]]:
    """The words with terms blanked, and the terms."""
    kept: list[str] = []
    found: set[str] = set()
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            term = " ".join(words[at : at + length])
            if term in terms:
                found.add(term)
                kept.append(TERM)
                at += length
                break
        else:
            kept.append(words[at])
            at += 1
    return " ".join(kept), found
