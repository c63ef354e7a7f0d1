"""Near twins: texts of one split that share most of their word 5-grams with one text of another."""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medtune.data.deduplication import normalise

WORDS = 5
LEAST_SHARE = 0.5
MANY = 100
"""Texts that share a rare gram, of more of which all grams are counted at once."""
METHOD = f"at least {LEAST_SHARE:.0%} of the distinct {WORDS}-grams of words stand in one text of the other split"


@dataclass(frozen=True)
class NearTwin:
    """of: id of the text in the other split that shares most. share: of the text's own 5-grams, in [0, 1]."""

    of: str
    share: float


def near_twins(texts: Mapping[str, str], others: Mapping[str, str]) -> dict[str, NearTwin]:
    """Those of `texts` that have a near twin among `others`, both by id, in the order given.

    The containment of shingles (Broder 1997) in the form in which twins are equal; a text of fewer than five words has
    no 5-gram and no near twin. Of several twins that share as much, the first by id.
    """
    numbers: dict[tuple[str, ...], int] = {}
    grams = {name: [numbers.setdefault(gram, len(numbers)) for gram in grams_of(text)] for name, text in texts.items()}
    names = sorted(others)
    held = [frozenset(numbers[gram] for gram in grams_of(others[name]) if gram in numbers) for name in names]
    homes = [array("q") for _ in numbers]
    for place, found in enumerate(held):
        for number in found:
            homes[number].append(place)
    twins = {}
    for name, own in grams.items():
        best = _closest(own, held, homes) if own else None
        if best:
            twins[name] = NearTwin(names[best[0]], best[1] / len(own))
    return twins


def _closest(
    own: Sequence[int], held: Sequence[frozenset[int]], homes: Sequence[Sequence[int]]
) -> tuple[int, int] | None:
    """Place and number of shared grams of the text that shares most of a text's grams; None where none shares enough.

    own: the grams. held: those of each other text. homes: the places in `held` that have each gram. A text that shares
    k of n grams has one of the n - k + 1 rarest (prefix filtering, Chaudhuri et al. 2006): phrases that stand in every
    note, which most grams may be of, are counted for few pairs.
    """
    least = max(1, math.ceil(LEAST_SHARE * len(own)))
    rarest = sorted(own, key=lambda number: len(homes[number]))[: len(own) - least + 1]
    candidates = np.flatnonzero(_shared(rarest, homes))
    if len(candidates) > MANY:
        counts = _shared(own, homes)[candidates]
    else:
        wanted = set(own)
        counts = np.array([len(wanted & held[place]) for place in candidates], dtype=np.int64)
    if not len(counts) or counts.max() < least:
        return None
    return int(candidates[counts.argmax()]), int(counts.max())


def _shared(numbers: Sequence[int], homes: Sequence[Sequence[int]]) -> np.ndarray:
    """How many of some grams each other text has, by its place, as far as the last one that has any."""
    return np.bincount(np.concatenate([np.asarray(homes[number], dtype=np.int64) for number in numbers]))


def grams_of(text: str) -> set[tuple[str, ...]]:
    """The distinct 5-grams of words of a text, in the form in which twins are equal."""
    words = normalise(text).split()
    return {tuple(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)}
