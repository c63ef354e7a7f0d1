"""Texts with entities and relations, predicted ones alone or beside gold, as one standalone HTML page: no script,
nothing loaded, readable in light and dark. Text, coloured boxes and arrows are inline SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.files import write_text
from medtune.reporting.annotated_page import PALETTE, Mark, pieces
from medtune.reporting.tables import template
from medtune.studies.relations.arrows import CELL, SMALL_CELL, TEXT_HEIGHT, Join, Layout, lay_out

LONGEST = 3_000
"""Most characters shown of one text."""
MOST_ARROWS = 30
"""Most arrows drawn over one text; all relations are listed below it up to `MOST_LISTED`."""
MOST_LISTED = 100
STROKES = ("", "6 2", "2 2", "8 2 2 2")
"""Dashes around boxes, told apart where there are more labels than colours."""
_INNER = 3
"""How much a box is higher than the one that it encloses."""


@dataclass(frozen=True)
class Arrow:
    """A relation. head, tail: indices of the panel's marks. kind: what is said of it beside its label ("correct",
    "missed" …). wrong: drawn dashed. symmetric: drawn with two points."""

    head: int
    tail: int
    label: str
    kind: str = ""
    wrong: bool = False
    symmetric: bool = False


@dataclass(frozen=True)
class Panel:
    """One annotation of a text. notes: what cannot be drawn, such as values that are not in the text."""

    marks: tuple[Mark, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """A text with its predicted annotation. gold: none where it is not known."""

    name: str
    text: str
    gold: Panel | None
    predicted: Panel


def write_relations_page(
    path: Path | str,
    title: str,
    examples: Sequence[Example],
    entities: Mapping[str, str],
    relations: Mapping[str, str],
    total: int,
    longest: int = LONGEST,
) -> None:
    """Write the page, atomically.

    entities: meaning of each entity label, in the order of the colours; any number. relations: meaning of each relation
    type. total: number of documents, shown or not. longest: most characters of a text.
    Raises ValueError for a mark outside its text or of another label, and an arrow without its two marks.
    """
    page = template("relations_page.html.j2", html=True, folder=Path(__file__).parent).render(
        title=title,
        palette=PALETTE,
        entities=[
            {"label": label, "meaning": meaning, **_style(number)}
            for number, (label, meaning) in enumerate(entities.items())
        ],
        relations=relations,
        total=total,
        judged=any(example.gold is not None for example in examples),
        cell=CELL,
        small_cell=SMALL_CELL,
        examples=[_shown(example, list(entities), longest) for example in examples],
    )
    write_text(path, page)


def _style(number: int) -> dict:
    """Colour and dashes of a label: every colour once, then every colour with the next kind of dashes."""
    return {"style": number % len(PALETTE), "dashes": STROKES[number // len(PALETTE) % len(STROKES)]}


def _shown(example: Example, labels: Sequence[str], longest: int) -> dict:
    """What the template needs of one example, cut to the longest text that is shown."""
    return {
        "name": example.name,
        "length": len(example.text),
        "visible": min(longest, len(example.text)),
        "panels": [
            {"title": title, **_panel(example.text, panel, labels, longest)}
            for title, panel in (("Gold", example.gold), ("Predicted", example.predicted))
            if panel is not None
        ],
    }


def _panel(text: str, panel: Panel, labels: Sequence[str], longest: int) -> dict:
    for arrow in panel.arrows:
        if not (0 <= arrow.head < len(panel.marks) and 0 <= arrow.tail < len(panel.marks)):
            raise ValueError(f"an arrow from mark {arrow.head} to {arrow.tail}, of {len(panel.marks)} marks")
    visible = text[:longest]
    inside = [mark for mark in panel.marks if mark.end <= len(visible)]
    drawn = [arrow for arrow in panel.arrows if max(panel.marks[n].end for n in (arrow.head, arrow.tail)) <= longest]
    drawn = drawn[:MOST_ARROWS]
    layout = lay_out(visible, [_join(arrow, panel.marks) for arrow in drawn])
    return {
        "width": layout.width,
        "height": layout.height,
        "lines": [
            {"x": layout.left, "y": line.y, "text": "".join(map(_visible, visible[line.start : line.end]))}
            for line in layout.lines
        ],
        "boxes": _boxes(visible, inside, labels, layout),
        "arrows": [
            {
                "path": " ".join(f"{'L' if n else 'M'}{x} {y}" for n, (x, y) in enumerate(route.corners)),
                "points": [route.corners[-1], *([route.corners[0]] if arrow.symmetric else [])],
                "x": route.label_x,
                "y": route.label_y + SMALL_CELL // 2,
                "arrow": arrow,
            }
            for arrow, route in zip(drawn, layout.routes, strict=True)
        ],
        "listed": [_in_words(arrow, text, panel.marks) for arrow in panel.arrows[:MOST_LISTED]],
        "notes": panel.notes[:MOST_LISTED],
        "drawn": len(drawn),
        "relations": len(panel.arrows),
        "unlisted": max(0, len(panel.arrows) - MOST_LISTED),
    }


def _join(arrow: Arrow, marks: Sequence[Mark]) -> Join:
    head, tail = marks[arrow.head], marks[arrow.tail]
    return Join((head.start, head.end), (tail.start, tail.end), arrow.label)


def _in_words(arrow: Arrow, text: str, marks: Sequence[Mark]) -> dict:
    head, tail = (f"{text[mark.start : mark.end]} ({mark.label})" for mark in (marks[arrow.head], marks[arrow.tail]))
    return {"head": head, "tail": tail, "sign": "↔" if arrow.symmetric else "→", "arrow": arrow}


def _boxes(text: str, marks: Sequence[Mark], labels: Sequence[str], layout: Layout) -> list[dict]:
    """Boxes behind the text, outer ones first; marks that overlap have different heights."""
    levels = {layer.mark: layer.level for piece in pieces(text, marks, labels) for layer in piece.layers}
    boxes = []
    for mark, level in sorted(levels.items(), key=lambda item: (-item[1], item[0].start)):
        for x, y, width in layout.boxes(mark.start, mark.end):
            boxes.append(
                {
                    "x": x,
                    "y": y - TEXT_HEIGHT + 4 - level * _INNER,
                    "width": width,
                    "height": TEXT_HEIGHT + 2 * level * _INNER,
                    "mark": mark,
                    **_style(labels.index(mark.label)),
                }
            )
    return boxes


def _visible(character: str) -> str:
    """A character that takes one place: a space for white space, a dot for what is not drawn or moves others."""
    if character.isspace():
        return " "
    return character if character.isprintable() else "·"
