"""Studies in short form on real corpora with the packaged models."""

import csv
import io

import pytest

LIMIT = 1800
"""Seconds: beside the whole tiny run."""

pytestmark = [pytest.mark.demo, pytest.mark.timeout(LIMIT)]


def test_the_small_profile_runs_on_pubmedqa(workspace, corpora):
    config = {
        "yesno": {
            "data": {
                "sources": {"pubmedqa_labeled": {"path": str(corpora / "pubmedqa/ori_pqal.json")}},
                "per_class": 8,
                "splits": {"train": 0.5, "validation": 0.25, "test": 0.25},
            },
            "ranks": [4],
            "training": {"max_steps": 3, "evaluate_every": 3},
            "generation": {"max_new_tokens": 24, "longer_answers": 1},
        }
    }
    workspace.succeed("--profile", "small", "yesno", config=config, timeout=LIMIT)
    ranks = list(csv.DictReader(io.StringIO(workspace.read("results/small/yesno/summary/ranks.csv"))))
    assert [row["rank"] for row in ranks] == ["base", "base, practised form", "4"]
    assert int(ranks[0]["test_n"]) == 6
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
    config = {"maccrobat": {"training": {"max_steps": 10}}}
    workspace.succeed("maccrobat", "--profile", "small", config=config, timeout=LIMIT)
    run = "results/small/maccrobat/all-minilm-l6-v2/lr0.0003"
    record = workspace.json(f"{run}/training.json")
    losses = [entry["loss"] for entry in record["history"] if "loss" in entry]
    assert record["steps"] == 10 and losses[-1] < losses[0]
    assert record["useful_token_share"] >= 0.9  # 0.99 on all 200: with few windows, batches of one length are rarer
    splits = workspace.json(f"{run}/metrics.json")["splits"]
    assert splits["validation"]["n"] + splits["test"]["n"] == 3
    assert splits["test"]["n_all_gold"] >= splits["test"]["n_gold"] > 50
    assert splits["test"]["micro"]["strict"]["f1"]["value"] is not None


def test_the_small_profile_runs_on_medquad(workspace, corpora):
    """At most 15 questions of each of the nine specialties, with SmolLM2 and all-MiniLM-L6-v2."""
    config = {
        "meerkat": {
            "data": {
                "source": {"path": str(corpora / "medquad_specialties")},
                "most_records": 15,
                "holdout": 4,
                "specialty_adjustments": {2: {"rare_diseases": 1.0}},
            },
            "training": {"max_steps": 2, "evaluate_every": 2, "learning_rate": 2e-3, "warmup": 0},
            "generation": {"max_new_tokens": 16, "longer_answers": 1},
        }
    }
    workspace.succeed("meerkat", "--profile", "small", config=config, timeout=LIMIT)
    study = "results/small/meerkat"
    manifest = workspace.json(f"{study}/data/manifest.json")
    assert len(manifest["sources"][0]["sha256"]) == len(manifest["specialties"]) == 9
    assert manifest["specialties"]["neurology"]["read"] == 1085
    assert {found["distinct"] for found in manifest["specialties"].values()} == {15}
    assert manifest["records"] == {"holdout": 36, "evaluation": 9, "growth": 90}
    trained = [workspace.json(f"{study}/iteration{k}/training.json") for k in (1, 2)]
    assert [(record["steps"], record["rows"]) for record in trained] == [(2, 45), (2, 50)]
    progress = list(csv.DictReader(io.StringIO(workspace.read(f"{study}/summary/progress.csv"))))
    assert {row["iteration"] for row in progress} == {"0", "1", "2"}
    overall = [row for row in progress if row["specialty"] == "ALL" and row["split"] == "holdout"]
    scored = {row["metric"]: row for row in overall if row["iteration"] == "2"}
    assert scored["ROUGE-L"]["n"] == "36"
    assert 0.2 < float(scored["bertscore_f1"]["value"]) < 1
    assert 0 < float(scored["ROUGE-L"]["low"]) < float(scored["ROUGE-L"]["value"]) < 1
    answers = workspace.json(f"{study}/iteration2/metrics.json")["splits"]["holdout"]
    assert answers["answer_rate"]["value"] == 1
    assert 1 < answers["mean_answer_tokens"]["value"] <= 16


def test_the_small_profile_runs_on_biored(workspace, corpora):
    """All of BioRED's training part and the five other abstracts with fewest annotations, read as the study's types,
    with SmolLM2."""
    abstracts = (corpora / "biored" / "Dev.PubTator").read_text(encoding="utf-8").strip().split("\n\n")
    abstracts.sort(key=lambda abstract: abstract.count("\n"))
    for name, chosen in {"validation": abstracts[:2], "test": abstracts[2:5]}.items():
        (workspace.folder / f"{name}.PubTator").write_text("\n\n".join(chosen) + "\n", encoding="utf-8")
    source = {
        "format": "biored",
        "train": str(corpora / "biored" / "Train.PubTator"),
        "validation": "validation.PubTator",
        "test": "test.PubTator",
        "labels": "biored_proxy",
    }
    config = {
        "relations": {
            "data": {"source": source, "longest_answer": 1000},
            "training": {"max_steps": 3, "batch_size": 1, "accumulation": 2, "max_tokens": 1536, "evaluate_every": 3},
            "generation": {"max_new_tokens": 16, "longer_answers": 1},
            "switches": dict.fromkeys(("weighted", "schema", "negatives", "two_steps", "constrained")),
        }
    }
    workspace.succeed("relations", "--profile", "small", config=config, timeout=LIMIT)
    study = "results/small/relations"
    manifest = workspace.json(f"{study}/data/manifest.json")
    assert manifest["records"] == {"train": 400, "validation": 2, "test": 3}
    record = workspace.json(f"{study}/data/without0/record.json")
    training = workspace.json(f"{study}/default/training.json")
    assert record["rows"] + record["too_long"]["train"] == 400
    assert (training["steps"], training["rows"] + training["left_out_rows"]) == (3, record["rows"])
    assert training["rows"] > 100 and training["truncated_rows"] == 0
    table = list(csv.DictReader(io.StringIO(workspace.read(f"{study}/summary/comparison.csv"))))
    assert [(row["run"], row["n_documents"]) for row in table if row["split"] == "test"] == [
        ("base", "3"),
        ("base, practised form", "3"),
        ("default", "3"),
        ("deduplicated", "3"),
    ]
    gold = workspace.json(f"{study}/default/evaluation_results.json")["test"]
    assert gold["entity_extraction"]["true_positives"] + gold["entity_extraction"]["false_negatives"] > 10
    for page in ("summary.html", "examples.html", "comparison.html"):
        assert "proxy" in workspace.read(f"{study}/summary/{page}")
