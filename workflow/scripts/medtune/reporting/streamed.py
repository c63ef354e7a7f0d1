"""Files that are written piece by piece, since they may be too long to be held. They appear when all is written."""

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TextIO, TypeVar

from medtune.files import atomic
from medtune.reporting.tables import csv_line

Shown = TypeVar("Shown")
SKIPPED = "skipped"


class JsonParts:
    """A JSON object or list, written part by part, each on a line of its own."""

    def __init__(self, stream: TextIO, kind: Literal["object", "list"]):
        self._stream = stream
        opening, self._closing = "{}" if kind == "object" else "[]"
        self._separator = f"{opening}\n"

    def add(self, value: Any) -> None:
        """The next item of a list."""
        self._write(_json(value))

    def update(self, entries: dict[str, Any]) -> None:
        """The next entries of an object."""
        for key, value in entries.items():
            self._write(f"{_json(key)}: {_json(value)}")

    def close(self) -> None:
        """The closing bracket."""
        end = "\n" if self._separator == ",\n" else self._separator
        self._stream.write(f"{end}{self._closing}\n")

    def _write(self, text: str) -> None:
        self._stream.write(f"{self._separator}{text}")
        self._separator = ",\n"


class StreamedFiles(Generic[Shown]):
    """What a run over many texts writes, one text after the other. Get it from `streamed_files`.

    json: all texts. shown: the first texts, for the page. counts: of anything. skipped: what was left out, by reason.
    """

    def __init__(self, json_file: JsonParts, tables: Mapping[str, tuple[TextIO, Sequence[str]]], page_items: int):
        """tables: stream and columns by name."""
        self.json = json_file
        self.shown: list[Shown] = []
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self._tables = tables
        self._page_items = page_items
        for stream, columns in tables.values():
            stream.write(csv_line(columns))

    def add_row(self, table: str, of: Any = None, /, **cells: Any) -> None:
        """The next row of a table: cells by column; those that are not given are the attributes of `of`.

        Raises TypeError for a cell that has no column.
        """
        stream, columns = self._tables[table]
        if unknown := cells.keys() - set(columns):
            raise TypeError(f"table {table} has no column {', '.join(sorted(unknown))}")
        stream.write(csv_line(cells[column] if column in cells else getattr(of, column) for column in columns))

    def skip(self, problem: Any, /, **cells: Any) -> None:
        """The next row of the table `SKIPPED`, as of `add_row`. problem: has a reason."""
        self.add_row(SKIPPED, problem, **cells)
        self.skipped[problem.reason] += 1

    def show(self, make: Callable[[], Shown]) -> None:
        """Put the text on the page, unless that is full."""
        if len(self.shown) < self._page_items:
            self.shown.append(make())

    def skipped_by_reason(self) -> dict[str, int]:
        """For the record."""
        return dict(sorted(self.skipped.items()))


@contextlib.contextmanager
def streamed_files(
    json_file: tuple[Path, Literal["object", "list"]],
    tables: Mapping[str, tuple[Path, Sequence[str]]],
    page_items: int,
) -> Iterator[StreamedFiles]:
    """Open the files; they get their names when the body ends without an error.

    tables: file and columns by name, one of them `SKIPPED`. page_items: maximum number of texts on the page.
    """
    path, kind = json_file
    with contextlib.ExitStack() as stack:
        parts = JsonParts(_opened(path, stack), kind)
        opened = {name: (_opened(table, stack), columns) for name, (table, columns) in tables.items()}
        yield StreamedFiles(parts, opened, page_items)
        parts.close()


def _opened(path: Path, stack: contextlib.ExitStack) -> TextIO:
    """A file to write on; it gets its name when the stack closes without an error."""
    return stack.enter_context(open(stack.enter_context(atomic(path)), "w", encoding="utf-8"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
