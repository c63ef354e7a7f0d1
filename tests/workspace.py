"""A copy of the workflow in a folder of its own, and how to run and kill it there."""

import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests import warm_snakemake

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "rules", "workflow", "config", "envs", "profiles")
LINKS = ("tiny", "small", "gpu", "slurm")
SNAKEMAKE = (sys.executable, "-m", "snakemake")


class Workspace:
    """What a fresh clone holds, without data, results or network."""

    def __init__(self, folder: Path, like: "Workspace | None" = None):
        """like: a workspace that is copied with all its results; none means a fresh clone."""
        self.folder = folder
        if like is not None:
            shutil.copytree(like.folder, folder, symlinks=True)
            return
        folder.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__")
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=ignored)
            else:
                shutil.copy(source, folder / part)
        for link in LINKS:
            (folder / link).symlink_to(f"profiles/{link}")

    @classmethod
    def of(cls, folder: Path) -> "Workspace":
        """A folder that holds a Snakefile of its own."""
        space = cls.__new__(cls)
        space.folder = folder
        return space

    def arguments(self, *given: str, config: dict | None = None) -> list[str]:
        """Arguments of the command line; config: values over those of the scale, as a file of the user's."""
        if not config:
            return list(given)
        file = self.folder / "config" / f"extra{len(list(self.folder.glob('config/extra*')))}.json"
        file.write_text(json.dumps(config))
        return [*given, "--configfile", str(file.relative_to(self.folder))]

    def run(self, *arguments: str, config: dict | None = None, timeout: int = 900) -> subprocess.CompletedProcess:
        """Run to the end. stdout holds both streams."""
        given = self.arguments(*arguments, config=config)
        return warm_snakemake.run(given, self.folder, environment(), timeout)

    def type(self, command: str, timeout: int = 900) -> subprocess.CompletedProcess:
        """Run a command as a page prints it."""
        first, *rest = shlex.split(command)
        if first == "snakemake":
            return self.run(*rest, timeout=timeout)
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )

    def succeed(self, *arguments: str, config: dict | None = None, timeout: int = 900) -> str:
        """Run to the end; fail the test with the output unless it succeeds."""
        done = self.run(*arguments, config=config, timeout=timeout)
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def refuse(self, *arguments: str, config: dict | None = None) -> str:
        """Run what must fail with a sentence and without a traceback; gives the output."""
        done = self.run(*arguments, config=config)
        assert done.returncode != 0, done.stdout[-3000:]
        assert "Traceback" not in done.stdout, done.stdout[-6000:]
        return done.stdout

    def kill_when(self, reached: Callable[[], bool], *arguments: str, config: dict | None = None) -> None:
        """Start a run, and SIGKILL it with all its jobs as soon as `reached()`."""
        with (self.folder / "killed.log").open("w") as log:
            process = subprocess.Popen(
                [*SNAKEMAKE, *self.arguments(*arguments, config=config)],
                cwd=self.folder,
                env=environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                while not reached():
                    assert process.poll() is None, (self.folder / "killed.log").read_text()[-6000:]
                    time.sleep(0.05)
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def json(self, path: str):
        return json.loads(self.read(path))

    def files(self, under: str = "results") -> list[str]:
        """All files below a folder, without logs and state."""
        paths = (self.folder / under).rglob("*") if (self.folder / under).exists() else ()
        names = (str(path.relative_to(self.folder)) for path in paths if path.is_file())
        return sorted(name for name in names if not name.endswith((".log", ".lock", "owner.json")))


def environment() -> dict[str, str]:
    """This process's environment with the tests' Python first, as in an activated venv."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }


def table(space: Workspace, path: str) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with (space.folder / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows(space: Workspace, path: str) -> list[dict]:
    """Rows of a JSON-lines file."""
    return [json.loads(line) for line in (space.folder / path).read_text(encoding="utf-8").splitlines() if line]
