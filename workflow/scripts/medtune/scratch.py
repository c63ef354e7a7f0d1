"""Hidden folders in which files are made before they get their names.

A process that is killed leaves its folder behind. The next one that writes the same file or folder removes it: a lock
in each tells those of the dead from those that are in use, also where a second run was started too early.
"""

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = "lock"


@contextlib.contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """Yield a path of the same name in a hidden folder beside `path`, where nothing is yet; removed at the end.

    What killed processes left for `path` is removed first. Raises OSError when the folder cannot be written to.
    """
    remove_leftovers(path)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    lock = _take(folder / LOCK, os.O_CREAT)
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def remove_leftovers(path: Path) -> None:
    """Remove the hidden folders that killed processes left for a path. Those in use stay, and where a file system has
    no locks (as some of clusters) so do all."""
    for folder in path.parent.glob(f".{glob.escape(path.name)}.*"):
        lock = _take(folder / LOCK)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _take(path: Path, flags: int = 0) -> int | None:
    """Lock a file until it is closed or the process ends, however it does; None when that cannot be had now."""
    try:
        descriptor = os.open(path, os.O_RDWR | flags)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # in use, or no locks here
        os.close(descriptor)
        return None
    return descriptor
