"""Where the values that a language model lists stand in the text; the offsets that it reports are not trusted.

A value is looked for as it is written ("exact"), then without regard to case, white space and compatibility forms such
as ligatures or full-width letters ("folded"), then by similarity ("fuzzy"). Whole words come first: a place within a
word ("art" in "heart") is taken only when there is no other. The n-th mention of a value goes to its n-th occurrence.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, cycle
from typing import Literal

from rapidfuzz import fuzz, process

FUZZY_THRESHOLD = 90.0
"""Least similarity in per cent of a fuzzy match. "hypertension" and "hypotension" have 87."""
FUZZY_WINDOWS = 10_000_000
"""Most stretches of words compared for one text (some seconds); values after that stay without a place."""
_WORD = re.compile(r"[\w\u0300-\u036f]+")  # Combining accents belong to their word.
_NUMBER = re.compile(r"\d+")
_Place = tuple[int, int]


@dataclass(frozen=True)
class Mention:
    """An entity as a model lists it. reported_start, reported_end: the offsets it claims (end exclusive), if any."""

    value: str
    label: str
    reported_start: int | None = None
    reported_end: int | None = None


@dataclass(frozen=True)
class Grounded:
    """Place of a mention: character offsets in the text, end exclusive. mention: its index.

    All but the index are None for a value that is not in the text: a false positive, to be counted.
    """

    start: int | None
    end: int | None
    how: Literal["exact", "folded", "fuzzy"] | None
    mention: int


def ground(text: str, mentions: Sequence[Mention]) -> list[Grounded]:
    """The place of each mention, in their order.

    Mentions share occurrences by value, whatever their labels and case. With more occurrences than mentions it is open
    which are meant: a mention with a reported start inside the text takes the nearest free one, the others the first
    free one. With more mentions than occurrences the later ones begin again at the first: duplicates, not unfounded.
    The text is searched once for each distinct value, however often it is mentioned; FUZZY_WINDOWS bounds fuzzy search.
    """
    folded = _Folded.of(text)
    same_value = defaultdict(list)
    for index, mention in enumerate(mentions):
        same_value["".join(map(_fold, mention.value))].append(index)
    grounded = [Grounded(None, None, None, index) for index in range(len(mentions))]
    words = None
    for needle, members in same_value.items():
        places, how = _occurrences(text, folded, needle), "folded"
        if not places:
            words = words or _Words(text, folded)
            places, how = words.similar(mentions[members[0]].value, len(members)), "fuzzy"
        for index, (start, end) in zip(members, _share(text, [mentions[i] for i in members], places), strict=False):
            literal = text[start:end] == mentions[index].value
            grounded[index] = Grounded(start, end, "exact" if literal else how, index)
    return grounded


def offsets_hold(text: str, mention: Mention) -> bool:
    """Whether the offsets that a mention reports slice exactly to its value; without offsets they do not."""
    start, end = mention.reported_start, mention.reported_end
    return start is not None and end is not None and 0 <= start < end <= len(text) and text[start:end] == mention.value


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    """What a character counts as: decomposed, without case; nothing for white space and invisible format characters."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(c for c in decomposed if not c.isspace() and unicodedata.category(c) != "Cf")


@dataclass(frozen=True)
class _Folded:
    """A folded text. source: for each of its characters the offset in the original of the one that it comes from."""

    text: str
    source: list[int]

    @classmethod
    def of(cls, text: str) -> "_Folded":
        parts = [_fold(character) for character in text]
        return cls("".join(parts), [offset for offset, part in enumerate(parts) for _ in part])

    def splits_character(self, position: int) -> bool:
        """Whether a position lies inside what one original character became (the two letters of a ligature)."""
        return 0 < position < len(self.source) and self.source[position - 1] == self.source[position]


def _occurrences(text: str, folded: _Folded, needle: str) -> list[_Place]:
    """Places of a folded value in the original text that do not overlap: whole words, or else all; none if empty."""
    whole, inside = [], []
    at = folded.text.find(needle) if needle else -1
    while at >= 0:
        end_at = at + len(needle)
        start, end = folded.source[at], folded.source[end_at - 1] + 1
        splits = folded.splits_character(at) or folded.splits_character(end_at)
        found = inside if splits or _in_word(text, start) or _in_word(text, end) else whole
        if not found or found[-1][1] <= start:
            found.append((start, end))
        at = folded.text.find(needle, at + 1)
    return whole or inside


