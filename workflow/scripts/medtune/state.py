"""State folders: unfinished work that outlives a killed job.

Snakemake deletes the declared outputs of a job before each attempt. What a job needs to go on after
being killed is kept in a folder of its own instead, together with a fingerprint of all that determines
the result, and is removed once the final output is in place.
"""

import contextlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from medtune.errors import InputError, PassingError
from medtune.files import write_text

FINGERPRINT = "fingerprint.json"
OWNER = "owner.json"


@dataclass
class StateFolder:
    """A state folder that this job holds. folder: where to keep things; exists until `remove`.
    resumed: it was there already with the same fingerprint, so what is in it may be used."""

    folder: Path
    resumed: bool
    removed: bool = field(default=False, init=False)

    def remove(self) -> None:
        """Delete the folder: call it when the final output is in place."""
        _clear(self.folder)
        self.folder.rmdir()
        self.removed = True


@contextlib.contextmanager
def open_state(folder: Path | str, fingerprint: str) -> Iterator[StateFolder]:
    """Hold a state folder for the length of the body; what is in it stays unless `remove` is called.

    folder: made when missing; everything in it belongs to the job, so state folders do not nest.
    fingerprint: identifies the result; a folder with another one, or with none, is emptied.
    The lock is a file beside the folder. It ends with the process, however that ends.
    Raises InputError when another job holds the folder, or when it cannot be written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(folder.name + ".lock"))
        lock.acquire(blocking=False)
    except Timeout as error:
        raise PassingError(
            f"{folder} is in use by {_owner_of(folder)}; wait until it has ended, or cancel it, and run again"
        ) from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); choose another results folder") from error
    try:
        state = StateFolder(folder, resumed=_prepare(folder, fingerprint))
        yield state
        if state.removed:
            Path(lock.lock_file).unlink(missing_ok=True)
    finally:
        lock.release()


def _prepare(folder: Path, fingerprint: str) -> bool:
    """Empty the folder unless it has this fingerprint, and sign it. Tells whether it was kept."""
    expected = json.dumps({"fingerprint": fingerprint}) + "\n"
    path = folder / FINGERPRINT
    resumed = path.is_file() and path.read_text(encoding="utf-8", errors="replace") == expected
    if not resumed:
        _clear(folder)
        write_text(path, expected)
    write_text(folder / OWNER, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}) + "\n")
    return resumed


def _clear(folder: Path) -> None:
    """Empty a folder; the fingerprint goes first, so that a half-emptied one is never resumed."""
    (folder / FINGERPRINT).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _owner_of(folder: Path) -> str:
    """Who holds the folder, in words; without details when they are not written yet."""
    try:
        owner = json.loads((folder / OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another job"
    return f"another job (pid {owner['pid']} on {owner['host']})"
