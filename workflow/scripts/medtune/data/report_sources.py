"""New reports to be annotated: a folder of text files, a CSV file or JSON lines, read one at a time in a fixed order.

Texts are taken as they stand, line ends included, so that offsets hold in the files; but a byte-order mark is left out.
An id is a name for output, never a path.
"""

import csv
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from medtune.errors import InputError
from medtune.files import decode, files_in, unique_keys

EMPTY = "no text"
TEXTS = (".txt",)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """Where reports are. format: "folder" of .txt files, also in folders below (id: path within the folder), "csv" with
    a header line, or "jsonl". text, id: names of columns or fields; without an id they are numbered: rows of a CSV file
    from 1 on, JSON lines by their line."""

    format: Literal["folder", "csv", "jsonl"]
    path: str
    text: str = "text"
    id: str | None = None


@dataclass(frozen=True)
class NewReport:
    """A report without annotation. text: at least one token."""

    id: str
    text: str


@dataclass(frozen=True)
class SkippedReport:
    """A report that cannot be annotated."""

    id: str
    reason: str


def read_reports(source: Source) -> Iterator[NewReport | SkippedReport]:
    """The reports of a source, one at a time; of what was read before, no more than the ids stay in memory.

    Of a folder, what `files_in` passes over is; a report without text is skipped.
    Raises InputError, when it gets there, naming file and line, row or byte: a source that is not there, text that is
    not UTF-8, a missing column or field, an id that is empty or occurs twice.
    """
    readers = {"folder": _folder, "csv": _csv, "jsonl": _json_lines}
    for identifier, text in readers[source.format](source):
        yield NewReport(identifier, text) if text.strip() else SkippedReport(identifier, EMPTY)


def listing(folder: Path | str) -> str:
    """Digest of the names, sizes and times of a folder's reports: it changes with them, as the folder's time does not.

    Raises InputError when one of them cannot be looked at, and as `files_in` does.
    """
    digest = hashlib.sha256()
    for path in files_in(folder, TEXTS):
        try:
            stat = path.stat()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        digest.update(os.fsencode(path) + f"\0{stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _folder(source: Source) -> Iterator[tuple[str, str]]:
    """Id and text of each .txt file."""
    root = Path(source.path)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected a folder of .txt files")
    found = False
    for path in files_in(root, TEXTS):
        found = True
        yield path.relative_to(root).as_posix(), _text_of(path)
    if not found:
        raise InputError(f"{root}: holds no .txt file; expected one for each report")


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return _decoded(content, path, 0)


def _decoded(content: bytes, path: Path, offset: int) -> str:
    """The text of some bytes that stand at an offset in a file."""
    skipped = 1 if offset == 0 and content.startswith(_BYTE_ORDER_MARK) else 0
    return decode(content, path, offset)[skipped:]


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file with their ends; cut at "\\n" alone, since other line ends can stand in a text."""
    offset = 0
    try:
        with open(path, "rb") as stream:
            for line in stream:
                yield _decoded(line, path, offset)
                offset += len(line)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _csv(source: Source) -> Iterator[tuple[str, str]]:
    """Id and text of each row of a CSV file; empty lines are passed over."""
    path = Path(source.path)
    csv.field_size_limit(sys.maxsize)  # the module refuses cells of more than 131072 characters
    rows = csv.reader(_lines(path), strict=True)
    try:
        header = next(rows, [])
        text = _column(header, source.text, path)
        identifier = None if source.id is None else _column(header, source.id, path)
        seen: set[str] = set()
        number = 0
        for row in rows:
            if not row:
                continue
            number += 1
            where = f"{path}, row {number} (line {rows.line_num})"
            if len(row) != len(header):
                raise InputError(f"{where}: {len(row)} cells; expected {len(header)}")
            yield str(number) if identifier is None else _new_id(row[identifier], seen, where), row[text]
    except csv.Error as error:
        raise InputError(f"{path}, line {rows.line_num}: not valid CSV ({error})") from error


def _column(header: list[str], name: str, path: Path) -> int:
    """Index of a column."""
    if header.count(name) == 1:
        return header.index(name)
    wrong = "more than one column" if name in header else "no column"
    raise InputError(f'{path}: {wrong} "{name}"; its columns are {_listed(header)}')


def _json_lines(source: Source) -> Iterator[tuple[str, str]]:
    """Id and text of each line of a file of JSON objects; blank lines are passed over, null is an empty text."""
    path = Path(source.path)
    seen: set[str] = set()
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        record = _object(line, where)
        text = _field(record, source.text, where)
        if not isinstance(text, str | None):
            raise InputError(f'{where}: the field "{source.text}" holds {type(text).__name__}; expected text')
        text = text or ""
        if not _is_utf8(text):
            raise InputError(f'{where}: the field "{source.text}" holds half of a surrogate pair, which is not text')
        if source.id is None:
            yield str(number), text
            continue
        value = _field(record, source.id, where)
        if not isinstance(value, str | int) or isinstance(value, bool):
            kind = type(value).__name__
            raise InputError(f'{where}: the field "{source.id}" holds {kind}; expected text or a whole number')
        if not _is_utf8(str(value)):
            raise InputError(f'{where}: the field "{source.id}" holds half of a surrogate pair, which is not text')
        yield _new_id(str(value), seen, where), text


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line, object_pairs_hook=unique_keys(where))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number or nesting too long to be read"
        raise InputError(f"{where}: not valid JSON ({reason})") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected a JSON object, found {type(record).__name__}")
    return record


def _field(record: dict[str, Any], name: str, where: str) -> Any:
    if name not in record:
        raise InputError(f'{where}: no field "{name}"; its fields are {_listed(record)}')
    return record[name]


def _listed(names: Iterable[str]) -> str:
    """Names for a message, whatever characters are in them."""
    listed = ", ".join(f'"{name}"' for name in names) or "none"
    return listed.encode(errors="backslashreplace").decode()


def _new_id(value: str, seen: set[str], where: str) -> str:
    """The id, once it is known to be a new one; `seen` gets it."""
    if not value.strip():
        raise InputError(f"{where}: the id is empty; expected one that no other report has")
    if value in seen:
        raise InputError(f'{where}: the id "{value}" occurs more than once; expected one that no other report has')
    seen.add(value)
    return value


def _is_utf8(text: str) -> bool:
    """Whether a text can be written; half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
