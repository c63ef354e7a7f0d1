"""Finished batches on disk, so that a killed job goes on where it was."""

import json
import logging
import os
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class Progress:
    """An append-only file of JSON values, one line per finished piece of work, in order.

    done: what earlier runs and this one have finished. Whoever uses it must do the pieces in the same
    order each time; `state.open_state` sees to it that a file of other settings is not taken up.
    """

    def __init__(self, path: Path | str):
        """Read what is there. A line that a kill tore (and whatever follows it) is cut off."""
        self.path = Path(path)
        self.done: list[Any] = []
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = 0
        for line in content.splitlines(keepends=True):
            try:
                value = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            self.done.append(value)
            whole += len(line)
        if whole < len(content):
            logger.warning("%s: the last piece of work was not finished, it is done again", self.path)
            os.truncate(self.path, whole)

    def append(self, value: Any) -> None:
        """Add a finished piece; it is on the disk when this returns."""
        with open(self.path, "ab") as stream:
            stream.write(json.dumps(value, allow_nan=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.done.append(value)
