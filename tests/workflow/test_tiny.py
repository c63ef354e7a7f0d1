"""`make demo`'s run: every file is there, and the figures are those that the README promises."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from medtune.reporting.figures_page import replace_block, write_page
from tests.columns import faults
from tests.unit.yesno_study import RANK_COLUMNS
from tests.workspace import ROOT, environment

pytestmark = pytest.mark.demo

SUMMARY = "results/tiny/yesno/summary"


def rows(workspace, name: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(workspace.read(f"{SUMMARY}/{name}.csv"))))


def test_ranks_table_has_the_base_and_eight_ranks(tiny_run):
    ranks = rows(tiny_run, "ranks")
    assert tuple(ranks[0]) == RANK_COLUMNS
    assert [row["rank"] for row in ranks] == [
        "base",
        "base, practised form",
        "4",
        "8",
        "16",
        "24",
        "32",
        "40",
        "64",
        "128",
    ]
    assert sum(row["chosen"] == "True" for row in ranks) == 1


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(tiny_run):
    results = tiny_run.folder / "results/tiny"
    assert len(list(results.rglob("summary/*.csv"))) > 25
    assert list(faults(results)) == []


def test_the_chosen_adapter_learned_the_format_and_the_rule(tiny_run):
    base, practised, *trained = rows(tiny_run, "ranks")
    chosen = next(row for row in trained if row["chosen"] == "True")
    assert float(base["format_rate"]) <= 0.20
    assert float(chosen["format_rate"]) >= 0.95
    assert float(chosen["test_accuracy"]) >= 0.60
    assert float(chosen["citation_rate"]) == 0
    assert float(chosen["peak_memory_mb"]) < 1500
    assert float(chosen["test_accuracy_low"]) < float(chosen["test_accuracy"])
    # The base cannot do the task in any form.
    for row in (base, practised):
        assert float(row["test_accuracy"]) <= 0.60
        assert float(chosen["test_accuracy_low"]) > float(row["test_accuracy"])


def test_the_ranks_differ_and_rationales_are_about_the_finding(tiny_run):
    _, _, *trained = rows(tiny_run, "ranks")
    accuracies = [float(row["test_accuracy"]) for row in trained]
    assert max(accuracies) - min(accuracies) >= 0.10
    assert sum(accuracy < 1 for accuracy in accuracies) >= 5  # a table at its ceiling shows nothing
    chosen = next(row for row in trained if row["chosen"] == "True")
    assert float(chosen["agrees_with_label"]) >= 0.6
    assert float(chosen["rationale_rouge_l"]) >= 0.4
    assert float(chosen["question_overlap"]) >= 0.3


def test_nothing_of_the_test_split_was_read_before(tiny_run):
    held_out = tiny_run.json("results/tiny/yesno/data/manifest.json")["held_out"]
    for split in ("validation", "test", "challenge"):
        for read in ("training split", "pre-training text"):
            assert {count["shared"] for count in held_out[split][read].values()} == {0}, (split, read)


def test_the_choice_is_the_best_on_validation_and_the_smallest_among_equals(tiny_run):
    ranks = rows(tiny_run, "ranks")[2:]
    best = max(float(row["validation_accuracy"]) for row in ranks)
    smallest = min(int(row["rank"]) for row in ranks if float(row["validation_accuracy"]) == best)
    assert next(row["rank"] for row in ranks if row["chosen"] == "True") == str(smallest)


def test_training_records_say_how_it_went(tiny_run):
    record = tiny_run.json("results/tiny/yesno/rank8/training.json")
    assert record["steps"] == 93
    assert record["useful_token_share"] >= 0.95
    assert record["effective_batch"] == 16


def test_the_manifest_accounts_for_every_file_and_drop(tiny_run):
    manifest = tiny_run.json("results/tiny/yesno/data/manifest.json")
    text = json.dumps(manifest)
    for split in ("train", "validation", "test"):
        file = tiny_run.folder / f"results/tiny/yesno/data/{split}.jsonl"
        digest = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()[0]
        assert digest in text


def test_the_model_cards_snippet_runs_as_printed(tiny_run):
    card = tiny_run.read("results/tiny/yesno/rank8/final_adapter/README.md")
    (snippet,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=tiny_run.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"(Yes|No|Uncertain)\. Rationale: ", done.stdout)


def test_the_report_shows_tables_and_plots_with_captions(tiny_run):
    tiny_run.succeed("--profile", "tiny", "--report", "report.html")
    report = tiny_run.read("report.html")
    for name in ("ranks", "comparisons", "challenge", "accuracy", "confusion", "reliability", "curves", "summary"):
        assert f"{SUMMARY}/{name}." in report
    assert "Wilson" in report


def test_the_headlines_name_figures_and_places(tiny_run):
    script = tiny_run.folder / "workflow/scripts/headlines.py"
    done = subprocess.run(
        [sys.executable, script, "results/tiny"], cwd=tiny_run.folder, capture_output=True, text=True, check=True
    )
    assert re.search(r"yesno: .*test accuracy \d+.*n = \d+", done.stdout)
    assert f"{SUMMARY}/" in done.stdout
    assert Path(tiny_run.folder / SUMMARY).is_dir()


def test_the_figures_of_readme_and_docs_can_be_made_from_it(tiny_run, tmp_path):
    docs, results = ROOT / "docs", tiny_run.folder / "results"
    write_page(docs / "figures.md.j2", tmp_path / "figures.md", results)
    page = (tmp_path / "figures.md").read_text()
    assert page.count("base, practised form") >= 3
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text())
    replace_block(tmp_path / "README.md", "figures", docs / "readme_figures.md.j2", results)
    for row in rows(tiny_run, "ranks"):
        assert f"{100 * float(row['test_accuracy']):.1f} %" in page
