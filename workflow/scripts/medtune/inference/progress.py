"""Finished batches on disk, from which a killed job resumes."""

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class Journal:
    """An append-only file of JSON values, one line per finished piece of work, in order; read again line by line.

    length: pieces that earlier runs and this one have finished. Whoever uses it must do the pieces in the same
    order each time; `state.open_state` sees to it that a file of other settings is not taken up.
    """

    def __init__(self, path: Path | str):
        """Look at what is there. A line that a kill tore (and whatever follows it) is cut off."""
        self.path = Path(path)
        self.length = whole = 0
        for line, _ in self._whole_lines():
            self.length += 1
            whole += len(line)
        if self.path.exists() and whole < self.path.stat().st_size:
            logger.warning("%s: the last piece of work was not finished, it is done again", self.path)
            os.truncate(self.path, whole)

    def __iter__(self) -> Iterator[Any]:
        """The finished pieces."""
        return (value for _, value in self._whole_lines())

    def append(self, value: Any) -> None:
        """Add a finished piece; it is on the disk when this returns."""
        with open(self.path, "ab") as stream:
            stream.write(json.dumps(value, allow_nan=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.length += 1

    def _whole_lines(self) -> Iterator[tuple[bytes, Any]]:
        """Lines and their values, up to the first that is not whole."""
        if not self.path.exists():
            return
        with open(self.path, "rb") as stream:
            for line in stream:
                try:
                    value = json.loads(line)
                except ValueError:
                    return
                if not line.endswith(b"\n"):
                    return
                yield line, value


class Progress(Journal):
    """A journal whose pieces are held in memory. done: all of them."""

    def __init__(self, path: Path | str):
        """Read what is there."""
        super().__init__(path)
        self.done: list[Any] = list(self)

    def append(self, value: Any) -> None:
        """Add a finished piece; it is on the disk when this returns."""
        super().append(value)
        self.done.append(value)


class TimedProgress(Progress):
    """Progress that knows how long its pieces took, those of earlier runs as well. Its clock starts when it is made.

    Each piece is a list. A piece that is lost to a kill as it is written is done, and counted, once more.
    """

    def __init__(self, path: Path | str, times: Path | str):
        """times: file for the length and seconds of each piece, beside that of the pieces."""
        super().__init__(path)
        self._times = Progress(times)
        self._start = time.perf_counter()

    def append(self, value: list[Any]) -> None:
        """Add a finished piece; it is on the disk when this returns."""
        now = time.perf_counter()
        self._times.append([len(value), now - self._start])
        super().append(value)
        self._start = now

    @property
    def items(self) -> int:
        """Entries of all pieces."""
        return sum(length for length, _ in self._times.done)

    @property
    def seconds(self) -> float:
        """That all pieces took."""
        return sum(seconds for _, seconds in self._times.done)
