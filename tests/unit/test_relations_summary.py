"""The summary of the relations study: what each switch brings, and which run is chosen."""

import csv
import json
import re

import pytest

from medtune.errors import InputError
from medtune.metrics.significance import Difference
from medtune.tasks.relations.comparisons import HARMED, HELPED, UNTOLD, choose, verdict
from medtune.tasks.relations.figures import PLOTS
from medtune.tasks.relations.pages import HTML_PAGES, entities_or_relations, switch_sentences
from medtune.tasks.relations.runs import RunFiles, changes, read_runs
from medtune.tasks.relations.summarize import COLUMNS, summarize
from tests.unit.relations_study import answers, made_rows, schema_file, scored, task

SETTINGS = {
    "training": {"epochs": 3.0, "lora": {"rank": 16, "alpha": 16}},
    "relation_weight": 1.0,
    "two_steps": False,
    "deduplicate": False,
    "drop_violations": False,
    "without_relations": 0.0,
    "mix": False,
}
SWITCHES = {
    "epochs6": {"training": {"epochs": 6.0, "lora": {"rank": 16, "alpha": 16}}},
    "deduplicated": {"deduplicate": True},
    "two_steps": {"two_steps": True},
}
MANIFEST = {
    "labels": {"documents": {"name": "BioRED (proxy)", "caption": "A proxy: correlations are read as <treats>."}}
}
NAMES = {
    **{name: f"{name}.csv" for name in COLUMNS},
    **{f"{name}_html": f"{name}.html" for name in HTML_PAGES},
    **{f"{name}_{suffix}": f"{name}.{suffix}" for name in PLOTS for suffix in ("png", "svg")},
    "choice": "choice.json",
    "page": "summary.md",
    "page_html": "summary.html",
    "headline": "headline.txt",
}


