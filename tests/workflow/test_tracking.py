"""An offline run leaves a folder for `wandb sync`, without any text of the data."""

from tests.workflow.conftest import QUICK


def test_offline_tracking_leaves_a_run_without_report_text(workspace):
    config = {**QUICK, "tracking": {"mode": "offline"}, "yesno": {**QUICK["yesno"], "ranks": [4]}}
    target = "results/tiny/yesno/rank4/training.json"
    workspace.succeed("--profile", "tiny", target, config=config)
    (run,) = (workspace.folder / "results/tiny").rglob("offline-run-*")
    (record,) = run.glob("run-*.wandb")
    content = b"".join(path.read_bytes() for path in run.rglob("*") if path.is_file())
    assert b"validation_accuracy" in record.read_bytes()
    assert b"tiny-qwen3" in record.read_bytes(), "the run is named by model and time"
    questions = [
        line.split('"question": "')[1][:40]
        for line in workspace.read("results/tiny/yesno/data/train.jsonl").splitlines()
    ]
    assert not any(question.encode() in content for question in questions)


def test_nothing_is_tracked_unless_asked(quick_run):
    assert not list((quick_run.folder / "results").rglob("*.wandb"))
