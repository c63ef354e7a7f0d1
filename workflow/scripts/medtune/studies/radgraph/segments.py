"""A radiology report cut into sentences, headings and list numbers, with offsets kept.

Works on tokenised text, as RadGraph has it ("The heart is normal in size ."), and on text as dictated
("The heart is normal in size."). A token is a run without white space. Every token is in one segment.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

LONGEST = 100
"""Most tokens of a sentence; a longer run without a full stop is cut, at a comma where there is one."""

Kind = Literal["sentence", "heading", "number"]

_TITLES = frozenset({"dr", "drs", "mr", "mrs", "ms", "prof", "st"})
_NEVER_LAST = _TITLES | {"vs", "approx", "e.g", "i.e", "cf", "al", "fig", "resp", "incl"}
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")  # a.m, p.m, U.S
_CLOSERS = "\"'”’)]"
_STOPS = ".!?"
_UNITS = frozenset({"cm", "mm", "x", "%", "mg", "ml"})
_ITEM = re.compile(r"\(?\d{1,2}[.)]")
_CAPITALS = re.compile(r"[A-Z][A-Z/&-]*")
_LONGEST_HEADING = 5
_HEADINGS = frozenset(
    """findings|impression|impressions|indication|indications|technique|comparison|comparisons|history|clinical history
|clinical information|clinical indication|examination|exam|type of examination|reason for exam|reason for examination
|reason for this examination|final report|final report examination|wet read|recommendation|recommendations|conclusion
|conclusions|notification|procedure|procedures|study|addendum|opinion|summary""".replace("\n", "").split("|")
)
_LONGEST_KNOWN = max(len(heading.split()) for heading in _HEADINGS)


class Token(NamedTuple):
    """A run without white space. start, end: character offsets in the text, end exclusive."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Segment:
    """A part of a text. start, end: character offsets, end exclusive. first, last: token indices, both
    inclusive. A heading is a section's name with its colon; a number is that of a list item, with its full stop."""

    start: int
    end: int
    first: int
    last: int
    kind: Kind


def tokenise(text: str) -> tuple[Token, ...]:
    """The tokens of a text: those of `text.split()`, with their offsets."""
    return tuple(Token(match.group(), *match.span()) for match in re.finditer(r"\S+", text))


def segments(text: str) -> list[Segment]:
    """The segments of a text, in order. A text without tokens has none.

    Other words in capitals before a colon ("PLEURAL EFFUSION : SMALL") may be a finding: they begin a sentence.
    """
    tokens = tokenise(text)
    words = [token.text for token in tokens]
    lines = [_new_lines(text, tokens, index) for index in range(len(tokens))]
    pieces: list[tuple[int, int, Kind]] = []
    first = 0
    while first < len(words):
        kind: Kind = "heading"
        last = _heading(words, first)
        if last is None:
            kind, last = "number", _number(words, first)
        if last is None:
            kind, last = "sentence", _sentence(words, lines, first)
        pieces.append((first, last, kind))
        first = last + 1
    return [Segment(tokens[first].start, tokens[last].end, first, last, kind) for first, last, kind in pieces]


def _new_lines(text: str, tokens: Sequence[Token], index: int) -> int:
    """Line breaks between a token and the next one; 0 after the last token."""
    return text.count("\n", tokens[index].end, tokens[index + 1].start) if index + 1 < len(tokens) else 0


def _heading(words: Sequence[str], first: int) -> int | None:
    """Index of the last token of the section's name and colon that start a line or follow a sentence, if some do."""
    last = _up_to_colon(words, first)
    if last is None:
        return None
    return last if " ".join(_parts(words[first : last + 1])).lower() in _HEADINGS else None


def _capitals(words: Sequence[str], first: int) -> bool:
    """Whether a few words in capitals and a colon start here."""
    last = _up_to_colon(words, first)
    if last is None:
        return False
    parts = _parts(words[first : last + 1])
    return all(_CAPITALS.fullmatch(part) for part in parts) and sum(map(len, parts)) >= 4


def _known_heading(words: Sequence[str], first: int) -> bool:
    """Whether a known heading in capitals starts here: it ends a sentence that has no full stop."""
    if not _CAPITALS.match(words[first]):
        return False
    last = _up_to_colon(words, first, _LONGEST_KNOWN)
    if last is None:
        return False
    name = " ".join(_parts(words[first : last + 1]))
    return name.isupper() and name.lower() in _HEADINGS


def _up_to_colon(words: Sequence[str], first: int, longest: int = _LONGEST_HEADING) -> int | None:
    """Index of the first token that is or ends with a colon, after 1 to `longest` words."""
    for index in range(first, min(first + longest + 1, len(words))):
        word = words[index]
        if word == ":":
            return index if index > first else None
        if word.endswith(":"):
            return index if index < first + longest else None
    return None


def _parts(words: Sequence[str]) -> list[str]:
    """The words of a heading without its colon."""
    return [part for word in words if (part := word.rstrip(":"))]


def _number(words: Sequence[str], first: int) -> int | None:
    """Index of the last token of a list item's number at the start of a sentence: `1 .`, `1.`, `(1)`."""
    following = words[first + 1] if first + 1 < len(words) else None
    if following is None:
        return None
    if _ITEM.fullmatch(words[first]):
        return first
    is_item = re.fullmatch(r"\d{1,2}", words[first]) and following in (".", ")") and first + 2 < len(words)
    return first + 1 if is_item else None


def _sentence(words: Sequence[str], lines: Sequence[int], first: int) -> int:
    """Index of the last token of the sentence that starts at `first`."""
    for index in range(first, len(words) - 1):
        if lines[index] > 1 or _ends(words, first, index) or _known_heading(words, index + 1):
            return index
        if lines[index] and (_heading(words, index + 1) is not None or _capitals(words, index + 1)):
            return index
        if index - first + 1 == LONGEST:
            commas = [at for at in range(first + LONGEST // 2, index + 1) if words[at][-1] in ",;"]
            return commas[-1] if commas else index
    return len(words) - 1


def _ends(words: Sequence[str], first: int, index: int) -> bool:
    """Whether a token closes the sentence that started at `first`; it is not the text's last one."""
    word = words[index].rstrip(_CLOSERS) or words[index]
    if word[-1] not in _STOPS:
        return False
    stem, following = word.rstrip(_STOPS), words[index + 1]
    alone = not stem
    if alone:
        stem = words[index - 1] if index > first else ""
    if word[-1] == "?":
        return not following[0].islower()  # "? pneumonia" is a question within the sentence
    if word[-1] == "!":
        return True
    name = stem.lower().lstrip("([\"'")
    if name in _NEVER_LAST:
        return False
    if _DOTTED.fullmatch(stem):
        return not (following[0].islower() or following[0].isdigit() or following[0] in ",;)")
    if re.fullmatch(r"[A-Z]", stem):  # an initial: Dr . J . Smith
        before = {other.lower().rstrip(".") for other in words[max(first, index - 3) : index]}
        return not before & _TITLES
    if alone:
        unit = words[index + 2].lower() if index + 2 < len(words) else ""
        return not (stem.isdigit() and following.isdigit() and unit in _UNITS)  # measures 1 . 5 cm
    return not following[0].islower() or bool(re.fullmatch(r"[^\W\d_]{3,}", stem))
