"""Processes that write with the library and are killed amid it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts"), "OMP_NUM_THREADS": "1"}
WRITING = """
import os, signal, sys
from pathlib import Path
from medtune.files import atomic, filled
held = []
for path in map(Path, sys.argv[2:]):
    held.append(filled(path, last="b") if sys.argv[1] == "filled" else atomic(path))
    temporary = held[-1].__enter__()
    if sys.argv[1] == "folder":
        temporary.mkdir()
    (temporary / "a" if temporary.is_dir() else temporary).write_text("half")
print("writing", flush=True)
signal.pause()
"""


def start_writing(kind: str, *paths: Path) -> subprocess.Popen:
    """A process that is amid writing these. kind: file, folder, or filled: files for a folder that is there."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING, kind, *map(str, paths)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    return process


def kill(process: subprocess.Popen) -> None:
    """Kill it as a cluster does, and wait for its end."""
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def hidden(folder: Path) -> list[str]:
    """Names of half-written folders in a folder, without what tells them apart."""
    return sorted(path.name.rpartition(".")[0] for path in folder.glob(".*"))