def _in_word(text: str, position: int) -> bool:
    """Whether a word runs on across a position."""
    return 0 < position < len(text) and bool(_WORD.match(text[position]) and _WORD.match(text[position - 1]))


def _share(text: str, mentions: list[Mention], places: list[_Place]) -> list[_Place]:
    """A place for each mention of one folded value, none if there are no places.

    Values take the places that are written like them, where there are enough of those; the others what is left.
    """
    chosen: dict[int, _Place] = {}
    literal, by_value = defaultdict(list), defaultdict(list)
    for start, end in places:
        literal[text[start:end]].append((start, end))
    for index, mention in enumerate(mentions):
        by_value[mention.value].append(index)
    for value, members in by_value.items():
        if len(members) <= len(literal.get(value, ())):
            chosen |= zip(members, _nth_to_nth(text, [mentions[i] for i in members], literal[value]), strict=True)
    taken = set(chosen.values())
    rest = [index for index in range(len(mentions)) if index not in chosen]
    free = [place for place in places if place not in taken]
    first = _nth_to_nth(text, [mentions[i] for i in rest], free)
    chosen |= zip(rest, chain(first, cycle(places)), strict=False)
    return [place for _, place in sorted(chosen.items())]


def _nth_to_nth(text: str, mentions: list[Mention], places: list[_Place]) -> list[_Place]:
    """The n-th place for the n-th mention, as far as they go; with places to spare, near usable reported starts."""
    if len(mentions) >= len(places):
        return places
    free = list(places)
    chosen: dict[int, _Place] = {}
    starts = [mention.reported_start for mention in mentions]
    hinted = [index for index, start in enumerate(starts) if start is not None and 0 <= start < len(text)]
    for index in hinted:
        chosen[index] = free.pop(_nearest(free, starts[index]))
    rest = (index for index in range(len(mentions)) if index not in chosen)
    chosen |= zip(rest, free, strict=False)
    return [place for _, place in sorted(chosen.items())]


def _nearest(places: list[_Place], start: int) -> int:
    """Index of the place with the nearest start, the earlier one of two as near."""
    right = bisect_left(places, (start, 0))
    candidates = [index for index in (right - 1, right) if 0 <= index < len(places)]
    return min(candidates, key=lambda index: abs(places[index][0] - start))


class _Words:
    """The words of a text, for the search by similarity."""

    def __init__(self, text: str, folded: _Folded):
        self.folded = folded.text
        self.words = [match.span() for match in _WORD.finditer(text)]
        self.starts = [bisect_left(folded.source, start) for start, _ in self.words]
        self.ends = [bisect_left(folded.source, end) for _, end in self.words]
        self.windows_left = FUZZY_WINDOWS

    def similar(self, value: str, wanted: int) -> list[_Place]:
        """Places of stretches of words like a value, best first as far as wanted, then by position; ties are kept.

        Stretches of as many words as the value has, one more or one less, none overlapping. Similarity is 1 - indel
        distance / total length, over folded characters. A number must be the same: no likeness makes 100 mg 200 mg.
        """
        in_value = [match.span() for match in _WORD.finditer(value)]
        lengths = [k for k in range(len(in_value) - 1, len(in_value) + 2) if 1 <= k <= len(self.words)]
        self.windows_left -= sum(len(self.words) - k + 1 for k in lengths)
        if not in_value or self.windows_left < 0:
            return []
        core = "".join(map(_fold, value[in_value[0][0] : in_value[-1][1]]))
        numbers = _NUMBER.findall(core)
        windows = [(first, first + k - 1) for k in lengths for first in range(len(self.words) - k + 1)]
        stretches = [self.folded[self.starts[first] : self.ends[last]] for first, last in windows]
        hits = process.extract(core, stretches, scorer=fuzz.ratio, score_cutoff=FUZZY_THRESHOLD, limit=None)
        ranked = sorted((-score, *windows[n]) for stretch, score, n in hits if _NUMBER.findall(stretch) == numbers)
        return self._best(ranked, wanted)

    def _best(self, ranked: list[tuple[float, int, int]], wanted: int) -> list[_Place]:
        """ranked: (-score, first word, last word), best first."""
        used: set[int] = set()
        places, worst = [], 0.0
        for rank, first, last in ranked:
            if len(places) >= wanted and rank > worst:
                break
            if used.isdisjoint(range(first, last + 1)):
                used.update(range(first, last + 1))
                places.append((self.words[first][0], self.words[last][1]))
                worst = rank
        return sorted(places)
