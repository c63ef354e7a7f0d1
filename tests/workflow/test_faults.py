"""Killed at any moment, the same command run again ends with the figures of an undisturbed run."""

import shutil

import pytest

from tests.workflow.conftest import QUICK
from tests.workspace import Workspace

STUDY = "results/tiny/yesno"
STATE = "results/tiny/.state/yesno"
TRAINING = f"{STATE}/rank4/final_adapter/adapter_model.safetensors"
GENERATION = f"{STATE}/base/predictions.jsonl"


def checkpoint_saved(workspace) -> bool:
    return any((workspace.folder / TRAINING).glob("checkpoints/checkpoint-*/complete.json"))


def batch_saved(workspace) -> bool:
    done = workspace.folder / GENERATION / "done.jsonl"
    return done.is_file() and done.stat().st_size > 0


@pytest.mark.parametrize(("reached", "killed"), [(checkpoint_saved, "rank4"), (batch_saved, "base")])
def test_a_killed_workflow_goes_on_and_ends_with_the_same_figures(quick_run, tmp_path, reached, killed):
    """Killed in the training or the answers of one model; what the run needs besides is done."""
    workspace = Workspace(tmp_path / "medtune", like=quick_run)
    for folder in (killed, "summary"):
        shutil.rmtree(workspace.folder / STUDY / folder)
    command = ("--profile", "tiny", "yesno")
    workspace.kill_when(lambda: reached(workspace), *command, config=QUICK)
    for name in ("summary/ranks.csv", f"{killed}/metrics.json"):
        assert not (workspace.folder / STUDY / name).exists()
    output = workspace.succeed(*command, config=QUICK)
    assert "its lock is released" in output
    for run in ("base", "rank4", "rank8"):
        for name in ("metrics.json", "items.csv"):
            assert workspace.read(f"{STUDY}/{run}/{name}") == quick_run.read(f"{STUDY}/{run}/{name}")
    resumed = workspace.json(f"{STUDY}/rank4/training.json")["resumed"]
    assert (resumed > 0) == (reached is checkpoint_saved)
    assert not list((workspace.folder / STATE).rglob("done.jsonl")), "the state is removed in the end"


def test_nothing_runs_again_after_a_complete_run(quick_run):
    assert "Nothing to be done" in quick_run.succeed("-n", "--profile", "tiny", "yesno", config=QUICK)
