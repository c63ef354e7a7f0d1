"""The MACCROBAT study of `make demo`: every file is there, the figures are as promised and agree with each other."""

import json
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import product

import pytest

from medtune.data.bio import spans_of
from tests.workspace import Workspace, environment, rows, table

pytestmark = pytest.mark.demo

STUDY = "results/tiny/maccrobat"
RUNS = [f"{STUDY}/{encoder}/lr0.003" for encoder in ("tiny-bert", "tinier-bert")]
MODEL_COLUMNS = [
    "encoder",
    "lr",
    "seed",
    "micro_f1",
    "micro_f1_low",
    "micro_f1_high",
    "macro_f1",
    "precision",
    "recall",
    "all_gold_recall",
    "train_seconds",
    "words_per_second",
    "parameters",
    "n_documents",
    "chosen",
    "words_per_second_low",
    "words_per_second_high",
    *(
        f"{figure}{end}"
        for figure in ("macro_f1", "precision", "recall", "all_gold_recall")
        for end in ("_low", "_high")
    ),
]
OF_STUDY = {
    "data": ["train.jsonl", "validation.jsonl", "test.jsonl", "tags.json", "manifest.json"],
    "summary": [
        *(f"{name}.csv" for name in ("models", "comparisons", "best_by_type", "validation", "seeds")),
        *(f"{name}.{end}" for name in ("micro_f1", "type_f1") for end in ("png", "svg")),
        *("summary.md", "headline.txt", "choice.json", "insights.json", "insights.md", "insights.html"),
        *("summary.ipynb", "summary.html"),
    ],
    "analysis/readiness": [
        *(f"{name}.csv" for name in ("documents", "entities", "high_value", "types")),
        *("document_decisions.csv", "entity_decisions.csv", "readiness.json", "readiness.md", "readiness.html"),
        *(f"{name}.{end}" for name in ("documents", "entities") for end in ("png", "svg")),
    ],
    "analysis/selection": ["ranking.csv", "trade_offs.csv", "selection.json", "selection.md", "selection.html"],
    "export": [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
        *("tagger.json", "tag.py", "tags.json", "test_predictions.jsonl"),
    ],
}
OF_RUN = {
    "": ["training.json", "predictions.jsonl", "tagging.json", "metrics.json", "items.csv"],
    "model": ["config.json", "model.safetensors", "tokenizer.json", "README.md"],
    "analysis/types": [
        *("types.csv", "tiers.csv", "tier_differences.csv", "weakest.csv", "pairs.csv", "types.json"),
        *(f"{name}.{end}" for name in ("f1_by_type", "frequency", "tiers") for end in ("png", "svg")),
    ],
    "analysis/errors": [
        *(f"{name}.csv" for name in ("classes", "directions", "confusion", "pairs", "lengths", "patterns", "examples")),
        *(f"{name}.{end}" for name in ("classes", "confusion", "lengths") for end in ("png", "svg")),
        "errors.json",
    ],
    "analysis/confidence": [
        *(f"{name}.csv" for name in ("thresholds", "histogram", "means", "calibration", "reliability")),
        *(f"{name}.{end}" for name in ("histogram", "thresholds", "reliability") for end in ("png", "svg")),
        "confidence.json",
    ],
    "analysis/speed": [
        *("speed.csv", "precision.csv", "streaming.csv", "speed.json"),
        *(f"{name}.{end}" for name in ("throughput", "precision") for end in ("png", "svg")),
    ],
}


@pytest.fixture(scope="module")
def study(tiny_run) -> Workspace:
    """The tiny run, whose part this study is."""
    return tiny_run


def chosen_run(study: Workspace) -> str:
    (row,) = [row for row in table(study, f"{STUDY}/summary/models.csv") if row["chosen"] == "True"]
    return f"{STUDY}/{row['encoder']}/lr{row['lr']}"


def test_every_file_is_written(study):
    wanted = [f"{STUDY}/{folder}/{name}" for folder, names in OF_STUDY.items() for name in names]
    wanted += [f"{run}/{folder}/{name}" for run in RUNS for folder, names in OF_RUN.items() for name in names]
    missing = [path for path in wanted if not (study.folder / path).is_file()]
    assert missing == []
    assert [path for path in wanted if not (study.folder / path).stat().st_size] == []
    assert "Nothing to be done" in study.succeed("-n", "maccrobat", "--profile", "tiny")


def test_both_encoders_learn_the_rules_of_the_made_reports(study):
    models = table(study, f"{STUDY}/summary/models.csv")
    assert list(models[0]) == MODEL_COLUMNS
    assert sorted(row["encoder"] for row in models) == ["tinier-bert", "tiny-bert"]
    for row in models:
        assert 0.7 <= float(row["micro_f1"]) < 0.95, "learned, and not at the ceiling"
        assert float(row["micro_f1_low"]) < float(row["micro_f1"]) < float(row["micro_f1_high"])
        assert float(row["all_gold_recall"]) < float(row["recall"])
        assert min(float(row[name]) for name in ("train_seconds", "words_per_second", "parameters")) > 0
        assert row["n_documents"] == "12"
        metrics = study.json(f"{STUDY}/{row['encoder']}/lr{row['lr']}/metrics.json")["splits"]["test"]
        assert metrics["micro"]["strict"]["f1"]["value"] == pytest.approx(float(row["micro_f1"]), abs=1e-6)
        assert metrics["n_gold"] < metrics["n_all_gold"]


