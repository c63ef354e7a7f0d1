"""An offline run leaves a folder for `wandb sync`, without any text of the data."""

import shutil

from tests.workflow.conftest import QUICK
from tests.workspace import Workspace


def test_offline_tracking_leaves_a_run_of_training_and_one_with_the_test_figures_without_text(quick_run, tmp_path):
    workspace = Workspace(tmp_path / "medtune", like=quick_run)
    shutil.rmtree(workspace.folder / "results/tiny/yesno/rank4")  # tracking makes nothing anew by itself
    config = {**QUICK, "tracking": {"mode": "offline"}, "yesno": {**QUICK["yesno"], "ranks": [4]}}
    workspace.succeed("--profile", "tiny", "results/tiny/yesno/rank4/metrics.json", config=config)
    records = {
        job: record
        for record in (workspace.folder / "results/tiny/wandb").rglob("run-*.wandb")
        for job in ("train", "test")
        if f"tiny-qwen3 tiny/yesno/rank4 seed42 {job} 2".encode() in record.read_bytes()
    }
    assert records.keys() == {"train", "test"}
    assert b"validation_accuracy" in records["train"].read_bytes()
    accuracy = workspace.json("results/tiny/yesno/rank4/metrics.json")["splits"]["test"]["accuracy"]
    assert b"test/accuracy" in records["test"].read_bytes()
    assert f"{accuracy['high']}".encode() in records["test"].read_bytes()
    content = b"".join(
        path.read_bytes() for path in (workspace.folder / "results/tiny/wandb").rglob("*.*") if path.is_file()
    )
    questions = [
        line.split('"question": "')[1][:40]
        for split in ("train", "test")
        for line in workspace.read(f"results/tiny/yesno/data/{split}.jsonl").splitlines()
    ]
    assert not any(question.encode() in content for question in questions)


def test_nothing_is_tracked_unless_asked(quick_run):
    assert not list((quick_run.folder / "results").rglob("*.wandb"))
