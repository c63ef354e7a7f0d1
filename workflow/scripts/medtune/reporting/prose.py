"""Readable documents: the same paragraphs, tables and pictures as Markdown and as one standalone HTML page."""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.files import write_text
from medtune.metrics.estimate import ENDS, VALUES, Estimate
from medtune.reporting.tables import cell, escape_markdown, estimate_text, markdown_table, template

MEDIA = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Heading:
    """A section's title."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of plain texts."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows of cells under headers. Numbers are aligned to the right."""

    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Picture:
    """A plot (.png or .svg file) and what it shows."""

    path: Path | str
    text: str


Block = Heading | Paragraph | Items | Table | Picture


@dataclass(frozen=True)
class Document:
    """A title and what follows it. All texts are plain: markup in them is shown as it is written."""

    title: str
    blocks: Sequence[Block]


def write_document(document: Document, markdown: Path | str, html: Path | str) -> None:
    """Write both forms atomically. Markdown links pictures; the page holds them. Picture files must be there."""
    write_text(markdown, to_markdown(document, Path(markdown).parent))
    write_text(html, to_html(document))


def to_markdown(document: Document, folder: Path | str) -> str:
    """The document as Markdown. folder: where it will stand, for the paths of pictures."""
    parts = [f"# {escape_markdown(document.title)}", *(_block_markdown(block, folder) for block in document.blocks)]
    return "\n\n".join(parts) + "\n"


def to_html(document: Document) -> str:
    """The document as one HTML page that needs no other file and no network."""
    return template("document.html.j2", html=True).render(
        title=document.title,
        blocks=[{"kind": type(block).__name__.lower(), **_block_fields(block)} for block in document.blocks],
    )


def figure_text(estimate: Estimate, as_percent: bool = True) -> str:
    """An estimate in words: value, 95 % interval and n."""
    return estimate_text(estimate.as_dict(), as_percent)


def short_text(estimate: Mapping[str, Any], as_percent: bool = True) -> str:
    """An estimate in its dictionary form, without n: for tables that give it once."""
    values = [estimate[key] for key in VALUES]
    if values[0] is None:
        return "none"
    value, low, high = ((f"{100 * one:.1f}" if as_percent else f"{one:.2f}") for one in values)
    return f"{value}{' %' if as_percent else ''} ({low}–{high})"


def interval_text(row: Mapping[str, Any], name: str, as_percent: bool = True) -> str:
    """The same from the columns `name`, `name_low` and `name_high` of a table's row."""
    return short_text(estimate_in(row, name), as_percent)


def estimate_in(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A figure and its interval of a table's row, as an estimate in its dictionary form without n."""
    return {key: row[f"{name}{end}"] for key, end in zip(VALUES, ENDS, strict=True)}


def score_text(value: float, sign: str = "") -> str:
    """Three decimals, or one for lengths and the like. sign: "+" to show a plus; -0 is 0."""
    return f"{value:{sign}z.{3 if abs(value) <= 2 else 1}f}"


def scores_text(row: Mapping[str, Any], name: str = "", sign: str = "") -> str:
    """A figure that is no share in the columns `name`, `name_low` and `name_high` of a table's row, or in its
    dictionary form, with its interval: "0.531 (0.458 to 0.602)"; "none" without one. sign: as of `score_text`."""
    figure = estimate_in(row, name) if name else row
    if figure["value"] is None:
        return "none"
    value, low, high = (score_text(figure[key], sign) for key in VALUES)
    return f"{value} ({low} to {high})"


def difference_text(row: Mapping[str, Any], name: str = "difference") -> str:
    """The columns of a difference of two shares in words; see `points`."""
    return "none" if row[name] is None else points(*(row[f"{name}{end}"] for end in ENDS))


def points(value: float, low: float, high: float, of: str = "points") -> str:
    """A difference of two shares: "+1.2 points (-0.3 to +2.7)"."""
    return f"{100 * value:+z.1f} {of} ({100 * low:+z.1f} to {100 * high:+z.1f})"


def counted(number: int, noun: str, several: str | None = None) -> str:
    """ "1 document", "2 documents"."""
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; "none" for no names."""
    if not names:
        return "none"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _block_markdown(block: Block, folder: Path | str) -> str:
    match block:
        case Heading(text):
            return f"## {escape_markdown(text)}"
        case Paragraph(text):
            return escape_markdown(text)
        case Items(texts):
            return "\n".join(f"- {escape_markdown(text)}" for text in texts)
        case Table(headers, rows):
            return markdown_table(rows, headers)
        case Picture(path, text):
            return f"![{escape_markdown(text)}]({os.path.relpath(path, folder)})"


def _block_fields(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text) | Paragraph(text):
            return {"text": text}
        case Items(texts):
            return {"texts": texts}
        case Table(headers, rows):
            lines = [[{"text": cell(value), "number": _is_number(value)} for value in row] for row in rows]
            return {"headers": headers, "rows": lines}
        case Picture(path, text):
            content = base64.b64encode(Path(path).read_bytes()).decode()
            return {"text": text, "source": f"data:{MEDIA[Path(path).suffix]};base64,{content}"}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