def test_all_pages_are_about_the_run_that_the_selection_chose(study):
    first = table(study, f"{STUDY}/analysis/selection/ranking.csv")[0]
    chosen = study.json(f"{STUDY}/analysis/selection/selection.json")["chosen"]
    assert (chosen["encoder"], chosen["lr"]) == (first["encoder"], float(first["lr"]))
    assert chosen_run(study) == f"{STUDY}/{first['encoder']}/lr{first['lr']}"
    for record, key in (
        ("summary/choice", "chosen"),
        ("analysis/readiness/readiness", "run"),
        ("export/export", "chosen"),
    ):
        assert study.json(f"{STUDY}/{record}.json")[key] == chosen
    name = f"{first['encoder']} at {first['lr']}"
    assert name in study.read(f"{STUDY}/summary/headline.txt")
    advice = study.json(f"{STUDY}/summary/insights.json")["recommendations"]
    assert [text for text in advice if text.startswith("Chosen:")] == [text for text in advice if name in text]


def test_the_ranking_is_by_the_repeated_timings_of_the_tagger_that_is_reported(study):
    for row in table(study, f"{STUDY}/analysis/selection/ranking.csv"):
        run = f"{STUDY}/{row['encoder']}/lr{row['lr']}"
        reported = study.json(f"{run}/analysis/speed/speed.json")["reported"]
        assert (reported["precision"], reported["mode"], reported["batch_size"], reported["rounds"]) == (
            "fp32",
            "together",
            16,
            5,
        )
        for column, name in (("speed", ""), ("speed_low", "_low"), ("speed_high", "_high")):
            assert float(row[column]) == pytest.approx(reported[f"words_per_second{name}"], rel=1e-5)


def test_no_word_is_lost(study):
    """Every gold word of every document has a tag, also where documents are longer than a window."""
    words = {
        (split, row["id"]): len(row["words"])
        for split in ("validation", "test")
        for row in rows(study, f"{STUDY}/data/{split}.jsonl")
    }
    assert max(words.values()) > 128
    for run in RUNS:
        predictions = rows(study, f"{run}/predictions.jsonl")
        for field in ("tags", "confidence", "calibrated"):
            assert {(row["split"], row["id"]): len(row[field]) for row in predictions} == words


@pytest.mark.parametrize("run", RUNS)
def test_the_classes_of_errors_add_up_to_gold_and_to_predicted(study, run):
    counts = {row["class"]: int(row["count"]) for row in table(study, f"{run}/analysis/errors/classes.csv")}
    paired = counts["correct"] + counts["type only"] + counts["boundary only"] + counts["both"]
    gold = [entity for row in rows(study, f"{STUDY}/data/test.jsonl") for entity in row["entities"]]
    predicted = [row for row in rows(study, f"{run}/predictions.jsonl") if row["split"] == "test"]
    assert paired + counts["missed"] == sum(entity["kept"] for entity in gold)
    assert paired + counts["spurious"] == sum(len(spans_of(row["tags"])) for row in predicted)
    types = table(study, f"{run}/analysis/types/types.csv")
    assert sum(int(row["gold"]) + int(row["dropped_gold"]) for row in types) == len(gold)
    directions = table(study, f"{run}/analysis/errors/directions.csv")
    assert sum(int(row["count"]) for row in directions) == counts["boundary only"] + counts["both"]
    examples = Counter(row["class"] for row in table(study, f"{run}/analysis/errors/examples.csv"))
    assert sum(examples.values()) == min(25, sum(counts.values()) - counts["correct"])
    assert all(examples[name] <= counts[name] for name in examples)


@pytest.mark.parametrize("run", RUNS)
def test_thresholds_are_chosen_on_validation_and_cover_less_as_they_rise(study, run):
    found = table(study, f"{run}/analysis/confidence/thresholds.csv")
    for kind, split in product(("raw", "calibrated"), ("validation", "test")):
        part = [row for row in found if (row["confidence"], row["split"]) == (kind, split)]
        assert [float(row["threshold"]) for row in part] == [0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95]
        coverage = [float(row["coverage"]) for row in part]
        assert coverage == sorted(coverage, reverse=True)
        assert {row["all_gold"] for row in part} == {
            str(study.json(f"{run}/metrics.json")["splits"][split]["n_all_gold"])
        }
    assert study.json(f"{run}/tagging.json")["temperature"] > 0


