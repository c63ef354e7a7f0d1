import json
import subprocess
import sys

import psutil
import pytest

from medtune.workflow.locks import OWNER, note_owner, release_lock_of_dead_run


@pytest.fixture
def locked(tmp_path):
    """A .snakemake folder with a lock in it."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.input.lock").write_text("data/train.jsonl\n")
    return tmp_path


def noted(folder, **changes):
    note_owner(folder, remote=False)
    owner = json.loads((folder / OWNER).read_text()) | changes
    (folder / OWNER).write_text(json.dumps(owner))


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_lock_of_a_dead_run_is_released(locked):
    noted(locked, pid=dead_pid())
    assert release_lock_of_dead_run(locked)
    assert not (locked / "locks").exists()


def test_the_lock_of_a_living_run_stays(locked):
    noted(locked)
    assert not release_lock_of_dead_run(locked)
    assert list((locked / "locks").iterdir())


def test_a_pid_that_was_given_to_another_process_is_not_the_owner(locked):
    noted(locked, started=psutil.Process().create_time() - 3600)
    assert release_lock_of_dead_run(locked)


def test_the_lock_stays_when_jobs_may_be_running_elsewhere(locked):
    noted(locked, pid=dead_pid(), remote=True)
    assert not release_lock_of_dead_run(locked)


def test_the_lock_of_another_host_stays(locked):
    noted(locked, pid=dead_pid(), host="elsewhere")
    assert not release_lock_of_dead_run(locked)


def test_without_a_note_nothing_is_touched(locked):
    assert not release_lock_of_dead_run(locked)
    assert list((locked / "locks").iterdir())
