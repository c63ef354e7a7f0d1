"""New reports to be annotated: a folder of text files, a CSV file or JSON lines, read one at a time in a fixed order.

Texts are taken as they stand, line ends included, so that offsets hold in the files; but a byte-order mark is left out.
An id is a name for output, never a path.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medtune.data.table_files import csv_records, decoded, field_of, is_utf8, json_records
from medtune.errors import InputError
from medtune.files import files_in

EMPTY = "no text"
TEXTS = (".txt",)


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
    return decoded(content, path, 0)


def _csv(source: Source) -> Iterator[tuple[str, str]]:
    """Id and text of each row of a CSV file; empty lines are passed over."""
    seen: set[str] = set()
    for record in csv_records(Path(source.path), [source.text] if source.id is None else [source.text, source.id]):
        text = record.values[source.text]
        yield str(record.number) if source.id is None else _new_id(record.values[source.id], seen, record.where), text


def _json_lines(source: Source) -> Iterator[tuple[str, str]]:
    """Id and text of each line of a file of JSON objects; blank lines are passed over, null is an empty text."""
    seen: set[str] = set()
    for record in json_records(Path(source.path)):
        where = record.where
        text = field_of(record, source.text)
        if not isinstance(text, str | None):
            raise InputError(f'{where}: the field "{source.text}" holds {type(text).__name__}; expected text')
        text = text or ""
        if not is_utf8(text):
            raise InputError(f'{where}: the field "{source.text}" holds half of a surrogate pair, which is not text')
        if source.id is None:
            yield str(record.number), text
            continue
        value = field_of(record, source.id)
        if not isinstance(value, str | int) or isinstance(value, bool):
            kind = type(value).__name__
            raise InputError(f'{where}: the field "{source.id}" holds {kind}; expected text or a whole number')
        if not is_utf8(str(value)):
            raise InputError(f'{where}: the field "{source.id}" holds half of a surrogate pair, which is not text')
        yield _new_id(str(value), seen, where), text


def _new_id(value: str, seen: set[str], where: str) -> str:
    """The id, once it is known to be a new one; `seen` gets it."""
    if not value.strip():
        raise InputError(f"{where}: the id is empty; expected one that no other report has")
    if value in seen:
        raise InputError(f'{where}: the id "{value}" occurs more than once; expected one that no other report has')
    seen.add(value)
    return value