def outputs_in(folder):
    return {name: folder / file for name, file in NAMES.items()}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Five scored runs and their summary: more epochs help, two steps harm, repeats are left out in one."""
    folder = tmp_path_factory.mktemp("relations")
    rows, schema, the_task = made_rows(24), schema_file(folder), task(folder)
    repeated = answers(rows, the_task, 0.3, repeats=0.3, seed=1)
    made = {
        "base": ({}, answers(rows, the_task, 1.0, seed=2, broken=0.9)),
        "default": ({}, repeated),
        "epochs6": (SWITCHES["epochs6"], answers(rows, the_task, 0.05, seed=3)),
        "deduplicated": (SWITCHES["deduplicated"], repeated),
        "two_steps": (SWITCHES["two_steps"], answers(rows, the_task, 0.8, repeats=0.3, seed=4, broken=0.2)),
    }
    files = [
        RunFiles(
            name,
            {**SETTINGS, **changed},
            *scored(folder, name, rows, found, schema, deduplicate=changed.get("deduplicate", False)),
        )
        for name, (changed, found) in made.items()
    ]
    outputs = outputs_in(folder / "summary")
    summarize(files, MANIFEST, outputs, seed=0)
    return folder, files, outputs


def table(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_comparison_has_exactly_its_columns_and_a_row_for_each_run_and_split(study):
    *_, outputs = study
    assert outputs["comparison"].read_text().splitlines()[0] == (
        "run,split,entity_f1,entity_f1_low,entity_f1_high,relation_f1,relation_f1_low,relation_f1_high,"
        "relation_f1_gold_entities,parse_rate,repair_rate,duplicates,p_value_against_default,n_documents"
    )
    rows = table(outputs["comparison"])
    assert [(row["run"], row["split"]) for row in rows] == [
        (run, split) for run in ("base", "default", *SWITCHES) for split in ("validation", "test")
    ]
    by_run = {(row["run"], row["split"]): row for row in rows}
    assert by_run["default", "test"]["p_value_against_default"] == ""
    assert float(by_run["base", "test"]["p_value_against_default"]) < 0.01
    assert by_run["default", "validation"]["relation_f1_gold_entities"] == ""
    assert float(by_run["default", "test"]["relation_f1_gold_entities"]) > 0
    assert int(by_run["default", "test"]["duplicates"]) > 0 == int(by_run["deduplicated", "test"]["duplicates"])
    assert all(row["n_documents"] == "24" for row in rows)
    for row in rows:
        assert float(row["relation_f1_low"]) <= float(row["relation_f1"]) <= float(row["relation_f1_high"])


def test_each_switch_is_compared_with_default_and_judged_by_its_interval(study):
    *_, outputs = study
    rows = {(row["switch"], row["split"]): row for row in table(outputs["switches"])}
    assert set(rows) == {(name, split) for name in SWITCHES for split in ("validation", "test")}
    assert rows["epochs6", "test"]["verdict"] == HELPED and rows["two_steps", "test"]["verdict"] == HARMED
    assert rows["epochs6", "test"]["changes"] == "epochs: 3 → 6"
    assert rows["deduplicated", "test"]["changes"] == "repeated items left out: off → on"
    for row in rows.values():
        assert float(row["p_holm"]) >= float(row["p_value"])
        low, value, high = (float(row[f"relation_f1_difference{end}"]) for end in ("_low", "", "_high"))
        assert low <= value <= high
    comparison = {(row["run"], row["split"]): float(row["relation_f1"]) for row in table(outputs["comparison"])}
    assert float(rows["epochs6", "test"]["relation_f1_difference"]) == pytest.approx(
        comparison["epochs6", "test"] - comparison["default", "test"], abs=1e-5
    )


def test_a_verdict_is_only_what_the_interval_shows():
    assert verdict(Difference(0.1, 0.01, 0.2, 9, 0.01)) == HELPED
    assert verdict(Difference(-0.1, -0.2, -0.01, 9, 0.01)) == HARMED
    assert verdict(Difference(0.1, 0.0, 0.2, 9, 0.06)) == verdict(Difference(0, 0, 0, 9, 1)) == UNTOLD


def test_the_run_with_the_best_validation_relation_f1_is_chosen(study):
    *_, outputs = study
    choice = json.loads(outputs["choice"].read_text())
    assert choice["chosen"] == "epochs6" and choice["settings"]["training"]["epochs"] == 6.0
    assert choice["changes"] == [{"key": "training.epochs", "default": 3.0, "chosen": 6.0}]
    assert outputs["headline"].read_text().startswith("epochs6, chosen on validation: entity F1 ")
    assert "the highest of 4 trained runs" in choice["reason"]


def test_of_equal_runs_default_is_chosen_and_then_the_one_that_changes_less(study):
    _, files, _ = study
    base, default, epochs, *_ = files
    twin = RunFiles("twin", {**SETTINGS, "mix": True}, default.metrics, default.items)
    assert choose(read_runs([base, twin, default])).name == "default"
    both = RunFiles("a_both", {**SETTINGS, "mix": True, "two_steps": True}, epochs.metrics, epochs.items)
    one = RunFiles("one", {**SETTINGS, "mix": True}, epochs.metrics, epochs.items)
    assert choose(read_runs([base, default, both, one])).name == "one"


def test_the_base_model_is_never_chosen(study):
    _, files, _ = study
    _, default, epochs, *_ = files
    better = RunFiles("base", SETTINGS, epochs.metrics, epochs.items)
    assert choose(read_runs([better, default])).name == "default"


def test_every_page_and_every_table_that_can_names_the_labels(study):
    *_, outputs = study
    for name in (*(f"{name}_html" for name in HTML_PAGES), "page_html"):
        text = outputs[name].read_text()
        assert "A proxy: correlations are read as &lt;treats&gt;." in text and "BioRED (proxy)" in text, name
    assert "A proxy" in outputs["page"].read_text()
    assert "BioRED (proxy)" in outputs["headline"].read_text()
    for name in COLUMNS:
        if name != "comparison":
            assert {row["labels"] for row in table(outputs[name])} == {"BioRED (proxy)"}, name


def test_without_a_caption_nothing_is_said_of_labels(study, tmp_path):
    _, files, _ = study
    outputs = outputs_in(tmp_path)
    summarize(files[:2], {"labels": {"mix": {"name": "other", "caption": "No."}}}, outputs, seed=0)
    assert "labels" not in outputs["headline"].read_text() + outputs["page"].read_text()
    assert table(outputs["switches"]) == []
    assert "There are no switches to compare." in outputs["page"].read_text()


def test_tables_by_type_and_by_class_add_up(study):
    *_, outputs = study
    errors = [row for row in table(outputs["errors"]) if (row["run"], row["split"]) == ("default", "test")]
    assert sum(float(row["share"]) for row in errors) == pytest.approx(1, abs=1e-4)
    types = [row for row in table(outputs["relation_types"]) if (row["run"], row["split"]) == ("default", "test")]
    by_type = {row["type"]: row for row in types}
    whole = by_type.pop("all (micro)")
    by_type.pop("all (macro)")
    assert sum(int(row["gold"]) for row in by_type.values()) == int(whole["gold"])
    assert sum(int(row["predicted"]) for row in by_type.values()) == int(whole["predicted"])
    confusion = [
        row for row in table(outputs["relation_confusion"]) if (row["run"], row["split"]) == ("default", "test")
    ]
    assert sum(int(row["count"]) for row in confusion) == sum(int(row["count"]) for row in errors)
    assert sum(int(row["count"]) for row in confusion if row["gold"] != "none") == int(whole["gold"])
    assert {row["split"] for row in table(outputs["entity_types"])} == {"validation", "test"}


def test_every_output_is_there_and_the_same_when_made_again(study, tmp_path):
    _, files, outputs = study
    again = outputs_in(tmp_path)
    summarize(files, MANIFEST, again, seed=0)
    for name in NAMES:
        assert outputs[name].stat().st_size > 0
        assert again[name].read_bytes() == outputs[name].read_bytes(), name


def test_the_page_tells_errors_of_entities_from_errors_of_relations(study):
    _, files, outputs = study
    page = outputs["page"].read_text()
    assert re.search(r"relation F1 of epochs6 on the test documents is \d", page)
    assert "Helped, by the test documents: epochs6" in page and "Harmed, by the test documents: two\\_steps" in page
    assert "![Errors of relations by class](errors.png)" in page
    run = read_runs(files).default
    assert "comes from its entities" in entities_or_relations(run, Difference(0.2, 0.1, 0.3, 24, 0.001))
    assert "does not help" in entities_or_relations(run, Difference(-0.2, -0.3, -0.1, 24, 0.001))
    assert "no difference that could be told" in entities_or_relations(run, Difference(0.1, -0.1, 0.3, 24, 0.4))


def test_an_effect_that_correction_takes_away_is_said_to_be_open():
    row = {"switch": "rank32", "split": "test", "verdict": HELPED, "p_holm": 0.09}
    row |= {f"relation_f1_difference{end}": 0.02 for end in ("", "_low", "_high")}
    sentences = switch_sentences([row, {**row, "switch": "sure", "p_holm": 0.01}])
    assert len(sentences) == 2 and sentences[1].endswith("nothing is shown for rank32.")


def test_settings_that_differ_are_found_however_deep():
    changed = {**SETTINGS, "training": {"epochs": 3.0, "lora": {"rank": 32, "alpha": None}}, "mix": True}
    assert [str(change) for change in changes(changed, SETTINGS)] == [
        "LoRA rank: 16 → 32",
        "LoRA alpha: 16 → none",
        "real data mixed in: off → on",
    ]


def test_runs_that_do_not_belong_together_are_refused(study, tmp_path):
    folder, files, _ = study
    with pytest.raises(InputError, match="expected base, default and each switch once"):
        read_runs(files[1:])
    with pytest.raises(InputError, match="expected base, default and each switch once"):
        read_runs([*files, files[2]])
    other = made_rows(5)
    paths = scored(tmp_path, "other", other, answers(other, task(folder), 0.1), folder / "schema.json")
    with pytest.raises(InputError, match="other and default were scored on different documents"):
        read_runs([*files, RunFiles("other", SETTINGS, *paths)])
