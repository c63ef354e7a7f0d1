"""Tables with named columns as files: CSV and JSON lines, read one record at a time, texts as they stand.

Line ends within texts are kept, so that offsets hold; a byte-order mark at the start of a file is left out.
"""

import csv
import json
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.files import decode, unique_keys

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class TableRecord:
    """where: file with row or line, for messages. number: of a CSV file's rows from 1 on, of JSON lines the line.
    values: by column."""

    where: str
    number: int
    values: dict[str, Any]


def csv_records(path: Path, columns: Collection[str], delimiter: str = ",") -> Iterator[TableRecord]:
    """The rows of a CSV file with a header line, all of their cells text; empty lines are passed over.

    columns: those that must be there. Raises InputError, when it gets there, for a file that is not there or not UTF-8,
    a column that is missing or there twice, a row with more or fewer cells than the header, broken quotes.
    """
    csv.field_size_limit(sys.maxsize)  # the module refuses cells of more than 131072 characters
    rows = csv.reader(lines_of(path), strict=True, delimiter=delimiter)
    try:
        header = next(rows, [])
        for name in columns:
            _check_column(header, name, path)
        number = 0
        for row in rows:
            if not row:
                continue
            number += 1
            where = f"{path}, row {number} (line {rows.line_num})"
            if len(row) != len(header):
                raise InputError(f"{where}: {len(row)} cells; expected {len(header)}")
            yield TableRecord(where, number, dict(zip(header, row, strict=True)))
    except csv.Error as error:
        raise InputError(f"{path}, line {rows.line_num}: not valid CSV ({error})") from error


def json_records(path: Path) -> Iterator[TableRecord]:
    """The objects of JSON lines; blank lines are passed over.

    Raises InputError, when it gets there, for a file that is not there or not UTF-8, and a line that is no object.
    """
    for number, line in enumerate(lines_of(path), start=1):
        if line.strip():
            where = f"{path}, line {number}"
            yield TableRecord(where, number, _object(line, where))


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a UTF-8 file with their ends; cut at "\\n" alone, since other line ends can stand in a text."""
    offset = 0
    try:
        with open(path, "rb") as stream:
            for line in stream:
                yield decoded(line, path, offset)
                offset += len(line)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def decoded(content: bytes, path: Path, offset: int) -> str:
    """The text of some bytes that stand at an offset in a file. Raises InputError unless they are UTF-8."""
    skipped = 1 if offset == 0 and content.startswith(BYTE_ORDER_MARK) else 0
    return decode(content, path, offset)[skipped:]


def field_of(record: TableRecord, name: str) -> Any:
    """A field. Raises InputError when the record has no such one."""
    if name not in record.values:
        raise InputError(f'{record.where}: no field "{name}"; its fields are {listed_names(record.values)}')
    return record.values[name]


def listed_names(names: Iterable[str]) -> str:
    """Names for a message, whatever characters are in them."""
    listed = ", ".join(f'"{name}"' for name in names) or "none"
    return listed.encode(errors="backslashreplace").decode()


def is_utf8(text: str) -> bool:
    """Whether a text can be written; half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_column(header: list[str], name: str, path: Path) -> None:
    if header.count(name) != 1:
        wrong = "more than one column" if name in header else "no column"
        raise InputError(f'{path}: {wrong} "{name}"; its columns are {listed_names(header)}')


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line, object_pairs_hook=unique_keys(where))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number or nesting too long to be read"
        raise InputError(f"{where}: not valid JSON ({reason})") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected a JSON object, found {type(record).__name__}")
    return record
