"""Snakemake's lock on the working directory, left behind by a run that was killed.

Snakemake's lock files name no owner, so a killed run stays locked until somebody unlocks it. Here
each run notes who it is; the next one releases the lock when that process is known to be dead.
"""

import json
import logging
import shutil
import socket
from pathlib import Path

import psutil

from medtune.files import write_json

OWNER = "medtune-owner.json"


def note_owner(folder: Path, remote: bool) -> None:
    """Note that this process runs the workflow. folder: `.snakemake`. remote: jobs run elsewhere."""
    me = psutil.Process()
    write_json(
        folder / OWNER, {"host": socket.gethostname(), "pid": me.pid, "started": me.create_time(), "remote": remote}
    )


def release_lock_of_dead_run(folder: Path) -> bool:
    """Remove the lock when its owner ran all its jobs on this machine and is dead. Tells whether it did.

    A killed run whose jobs are on a cluster keeps its lock: they may still be running.
    """
    locks, note = folder / "locks", folder / OWNER
    if not (note.is_file() and locks.is_dir() and any(locks.iterdir())):
        return False
    owner = json.loads(note.read_text(encoding="utf-8"))
    if owner["host"] != socket.gethostname() or owner["remote"] or _is_alive(owner):
        return False
    logging.getLogger("medtune").warning("the last run (pid %s) was killed: its lock is released", owner["pid"])
    shutil.rmtree(locks)
    return True


def _is_alive(owner: dict) -> bool:
    """Whether the very process is there: a pid that was given to another one does not count."""
    try:
        process = psutil.Process(owner["pid"])
        return abs(process.create_time() - owner["started"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
