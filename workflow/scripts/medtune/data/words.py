"""A text as words with their offsets, and where its sentences start."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from medtune.data.sentences import sentences

PATTERN = r"\w+|[^\w\s]"
"""A word is a run of letters, digits and underscores, or a single other sign."""

_WORD_OR_SIGN = re.compile(PATTERN)


class Word(NamedTuple):
    """start, end: character offsets in the text, end exclusive."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words of a text. Every character that is not white space is in one word."""
    return [Word(match.group(), *match.span()) for match in _WORD_OR_SIGN.finditer(text)]


def word_range(words: Sequence[Word], start: int, end: int) -> tuple[int, int]:
    """First word and end (exclusive) of the words that a range of characters touches, also those of which it holds a
    part only. Without any, both are the index of the next word."""
    first = bisect_left(words, start + 1, key=lambda word: word.end)
    last = bisect_left(words, end, key=lambda word: word.start)
    return first, max(first, last)


def sentence_starts(text: str, words: Sequence[Word]) -> list[int]:
    """Index of the first word of each sentence: a sentence ends at a line break and by the rules of
    `data.sentences`. A text without words has none."""
    ends = list(accumulate(len(word.text) for word in words))  # in characters that are not white space
    starts, passed = [], 0
    for line in text.split("\n"):
        for sentence in sentences(line):
            starts.append(bisect_left(ends, passed + 1))
            passed += len("".join(sentence.split()))
    return sorted(set(starts))
