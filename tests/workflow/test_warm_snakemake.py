"""Runs that are forked from a loaded Snakemake are as runs in processes of their own."""

import subprocess
import threading

import pytest

from tests.workspace import Workspace

SNAKEFILE = """
import os, sys
sys.path.insert(0, workflow.basedir)
from mine import SAID

print(SAID, os.getcwd(), os.environ.get("TOLD"), config)

rule all:
"""


@pytest.fixture
def space(tmp_path) -> Workspace:
    """A workflow that imports a module from beside it."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "mine.py").write_text("SAID = 'first'")
    return Workspace.of(tmp_path)


def test_a_run_has_its_own_folder_environment_and_arguments(space, monkeypatch):
    monkeypatch.setenv("TOLD", "yes")
    output = space.succeed("--cores", "1", "--config", "answer=1")
    assert f"first {space.folder} yes {{'answer': 1}}" in output
    monkeypatch.delenv("TOLD")
    assert f"first {space.folder} None {{}}" in space.succeed("--cores", "1")


def test_what_a_run_imports_is_read_anew(space):
    assert "first" in space.succeed("--cores", "1")
    (space.folder / "mine.py").write_text("SAID = 'the second'")
    assert "the second" in space.succeed("--cores", "1")


def test_a_run_that_fails_says_why(space):
    (space.folder / "mine.py").write_text("SAIT = 1")
    assert "cannot import name 'SAID'" in space.run("--cores", "1").stdout
    assert space.run("--cores", "1").returncode == 1
    assert space.run("--no-such-option").returncode == 2


def test_a_run_that_takes_too_long_is_killed(space):
    (space.folder / "mine.py").write_text("import time\ntime.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired):
        space.run("--cores", "1", timeout=3)


def test_after_a_run_that_was_left_the_next_has_its_own_status_and_output(space, monkeypatch):
    (space.folder / "mine.py").write_text("import time\ntime.sleep(60)")
    with monkeypatch.context() as faulty:
        faulty.setattr(threading.Timer, "start", lambda timer: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            space.run("--cores", "1")
    (space.folder / "mine.py").write_text("SAID = 'the next'")
    assert "the next" in space.succeed("--cores", "1")
