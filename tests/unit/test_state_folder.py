"""State folders: kept on a match, emptied on a mismatch, held by one job at a time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from medtune.errors import InputError
from medtune.state import open_state

HOLDER = """
import sys, time
from medtune.state import open_state
with open_state(sys.argv[1], "a"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder `state`."""
    scripts = Path(__file__).parents[2] / "workflow" / "scripts"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "state"],
        env={**os.environ, "PYTHONPATH": str(scripts)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_new_folder_is_not_resumed(tmp_path):
    with open_state(tmp_path / "deep" / "state", "a") as state:
        assert not state.resumed
        assert state.folder.is_dir()


def test_what_was_left_is_there_again_when_the_fingerprint_matches(tmp_path):
    with open_state(tmp_path / "state", "a") as state:
        (state.folder / "half").write_text("work")
    with open_state(tmp_path / "state", "a") as state:
        assert state.resumed
        assert (state.folder / "half").read_text() == "work"


def test_what_was_left_by_other_settings_is_thrown_away(tmp_path):
    with open_state(tmp_path / "state", "a") as state:
        (state.folder / "checkpoint-1").mkdir()
        (state.folder / "checkpoint-1" / "weights").write_text("old")
    with open_state(tmp_path / "state", "b") as state:
        assert not state.resumed
        assert not (state.folder / "checkpoint-1").exists()
    with open_state(tmp_path / "state", "b") as state:
        assert state.resumed


def test_a_folder_without_a_whole_fingerprint_is_thrown_away(tmp_path):
    with open_state(tmp_path / "state", "a") as state:
        (state.folder / "half").write_text("work")
        (state.folder / "fingerprint.json").write_text('{"finger')
    with open_state(tmp_path / "state", "a") as state:
        assert not state.resumed
        assert not (state.folder / "half").exists()


def test_an_exception_keeps_the_work_and_frees_the_folder(tmp_path):
    with pytest.raises(ZeroDivisionError), open_state(tmp_path / "state", "a") as state:
        (state.folder / "half").write_text("work")
        raise ZeroDivisionError
    with open_state(tmp_path / "state", "a") as state:
        assert state.resumed


def test_removing_leaves_nothing_behind(tmp_path):
    with open_state(tmp_path / "state", "a") as state:
        (state.folder / "half").write_text("work")
        (state.folder / "checkpoint-1").mkdir()
        state.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_names_the_job_that_has_it(tmp_path, holder):
    with (
        pytest.raises(InputError, match=rf"state is in use by another job \(pid {holder.pid} on "),
        open_state(tmp_path / "state", "a"),
    ):
        pass


def test_a_killed_job_frees_its_folder(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with open_state(tmp_path / "state", "a") as state:
        assert state.resumed


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another results folder"), open_state(tmp_path / "file" / "state", "a"):
        pass
