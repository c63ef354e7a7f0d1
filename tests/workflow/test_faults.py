"""Killed at any moment, the same command run again ends with the figures of an undisturbed run."""

import pytest

from tests.workflow.conftest import QUICK

STATE = "results/tiny/.state/yesno"
TRAINING = f"{STATE}/rank4/final_adapter/adapter_model.safetensors"
GENERATION = f"{STATE}/base/predictions.jsonl"


def checkpoint_saved(workspace) -> bool:
    return any((workspace.folder / TRAINING).glob("checkpoints/checkpoint-*/complete.json"))


def batch_saved(workspace) -> bool:
    done = workspace.folder / GENERATION / "done.jsonl"
    return done.is_file() and done.stat().st_size > 0


@pytest.mark.parametrize("reached", [checkpoint_saved, batch_saved])
def test_a_killed_workflow_goes_on_and_ends_with_the_same_figures(workspace, quick_run, reached):
    command = ("--profile", "tiny", "yesno")
    workspace.kill_when(lambda: reached(workspace), *command, config=QUICK)
    assert not (workspace.folder / "results/tiny/yesno/summary/ranks.csv").exists()
    output = workspace.succeed(*command, config=QUICK)
    assert "its lock is released" in output
    for run in ("base", "rank4", "rank8"):
        metrics = f"results/tiny/yesno/{run}/metrics.json"
        assert workspace.read(metrics) == quick_run.read(metrics)
    resumed = workspace.json("results/tiny/yesno/rank4/training.json")["resumed"]
    assert (resumed > 0) == (reached is checkpoint_saved)
    assert not list((workspace.folder / STATE).rglob("done.jsonl")), "the state is removed in the end"


def test_nothing_runs_again_after_a_complete_run(quick_run):
    assert "Nothing to be done" in quick_run.succeed("-n", "--profile", "tiny", "yesno", config=QUICK)
