"""`python -m snakemake` from a process that has loaded Snakemake: its imports are most of the time of a short run.

The server loads Snakemake and forks for each run. Nothing of the workflow or of its library is loaded before the fork,
so that a run reads all of them anew, as a process of its own does. This file is the server, its import the client.
"""

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Call:
    """One run of Snakemake."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    output: str
    """File that stdout and stderr go to."""


def run(arguments: list[str], folder: Path, environment: dict[str, str], timeout: int) -> subprocess.CompletedProcess:
    """As `subprocess.run` of `python -m snakemake`. stdout holds both streams. timeout: seconds."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as output:
        status, late = served(Call(arguments, str(folder), environment, output.name), timeout)
        if late:
            raise subprocess.TimeoutExpired(arguments, timeout, output.read())
        return subprocess.CompletedProcess(arguments, status, output.read())


def served(call: Call, timeout: int) -> tuple[int, bool]:
    """Exit status of a run, and whether it was killed after `timeout` seconds."""
    server, late = started(), threading.Event()
    try:
        server.stdin.write(json.dumps(asdict(call)) + "\n")
        server.stdin.flush()
        process = int(server.stdout.readline())

        def end() -> None:
            late.set()
            os.kill(process, signal.SIGKILL)

        timer = threading.Timer(timeout, end)
        try:
            timer.start()
            status = int(server.stdout.readline())
        except BaseException:
            os.kill(process, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
    except BaseException:  # of a test that takes too long: what the server says next would be read as of the next run
        server.kill()
        started.cache_clear()
        raise
    return status, late.is_set()


@functools.cache
def started() -> subprocess.Popen:
    """The server of this process, which ends with it."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # no threads where processes are forked
    server = subprocess.Popen(
        [sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.kill)
    return server


def load() -> None:
    """What each run of Snakemake loads, and packages that the workflow loads before the first job."""
    del sys.path[0]  # this folder
    import nbformat  # noqa: F401
    import pydantic  # noqa: F401
    import snakemake.cli
    import snakemake.report.html_reporter  # noqa: F401
    import yaml  # noqa: F401

    assert not {"medtune", "torch", "transformers"} & set(sys.modules)


def begin(call: Call) -> None:
    """Make this process what `python -m snakemake` would be, up to its imports."""
    output = os.open(call.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(file, place)
    os.chdir(call.folder)
    os.environ.clear()
    os.environ.update(call.environment)
    sys.argv[1:] = call.arguments
    sys.path.insert(0, call.folder)


def serve() -> Call:
    """Fork for each line; returns in the forked process alone."""
    answers = os.dup(1)
    for line in sys.stdin:
        call = Call(**json.loads(line))
        process = os.fork()
        if not process:
            os.close(answers)
            return call
        os.write(answers, f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    sys.exit()


if __name__ == "__main__":
    load()
    begin(serve())
    from snakemake.cli import main

    main()
