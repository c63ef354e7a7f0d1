"""The yes/no study in short form on the real PubMedQA file with the packaged SmolLM2."""

import csv
import io


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
