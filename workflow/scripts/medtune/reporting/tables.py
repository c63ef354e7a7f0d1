"""Tables as CSV, Markdown and standalone HTML, and figures in words."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from medtune.errors import InputError
from medtune.files import read_text, write_text
from medtune.metrics.estimate import ENDS, VALUES

TEMPLATES = Path(__file__).parent
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def write_csv(path: Path | str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows atomically, with exactly these columns; a header alone when there are no rows.

    None becomes an empty cell, floats get six significant digits. Raises ValueError when a row has
    other keys than the columns, or a float that is not finite.
    """
    lines = [csv_line(columns)]
    for row in rows:
        if set(row) != set(columns):
            raise ValueError(f"{path}: a row has the keys {sorted(row)}, the table the columns {sorted(columns)}")
        lines.append(csv_line(row[column] for column in columns))
    write_text(path, "".join(lines))


def columns_of(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns of a table whose rows all have the same keys. Raises ValueError where there is no row."""
    if not rows:
        raise ValueError("a table without rows does not tell its columns")
    return tuple(rows[0])


def csv_line(values: Iterable[Any]) -> str:
    """One line of a CSV file, its end included; for tables that are too long to be held."""
    return ",".join(_quoted(cell(value)) for value in values) + "\n"


def read_csv(path: Path | str, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read a CSV file with a header, cells as strings; line ends inside cells come back as "\\n".

    Raises InputError when one of `columns` is missing or a line has another number of cells.
    """
    rows = list(csv.reader(io.StringIO(read_text(path))))
    if not rows:
        raise InputError(f"{path}: empty; expected a header line")
    header = rows[0]
    missing = [column for column in columns if column not in header]
    if missing:
        raise InputError(f"{path}: has no column {', '.join(missing)}")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise InputError(f"{path}, record {number}: {len(row)} cells; expected {len(header)}")
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def cell(value: Any) -> str:
    """A value as a table shows it: None empty, floats with six significant digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} in a table")
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
    return str(value)


def _quoted(text: str) -> str:
    """A CSV cell. The csv module leaves a carriage return unquoted when lines end in "\\n"."""
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal."""
    return "none" if value is None else f"{100 * value:.1f} %"


def estimate_text(estimate: Mapping[str, Any], as_percent: bool = True) -> str:
    """An estimate in words: value, 95 % interval, n and its unit.

    estimate: the dictionary form of `medtune.metrics.estimate.Estimate`.
    """
    if estimate["value"] is None:
        return "none (n = 0)"
    n = f"n = {estimate['n']} {estimate.get('unit', '')}".rstrip()
    value, low, high = ((100 if as_percent else 1) * estimate[key] for key in VALUES)
    if as_percent:
        return f"{value:.1f} % ({low:.1f}–{high:.1f}, {n})"
    digits = 3 if abs(value) <= 2 else 1  # scores such as ECE and Brier, or counts and lengths
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f}, {n})"


def escape_markdown(text: Any) -> str:
    """Text from data as one line of plain text in Markdown, table cells included."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def markdown_table(rows: Sequence[Sequence[Any]], headers: Sequence[str]) -> str:
    """A Markdown table; all cells are escaped. Numbers are aligned to the right."""
    numeric = [
        bool(rows) and all(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in rows)
        for i in range(len(headers))
    ]
    lines = ["| " + " | ".join(escape_markdown(header) for header in headers) + " |"]
    lines.append("|" + "|".join(" ---: " if right else " --- " for right in numeric) + "|")
    lines += ["| " + " | ".join(escape_markdown(cell(value)) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def template(name: str, html: bool, folder: Path = TEMPLATES) -> jinja2.Template:
    """A template of a folder; undefined names are errors. html: escape what is filled in."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def write_html_table(
    path: Path | str, title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], note: str = ""
) -> None:
    """Write a table as a standalone HTML page, atomically. A figure and the ends of its interval, in the columns
    {name}, {name}_low and {name}_high, share a cell. Rows with a true `chosen` stand out."""
    shown = [column for column in columns if not _is_end(column, columns)]
    page = template("table.html.j2", html=True).render(
        title=title,
        note=note,
        headers=[column.replace("_", " ") for column in shown],
        rows=[
            {
                "chosen": row.get("chosen") is True,
                "cells": [
                    {"text": _with_interval(row, column), "number": isinstance(row[column], int | float)}
                    for column in shown
                ],
            }
            for row in rows
        ],
    )
    write_text(path, page)


def _is_end(column: str, columns: Sequence[str]) -> bool:
    """Whether a column is an end of the interval of a figure in another one."""
    return any(column.endswith(end) and column.removesuffix(end) in columns for end in ENDS if end)


def _with_interval(row: Mapping[str, Any], column: str) -> str:
    value, *ends = (row.get(f"{column}{end}") for end in ENDS)
    if value is None or None in ends:
        return cell(row[column])
    value, low, high = (f"{one:.4g}" for one in (value, *ends))
    return f"{value} ({low} to {high})"
