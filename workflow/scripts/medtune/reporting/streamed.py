"""Files that are written piece by piece, since they may be too long to be held. They appear when all is written."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from medtune.files import atomic
from medtune.reporting.tables import csv_line


def opened(path: Path, stack: contextlib.ExitStack) -> TextIO:
    """A file to write on; it gets its name when the stack closes without an error."""
    return stack.enter_context(open(stack.enter_context(atomic(path)), "w", encoding="utf-8"))


def opened_table(path: Path, columns: Sequence[str], stack: contextlib.ExitStack) -> TextIO:
    """A CSV file with its header, for lines of `csv_line`."""
    stream = opened(path, stack)
    stream.write(csv_line(columns))
    return stream


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


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
