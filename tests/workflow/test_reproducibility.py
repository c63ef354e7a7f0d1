from tests.workflow.conftest import QUICK
from tests.workspace import Workspace

RUNS = ("base", "rank4", "rank8")


def test_the_same_seed_gives_the_same_figures(workspace, quick_run):
    """From the base model on, which is made anew too."""
    names = ("base/metrics.json", "base/items.csv", "rank4/metrics.json", "rank4/items.csv")
    figures = [f"results/tiny/yesno/{name}" for name in names]
    workspace.succeed("--profile", "tiny", *figures, config=QUICK)
    assert [workspace.read(path) for path in figures] == [quick_run.read(path) for path in figures]


def test_scores_and_training_say_what_they_were_made_with(quick_run):
    for run in RUNS:
        metrics = quick_run.json(f"results/tiny/yesno/{run}/metrics.json")
        assert {"numpy", "scipy", "torch"} <= metrics["versions"].keys()
        assert metrics["longer_gold_answers"]["test"] == {"longer": 0, "n": metrics["splits"]["test"]["n"]}
    record = quick_run.json("results/tiny/yesno/rank4/training.json")
    assert (record["max_new_tokens"], record["longer_answers"], record["longer_validation_answers"]) == (24, 0, 0)


def test_another_training_seed_gives_other_figures_on_the_same_items(quick_run, tmp_path):
    workspace = Workspace(tmp_path / "medtune", like=quick_run)
    config = {**QUICK, "yesno": {**QUICK["yesno"], "seeds": [7]}}
    predictions = "results/tiny/yesno/rank8/predictions.jsonl"
    output = workspace.succeed("--profile", "tiny", predictions, config=config)
    assert "yesno_train" in output and "yesno_prepare" not in output
    assert workspace.read(predictions) != quick_run.read(predictions)


def test_another_data_seed_gives_other_items(workspace, quick_run):
    target = "results/tiny/yesno/data/test.jsonl"
    workspace.succeed("--profile", "tiny", target, config={**QUICK, "seed": 7})
    assert workspace.read(target) != quick_run.read(target)
