"""Texts with coloured spans as one standalone HTML page: no script, nothing loaded, readable in light and dark."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from medtune.files import write_text
from medtune.reporting.tables import template

PALETTE = (("#85aaf4", "#0c2f98"), ("#f5d71d", "#6c540c"), ("#2fe59a", "#0e7753"), ("#df8aaf", "#7b0d63"))
"""Backgrounds on a light and on a dark page, by label. They were chosen to lie far apart also for readers without one
of the three cone types, and to leave the text a contrast of 5:1; lines of four kinds and the label's name help."""
LONGEST = 20_000
"""Most characters shown of one text: the page stays small whatever the texts."""


@dataclass(frozen=True)
class Mark:
    """A span to be coloured. start, end: character offsets, end exclusive. note: shown beside the pointer."""

    start: int
    end: int
    label: str
    note: str = ""


@dataclass(frozen=True)
class MarkedText:
    """A text and its spans, which may overlap."""

    name: str
    text: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Layer:
    """One mark over a piece of text. style: number of its label. level: how far below the text its line is drawn, so
    that lines of overlapping marks do not meet. starts, ends: whether the mark starts or ends with the piece."""

    mark: Mark
    style: int
    level: int
    starts: bool
    ends: bool


@dataclass(frozen=True)
class Piece:
    """A run of text under the same marks, outermost first."""

    text: str
    layers: tuple[Layer, ...]


def write_annotated_page(
    path: Path | str,
    title: str,
    texts: Sequence[MarkedText],
    labels: Mapping[str, str],
    counts: Mapping[str, int],
    total: int,
    longest: int = LONGEST,
    what: str = "report",
) -> None:
    """Write the page, atomically.

    texts: those that are shown. labels: meaning of each label, in the order of the colours; with more labels than
    `PALETTE` has, colours come again: each mark has its label's name beside it. what: how a text is called. counts,
    total: marks by label and number of texts, shown or not. longest: most characters of a text.
    Raises ValueError for a mark outside its text or one with another label.
    """
    page = template("annotated_page.html.j2", html=True).render(
        title=title,
        palette=PALETTE,
        legend=[
            {"style": style % len(PALETTE), "label": label, "meaning": meaning, "count": counts.get(label, 0)}
            for style, (label, meaning) in enumerate(labels.items())
        ],
        total=total,
        what=what,
        texts=[_shown(text, list(labels), longest) for text in texts],
    )
    write_text(path, page)


def pieces(text: str, marks: Iterable[Mark], labels: Sequence[str]) -> list[Piece]:
    """The text cut where marks start and end. Raises ValueError for a mark outside it or with another label."""
    layered = _levels(marks)
    for mark, _ in layered:
        if not 0 <= mark.start < mark.end <= len(text):
            raise ValueError(f"a mark from {mark.start} to {mark.end} in a text of {len(text)} characters")
    cuts = sorted({0, len(text), *(cut for mark, _ in layered for cut in (mark.start, mark.end))})
    found: list[Piece] = []
    active: list[tuple[Mark, int]] = []
    coming = 0
    for start, end in pairwise(cuts):
        active = [(mark, level) for mark, level in active if mark.end > start]
        while coming < len(layered) and layered[coming][0].start == start:
            active.append(layered[coming])
            coming += 1
        layers = (
            Layer(mark, labels.index(mark.label) % len(PALETTE), level, mark.start == start, mark.end == end)
            for mark, level in sorted(active, key=lambda item: -item[1])
        )
        found.append(Piece(text[start:end], tuple(layers)))
    return found


def _levels(marks: Iterable[Mark]) -> list[tuple[Mark, int]]:
    """The marks by start, longer ones first, each with its level: overlapping ones have different levels, and of two
    that start together or are nested the outer one has the higher."""
    result: list[tuple[Mark, int]] = []
    group: list[tuple[Mark, int]] = []  # marks that hang together by overlaps, counted from the outermost
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.label)):
        if all(other.end <= mark.start for other, _ in group):
            result += _turned(group)
            group = []
        taken = {depth for other, depth in group if other.end > mark.start}
        # Deeper than all that are open, so that what starts later, or is shorter, is drawn inside.
        group.append((mark, max(taken, default=-1) + 1))
    return result + _turned(group)


def _turned(group: list[tuple[Mark, int]]) -> list[tuple[Mark, int]]:
    """Depths counted from the outermost made into levels counted from the innermost."""
    deepest = max((depth for _, depth in group), default=0)
    return [(mark, deepest - depth) for mark, depth in group]


def _shown(text: MarkedText, labels: Sequence[str], longest: int) -> dict:
    """What the template needs of one text, cut to the longest that is shown."""
    visible = text.text[:longest]
    inside = [mark for mark in text.marks if mark.end <= len(visible)]
    counts = Counter(mark.label for mark in text.marks)
    return {
        "name": text.name,
        "pieces": pieces(visible, inside, labels),
        # Of many labels most are in no text.
        "counts": [
            {"label": label, "count": counts[label]} for label in labels if counts[label] or len(labels) <= len(PALETTE)
        ],
        "length": len(text.text),
        "visible": len(visible),
    }
