"""The summary of a study of the user's own, with a kind made for the test: shares of right items."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.kinds.shown import Automation
from medtune.kinds.summary import (
    BASE,
    RunFiles,
    Shown,
    comparison_rows,
    items_to_settle,
    read_runs,
    run_columns,
    run_rows,
    seed_rows,
)
from medtune.metrics.forgetting import GuardItem, forgetting_rows
from medtune.metrics.proportions import proportion
from medtune.reporting.tables import read_csv, write_csv
from medtune.stages import summarize_own

COLUMNS = ("id", "split", "correct", "sure")


def sums(items):
    right = [item["correct"] == "True" for item in items]
    return [item["id"] for item in items], np.column_stack([right, np.ones(len(right))])


KIND = SimpleNamespace(
    SHOWN=(Shown("accuracy", "accuracy"), Shown("length", "mean length", share=False)),
    JUDGED="accuracy",
    ITEM_COLUMNS=COLUMNS,
    sums=sums,
    ratio=lambda found: found[:, 0] / found[:, 1],
)


@pytest.fixture
def model(tmp_path):
    """Writes the files of one model: which of its test items are right, and its validation accuracy in tenths."""

    def written(name, right, validation, seed=1, ids=None, sure=""):
        folder = tmp_path / f"{name}-{seed}"
        folder.mkdir()
        ids = ids or [f"t{n}" for n in range(len(right))]
        rows = [{"id": key, "split": "test", "correct": one} for key, one in zip(ids, right, strict=True)]
        rows += [{"id": f"v{n}", "split": "validation", "correct": True} for n in range(20)]
        rows = [{**row, "sure": sure} for row in rows]
        write_csv(folder / "items.csv", rows, COLUMNS)
        length = {**proportion(1, 2, unit="notes").as_dict(), "value": 3.5, "low": 3.0, "high": 4.0}
        splits = {
            "validation": {"accuracy": proportion(validation, 10, unit="notes").as_dict(), "length": length},
            "test": {"accuracy": proportion(sum(right), len(right), unit="notes").as_dict(), "length": length},
        }
        write_json(folder / "metrics.json", {"splits": splits})
        record = None
        if name != BASE:
            record = folder / "training.json"
            history = [{"step": 5, "validation_loss": 1.0}, {"step": 5, "loss": 2.0}]
            write_json(record, {"trainable_parameters": 8, "train_seconds": 1.5, "history": history})
        return RunFiles(name, None if name == BASE else seed, folder / "metrics.json", folder / "items.csv", record)

    return written


def test_the_run_is_chosen_on_validation_whatever_the_test_split_says(model):
    files = [model(BASE, [False] * 8, 0), model("a", [True] * 8, 4), model("b", [False] * 8, 6)]
    runs = read_runs(files, KIND)
    assert runs.chosen.name == "b"
    assert [(row["run"], row["chosen"]) for row in run_rows(runs)] == [(BASE, False), ("a", False), ("b", True)]


def test_of_a_tie_on_validation_the_first_run_is_chosen(model):
    runs = read_runs([model(BASE, [True], 0), model("z", [True], 5), model("a", [True], 5)], KIND)
    assert runs.chosen.name == "z"


def test_a_row_has_the_columns_of_the_table_and_figures_of_the_test_split(model):
    row = run_rows(read_runs([model(BASE, [False] * 4, 0), model("a", [True, True, True, False], 4)], KIND))[1]
    assert tuple(row) == run_columns(KIND)
    assert (row["accuracy"], row["validation_accuracy"], row["n"], row["unit"]) == (0.75, 0.4, 4, "notes")
    assert (row["trainable_parameters"], row["peak_memory_mb"]) == (8, None)


def test_runs_are_compared_in_pairs_and_holm_corrected_by_family(model):
    files = [
        model(BASE, [False] * 12, 0),
        model("good", [True] * 12, 9),
        model("same", [False] * 12, 1),
        model("half", [True, False] * 6, 5),
    ]
    rows = comparison_rows(read_runs(files, KIND), seed=0)
    base = {row["run"]: row for row in rows if row["family"] == "base"}
    assert base["good"]["p_value"] == pytest.approx(2 / 2**12) and base["good"]["verdict"] == "better"
    assert base["good"]["p_holm"] == pytest.approx(3 * 2 / 2**12)
    assert (base["same"]["difference"], base["same"]["p_value"], base["same"]["verdict"]) == (0, 1, "tie")
    chosen = {row["run"]: row for row in rows if row["family"] == "chosen"}
    assert set(chosen) == {"same", "half"} and chosen["half"]["difference"] == pytest.approx(-0.5)
    assert all(row["reference"] == "good (seed 1)" for row in chosen.values())


def test_nothing_is_claimed_of_a_run_with_fewer_than_three_seeds(model):
    files = [model(BASE, [False] * 4, 0)]
    for seed in (1, 2):
        files += [model("a", [True] * 4, 9, seed), model("b", [seed == 1, True, False, False], 1, seed)]
    rows = {row["run"]: row for row in seed_rows(read_runs(files, KIND))}
    assert rows["b"]["verdict"].startswith("nothing claimed") and rows["b"]["difference"] is None
    assert (rows["b"]["pooled"], rows["b"]["seed_sd"]) == (0.375, pytest.approx(0.25 / 2**0.5))
    assert rows["a"]["verdict"] == "reference" and (rows["a"]["seeds"], rows["a"]["pooled"]) == (2, 1.0)


def test_with_three_seeds_a_run_is_told_from_the_chosen_one_as_a_method(model):
    files = [model(BASE, [False] * 20, 0)]
    for seed in (1, 2, 3):
        files += [model("a", [True] * 20, 9, seed), model("b", [seed % 2 == n % 2 for n in range(20)], 1, seed)]
    rows = {row["run"]: row for row in seed_rows(read_runs(files, KIND))}
    assert rows["b"]["verdict"] == "worse" and rows["b"]["p_holm"] < 0.05
    assert rows["b"]["difference"] == pytest.approx(-0.5)
    assert rows["b"]["difference_low"] < -0.5 < rows["b"]["difference_high"]


def test_models_that_were_scored_on_other_items_are_refused(model):
    files = [model(BASE, [True], 0), model("a", [True], 1, ids=["other"])]
    with pytest.raises(InputError, match=r"a \(seed 1\) and the base model were scored on different items"):
        read_runs(files, KIND)
    with pytest.raises(InputError, match="no trained run"):
        read_runs(files[:1], KIND)


def test_more_items_are_needed_for_a_smaller_difference():
    row = {"difference": 0.1, "difference_low": -0.05, "difference_high": 0.25, "n": 100}
    assert items_to_settle({**row, "difference": 0.05}) == pytest.approx(4 * items_to_settle(row), rel=0.01)
    assert items_to_settle({**row, "difference": -0.1}) == items_to_settle(row)
    assert items_to_settle({**row, "difference": 0.0}) is None
    # A tenth of 100 right or wrong alike, standard error 0.15 / 1.984: by the textbook 100 (2.802 x 0.0756 / 0.1)^2.
    assert items_to_settle(row) == pytest.approx(449, abs=2)


@pytest.fixture
def outputs(tmp_path):
    names = [*summarize_own.TABLES, summarize_own.AUTOMATION]
    names += [*(f"{name}_html" for name in names), "page", "page_html"]
    names += [f"{plot}_{suffix}" for plot in summarize_own.PLOTS for suffix in ("png", "svg")]
    endings = {"html": "html", "png": "png", "svg": "svg", "page": "md"}
    paths = {name: tmp_path / f"{name}.{endings.get(name.split('_')[-1], 'csv')}" for name in names}
    return paths | {"choice": tmp_path / "choice.json", "headline": tmp_path / "headline.txt"}


def test_the_summary_writes_tables_plots_choice_and_a_page_that_says_what_a_tie_needs(
    model, tmp_path, outputs, monkeypatch
):
    monkeypatch.setattr(summarize_own, "part_of", lambda *_: KIND)
    manifest = tmp_path / "manifest.json"
    source = {"name": "notes <b>", "format": "csv", "records": 40, "licence": None}
    drop = {"source": "notes", "count": 2, "reason": "repeated"}
    leakage = {"method": "texts compared", "rule": "groups are kept", "near_twins": {"method": "5-grams", "test": 3}}
    facts = {"records": {"train": 30, "test": 4}, "sources": [source], "dropped": [drop], "leakage": leakage}
    write_json(manifest, facts)
    files = [model(BASE, [False, False, True, True], 0), model("a", [True, False, True, True], 9)]
    known = {"value": 0.5, "low": 0.3, "high": 0.7, "n": 80, "p_value": 1e-5}
    audits = [written_audit(tmp_path, name, found) for name, found in (("llm", known), ("one", None))]
    summarize_own.summarize("any", "Smoking", files, manifest, outputs, seed=0, audits=audits)
    not_asked = {"automation", "automation_html"}  # of a kind whose answers have no confidence as a whole
    assert {name for name, path in outputs.items() if not path.is_file() or not path.stat().st_size} == not_asked
    page = outputs["page"].read_text()
    assert "without review" not in page
    assert "# Smoking" in page and "50.0 % (15.0–85.0)" in page and "3.50 (3.00–4.00)" in page
    assert "tie. About" in page and "notes would tell such a difference" in page
    assert "- Groups are kept; texts compared." in page and "Near twins: 3 of 4 texts of the test split" in page
    assert "Left out: 2 records of notes: repeated." in page
    assert "- llm, before any training: **a sign that it has read test items before**. Gold answers" in page
    assert "Looked at: 40 answers of train and 40 of test; 3 more did not fit the model." in page
    assert "- one, before any training: whether it has read test items before cannot be told; a split has" in page
    assert "| +0.500 (+0.300 to +0.700) | \\< 0.001 | a sign |" in page
    assert "a (seed 1), chosen on validation: accuracy on the test split 75.0 %" in outputs["headline"].read_text()
    assert "notes &lt;b&gt;" in outputs["page_html"].read_text()
    assert [row["verdict"] for row in read_csv(outputs["comparisons"])] == ["tie"]


def test_the_page_does_not_ask_for_fewer_notes_than_a_tie_has(model, tmp_path, outputs, monkeypatch):
    monkeypatch.setattr(summarize_own, "part_of", lambda *_: KIND)
    manifest = tmp_path / "manifest.json"
    leakage = {"method": "m", "rule": "r", "near_twins": {"method": "5-grams", "test": 0}}
    write_json(manifest, {"records": {"train": 30, "test": 4}, "sources": [], "dropped": [], "leakage": leakage})
    files = [model(BASE, [False] * 4, 0), model("a", [True] * 4, 9)]
    summarize_own.summarize("any", "Smoking", files, manifest, outputs, seed=0)
    page = outputs["page"].read_text()
    assert "tie. So large a difference is mostly told with 4 notes" in page and "would tell such" not in page


def written_audit(folder, name, difference):
    """An audit of a base model (`medtune.stages.audit_base`) whose two signals differ so between test and train."""
    figure = {"value": -2.0, "low": -2.5, "high": -1.5, "n": 40, "unit": "groups"}
    split = {"answers": 40, "too_long": 0, "log_likelihood": figure, "lowest_20_percent": figure}
    content = {
        "base_model": {"name": name},
        "splits": {"train": split, "test": {**split, "too_long": 3}},
        "differences": {"log_likelihood": difference, "lowest_20_percent": difference},
    }
    write_json(folder / f"{name}.json", content)
    return folder / f"{name}.json"


def test_the_page_says_what_each_adapter_forgot_where_it_was_measured(model, tmp_path, outputs, monkeypatch):
    monkeypatch.setattr(summarize_own, "part_of", lambda *_: KIND)
    manifest, guard = tmp_path / "manifest.json", tmp_path / "guard.json"
    write_json(manifest, {"records": {"test": 4}, "sources": [], "dropped": []})
    items = [GuardItem("general questions", f"i{n}", 3, -1.0, -1.0 - 0.1 * (n + 1), False, False) for n in range(6)]
    write_json(guard, {"sources": forgetting_rows(items, seed=0), "left_out": {}})
    base, adapter = model(BASE, [False] * 4, 0), model("a", [True, False, True, True], 9)
    summarize_own.summarize("any", "Smoking", [base, replace(adapter, guard=guard)], manifest, outputs, seed=0)
    section = outputs["page"].read_text().split("## What the adapters forget")[1].split("\n## ")[0]
    assert re.search(r"\| a \\?\(seed 1\\?\) \| general questions \| 6 \|.*\| loss \|", section)
    summarize_own.summarize("any", "Smoking", [base, adapter], manifest, outputs, seed=0)
    assert "forget" not in outputs["page"].read_text()


@pytest.mark.parametrize("sure", [0.9, ""])
def test_the_page_says_which_answers_of_the_chosen_run_may_go_without_review(
    model, tmp_path, outputs, monkeypatch, sure
):
    kind = SimpleNamespace(**vars(KIND), AUTOMATION=Automation("sure", "correct", "notes"))
    monkeypatch.setattr(summarize_own, "part_of", lambda *_: kind)
    manifest = tmp_path / "manifest.json"
    write_json(manifest, {"records": {"test": 4}, "sources": [], "dropped": []})
    files = [model(BASE, [False] * 4, 0), model("a", [True, False, True, True], 9, sure=sure)]
    summarize_own.summarize("any", "Smoking", files, manifest, outputs, seed=0)
    page, rows = outputs["page"].read_text(), read_csv(outputs["automation"])
    if not sure:
        assert rows == [] and "The answers of a (seed 1) have no confidences" in page
        return
    assert {row["model"] for row in rows} == {"a (seed 1)"}
    assert "| 0.2 | certified | 0 | 100.0 % (51.0–100.0) | 25.0 % (4.6–69.9), 1 of 4 |" in page
    assert "cannot be certified with 20 validation notes: at least 59 must be accepted, all of them right" in page


def test_of_a_single_unit_nothing_is_claimed_whatever_the_seeds(model):
    files = [model(BASE, [False], 0)]
    for seed in (1, 2, 3):
        files += [model("a", [True], 9, seed), model("b", [False], 1, seed)]
    runs = read_runs(files, KIND)
    rows = {row["run"]: row for row in seed_rows(runs)}
    assert rows["b"]["verdict"] == "nothing claimed: the test split is a single unit"
    assert rows["b"]["difference"] is None and rows["a"]["verdict"] == "reference"
    assert {row["verdict"] for row in comparison_rows(runs, seed=0)} == {"tie"}


def test_a_split_on_which_no_run_has_the_judged_figure_is_refused(model):
    files = [model(BASE, [False], 0), model("a", [True], 1)]
    for position, one in enumerate(files):
        content = read_json(one.metrics)
        content["splits"]["validation"]["accuracy"]["value"] = None
        write_json(one.metrics, content)
        if position == 0:
            assert read_runs(files, KIND).chosen.name == "a"
    with pytest.raises(InputError, match="the validation split holds nothing that accuracy is measured on"):
        read_runs(files, KIND)
