"""Pages of figures for the documentation, filled in from the tables of finished runs.

A page is a Jinja template beside the page itself (`docs/figures.md.j2` makes `docs/figures.md`). It says in words what
was run, and takes every figure from a CSV or JSON file under results/: no figure is typed by hand.
"""

import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from medtune.errors import InputError
from medtune.files import read_json, read_text, write_text
from medtune.metrics.significance import p_text
from medtune.reporting.tables import escape_markdown, read_csv

Row = Mapping[str, str]
MISSING = "–"


@dataclass(frozen=True)
class Column:
    """header: of the page's table. cell: what it shows of a row of the CSV file."""

    header: str
    cell: Callable[[Row], str]


def text(header: str, name: str) -> Column:
    """A cell as it is."""
    return Column(header, lambda row: escape_markdown(_value(row, name)) or MISSING)


def share(header: str, name: str, n: str | None = None, unit: str = "") -> Column:
    """A share as a percentage with its interval, from the columns {name}, {name}_low and {name}_high
    (of a column "value": low and high).

    n: the column with its n. unit: what n counts, where the header does not say.
    """
    return Column(header, lambda row: _estimate(row, name, n, unit, 100, 1, " %"))


def score(header: str, name: str, n: str | None = None, unit: str = "", digits: int = 3) -> Column:
    """The same for what is no percentage."""
    return Column(header, lambda row: _estimate(row, name, n, unit, 1, digits, ""))


def points(header: str, name: str) -> Column:
    """A difference of two shares in percentage points, with its sign and interval."""
    return Column(header, lambda row: _estimate(row, name, None, "", 100, 1, " points", "+"))


def p_value(header: str, name: str) -> Column:
    """A p-value as the summaries write it."""
    return Column(header, lambda row: p_text(float(row[name])) if _value(row, name) else MISSING)


def write_page(template: Path, page: Path, results: Path) -> None:
    """Fill in a template; the page is written atomically.

    results: the folder that holds one folder per scale. Raises InputError when a file or a column that the template
    names is not there, or the template is broken.
    """
    write_text(page, _environment(results).from_string(_read(template)).render())


def replace_block(file: Path, name: str, template: Path, results: Path) -> None:
    """Fill in a template between the lines `<!-- {name} -->` and `<!-- end of {name} -->` of a file.

    Raises InputError as `write_page` does, and when the file has not exactly one such block.
    """
    block = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(\n<!-- end of {re.escape(name)} -->)", re.DOTALL)
    content = _read(file)
    if len(block.findall(content)) != 1:
        raise InputError(f"{file}: expected one block between <!-- {name} --> and <!-- end of {name} -->")
    filled = _environment(results).from_string(_read(template)).render().strip("\n")
    write_text(file, block.sub(lambda match: match[1] + filled + match[2], content))


def _environment(results: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )

    def rows(path: str, **where: Any) -> list[dict[str, str]]:
        """Rows of a CSV file under results/ whose columns have the values asked for."""
        found = read_csv(results / path, tuple(where))
        return [row for row in found if all(row[column] == str(value) for column, value in where.items())]

    def table(path: str, *columns: Column, **where: Any) -> str:
        """The same as a Markdown table. Raises InputError where there is no such row."""
        found = rows(path, **where)
        if not found:
            raise InputError(f"{results / path}: no row with {where}")
        return markdown([[column.cell(row) for column in columns] for row in found], [c.header for c in columns])

    environment.globals |= {
        "rows": rows,
        "table": table,
        "json": lambda path: read_json(results / path),
        "line": lambda path: _read(results / path).strip(),
        "has": lambda path: (results / path).exists(),
        "machine": machine,
        **{function.__name__: function for function in (text, share, score, points, p_value)},
    }
    return environment


def machine() -> str:
    """The processor on which the page is made, in words."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", lines)
    return " ".join((model[1] if model else platform.processor() or platform.machine()).split())


def markdown(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    """A Markdown table of cells that are Markdown already."""
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _estimate(
    row: Row, name: str, n: str | None, unit: str, factor: float, digits: int, sign: str, plus: str = ""
) -> str:
    if not _value(row, name):
        return MISSING
    ends = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
    value, low, high = (
        f"{factor * float(_value(row, column)):{plus}.{digits}f}".replace("-", "−") for column in (name, *ends)
    )
    dash = " to " if plus else "–"
    count = f", n = {_value(row, n)}{' ' + unit if unit else ''}" if n is not None else ""
    return f"{value}{sign} ({low}{dash}{high}{count})"


def _value(row: Row, name: str) -> str:
    if name not in row:
        raise InputError(f'no column "{name}"; the table has {", ".join(row)}')
    return row[name]


def _read(path: Path) -> str:
    return read_text(path)