@pytest.mark.parametrize("run", RUNS)
def test_speed_is_measured_in_every_precision_with_its_f1(study, run):
    ways = [
        (row["precision"], row["mode"], row["batch_size"]) for row in table(study, f"{run}/analysis/speed/speed.csv")
    ]
    for precision, size in product(("fp32", "bf16", "int8"), ("8", "16", "32")):
        assert (precision, "together", size) in ways
    precisions = {row["precision"]: row for row in table(study, f"{run}/analysis/speed/precision.csv")}
    assert set(precisions) == {"fp32", "bf16", "int8"}
    assert all(float(row["f1"]) > 0.7 for row in precisions.values())
    (model,) = [row for row in table(study, f"{STUDY}/summary/models.csv") if row["encoder"] in run.split("/")]
    assert float(precisions["fp32"]["f1"]) == pytest.approx(float(model["micro_f1"]), abs=1e-6)
    assert "10,000 notes" in study.json(f"{run}/analysis/speed/speed.json")["hours"]


def test_the_export_reaches_its_own_figures_on_the_whole_test_split(study, tmp_path):
    """Its script, alone and from the texts: the same entities, and the strict F1 of its card."""
    documents = rows(study, f"{STUDY}/data/test.jsonl")
    predicted = {row["id"]: row for row in rows(study, f"{STUDY}/export/test_predictions.jsonl")}
    for document in documents:
        path = tmp_path / f"{document['id']}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(document["text"].encode())
    command = [
        sys.executable,
        "-I",
        str(study.folder / STUDY / "export" / "tag.py"),
        *(f"{document['id']}.txt" for document in documents),
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    found = {
        line["file"].removesuffix(".txt"): {(e["start"], e["end"], e["label"]) for e in line["entities"]}
        for line in lines
    }
    assert set(found) == {document["id"] for document in documents}
    right = gold = 0
    for document in documents:
        kept, expected = (
            {
                (document["offsets"][span.start][0], document["offsets"][span.end - 1][1], span.label)
                for span in spans_of(tags)
            }
            for tags in (document["tags"], predicted[document["id"]]["tags"])
        )
        assert found[document["id"]] == expected
        right += len(found[document["id"]] & kept)
        gold += len(kept)
    f1 = 2 * right / (gold + sum(map(len, found.values())))
    assert f1 == pytest.approx(study.json(f"{STUDY}/summary/choice.json")["test"]["micro_f1"]["value"], abs=1e-9)
    assert f"| strict micro-F1 (boundaries and type) | {100 * f1:.1f} %" in study.read(f"{STUDY}/export/README.md")


def test_the_model_cards_snippet_runs_as_printed(study):
    card = study.read(f"{STUDY}/export/README.md")
    assert card == study.read(f"{chosen_run(study)}/model/README.md")
    (snippet,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    command = [sys.executable, "-c", snippet]
    done = subprocess.run(command, cwd=study.folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Age '34-year-old'" in done.stdout and "Sign_symptom 'fever'" in done.stdout


def test_the_notebook_is_executed_without_errors(study):
    cells = [cell for cell in study.json(f"{STUDY}/summary/summary.ipynb")["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} == {"display_data", "execute_result"}
    assert sum("image/png" in output["data"] for output in outputs) >= 8
    page = study.read(f"{STUDY}/summary/summary.html")
    HTMLParser().feed(page)
    assert "Traceback" not in page and page.count("data:image/png;base64") >= 8


def test_findings_that_include_zero_are_called_that(study):
    insights = study.json(f"{STUDY}/summary/insights.json")
    page = study.read(f"{STUDY}/summary/insights.html")
    assert {finding["kind"] for finding in insights["findings"]} <= {
        "key finding",
        "surprising result",
        "no difference shown",
    }
    for finding in insights["findings"]:
        if "points (" in finding["text"]:  # a difference
            excludes_zero = finding["low"] > 0 or finding["high"] < 0
            undone = "which the correction for all comparisons undoes" in finding["text"]
            assert (excludes_zero and not undone) == (finding["kind"] != "no difference shown"), finding
    assert insights["recommendations"] and all(len(text) > 20 for text in insights["recommendations"])
    for heading in ("Key findings", "No difference shown", "Recommendations"):
        assert heading in page


def test_readiness_is_judged_by_the_lower_end_of_the_interval(study):
    types = table(study, f"{STUDY}/analysis/readiness/types.csv")
    for row in types:
        ready = all(row[name] and float(row[name]) >= 0.9 for name in ("validation_precision_low", "precision_low"))
        assert (row["needs_human"] == "False") == ready
    assert "True" in {row["needs_human"] for row in types}, (
        "the made reports hold out terms: not all types can be ready"
    )
    high_value = [row["type"] for row in table(study, f"{STUDY}/analysis/readiness/high_value.csv")]
    assert high_value == ["Disease_disorder", "Therapeutic_procedure", "Medication", "all"]
    page = study.read(f"{STUDY}/analysis/readiness/readiness.md").replace("\\", "")
    assert all(sentence in page for sentence in study.json(f"{STUDY}/analysis/readiness/readiness.json")["sentences"])
