"""Studies in short form on real corpora with the packaged models."""

import csv
import io

import pytest

pytestmark = pytest.mark.demo


def test_the_small_profile_runs_on_pubmedqa(workspace, corpora):
    config = {
        "yesno": {
            "data": {
                "sources": {"pubmedqa_labeled": {"path": str(corpora / "pubmedqa/ori_pqal.json")}},
                "per_class": 16,
                "splits": {"train": 0.5, "validation": 0.25, "test": 0.25},
            },
            "ranks": [4],
            "training": {"max_steps": 10, "evaluate_every": 10},
            "generation": {"max_new_tokens": 24},
        }
    }
    workspace.succeed("--profile", "small", "yesno", config=config)
    ranks = list(csv.DictReader(io.StringIO(workspace.read("results/small/yesno/summary/ranks.csv"))))
    assert [row["rank"] for row in ranks] == ["base", "4"]
    assert int(ranks[0]["test_n"]) == 12
    manifest = workspace.json("results/small/yesno/data/manifest.json")
    assert "pubmedqa_labeled" in str(manifest)
    record = workspace.json("results/small/yesno/rank4/training.json")
    assert record["history"][0]["loss"] > 0


def test_the_small_profile_runs_on_maccrobat(workspace, corpora):
    """20 of the 200 case reports, with all-MiniLM-L6-v2."""
    reports = workspace.folder / "data" / "maccrobat"
    reports.mkdir(parents=True)
    for text in sorted((corpora / "maccrobat").glob("*.txt"))[:20]:
        for path in (text, text.with_suffix(".ann")):
            (reports / path.name).symlink_to(path)
    workspace.succeed("maccrobat", "--profile", "small", config={"maccrobat": {"training": {"max_steps": 10}}})
    run = "results/small/maccrobat/all-minilm-l6-v2/lr0.0003"
    record = workspace.json(f"{run}/training.json")
    losses = [entry["loss"] for entry in record["history"] if "loss" in entry]
    assert record["steps"] == 10 and losses[-1] < losses[0]
    assert record["useful_token_share"] >= 0.9  # 0.99 on all 200: with few windows, batches of one length are rarer
    splits = workspace.json(f"{run}/metrics.json")["splits"]
    assert splits["validation"]["n"] + splits["test"]["n"] == 3
    assert splits["test"]["n_all_gold"] >= splits["test"]["n_gold"] > 50
    assert splits["test"]["micro"]["strict"]["f1"]["value"] is not None
