"""The summary of the relations study: what each switch brings, and which run is chosen."""

import csv
import json
import re
from dataclasses import replace

import pytest

from medtune.errors import InputError
from medtune.metrics.over_seeds import UNCLAIMED
from medtune.metrics.significance import Difference, holm
from medtune.reporting.pages import render_page
from medtune.studies.relations import comparisons
from medtune.studies.relations.captions import PLOTS, SHOWN
from medtune.studies.relations.comparisons import HARMED, HELPED, UNTOLD, choose, switch_rows
from medtune.studies.relations.familiarity import SEEN, UNSEEN
from medtune.studies.relations.notes import what_figures_show
from medtune.studies.relations.page import PAGES, content
from medtune.studies.relations.runs import PRACTISED_TITLE, RunFiles, changes, read_runs
from medtune.studies.relations.summarize import COLUMNS, summarize
from tests.columns import faults
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
    "sources": [{"format": "synthetic"}],
    "leakage": {"held_out": {"training": {"sentences": {"held_out": 9, "shared": 0}}, "pre-training": None}},
    "labels": {"documents": {"name": "BioRED (proxy)", "caption": "A proxy: correlations are read as <treats>."}},
}
SEEDS = (1, 2)
"""Further training seeds."""
NAMES = {
    **{name: f"{name}.csv" for name in COLUMNS},
    **{f"{name}_html": f"{name}.html" for name in SHOWN},
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
    """Scored runs and their summary: more epochs help, two steps harm, repeats are left out in one."""
    folder = tmp_path_factory.mktemp("relations")
    rows, schema, the_task = made_rows(24), schema_file(folder), task(folder)
    repeated = answers(rows, the_task, 0.3, repeats=0.3, seed=1)
    made = {
        "base": ({}, answers(rows, the_task, 1.0, seed=2, broken=0.9)),
        "practised": ({}, answers(rows, the_task, 0.9, seed=5, broken=0.5)),
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


@pytest.fixture(scope="module")
def seeded(study):
    """The same with three training seeds of default and two switches: one helps, one makes no difference."""
    folder, files, _ = study
    rows, schema, the_task = made_rows(24), folder / "schema.json", task(folder)
    errors = {"default": 0.3, "epochs6": 0.05, "mixed": 0.3}
    found = [RunFiles(file.name, {**file.settings, "seed": 0}, file.metrics, file.items) for file in files[:2]]
    for number, (name, share) in enumerate(errors.items()):
        changed = {"epochs6": SWITCHES["epochs6"], "mixed": {"mix": True}}.get(name, {})
        for seed in (0, *SEEDS):
            run = name if seed == 0 else f"{name}-seed{seed}"
            made = answers(rows, the_task, share, seed=10 * number + seed)
            paths = scored(folder / "seeded", run, rows, made, schema)
            found.append(RunFiles(run, {**SETTINGS, **changed, "seed": seed}, *paths))
    return found


def table(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_comparison_has_exactly_its_columns_and_a_row_for_each_run_and_split(study):
    *_, outputs = study
    assert outputs["comparison"].read_text().splitlines()[0] == (
        "run,split,entity_f1,entity_f1_low,entity_f1_high,relation_f1,relation_f1_low,relation_f1_high,"
        "relation_f1_gold_entities,parse_rate,repair_rate,duplicates,p_value_against_default,n_documents,"
        "relation_f1_gold_entities_low,relation_f1_gold_entities_high,parse_rate_low,parse_rate_high,repair_rate_low,"
        "repair_rate_high,p_holm_against_default"
    )
    rows = table(outputs["comparison"])
    assert [(row["run"], row["split"]) for row in rows] == [
        (run, split) for run in ("base", PRACTISED_TITLE, "default", *SWITCHES) for split in ("validation", "test")
    ]
    by_run = {(row["run"], row["split"]): row for row in rows}
    assert by_run["default", "test"]["p_value_against_default"] == ""
    assert float(by_run["base", "test"]["p_value_against_default"]) < 0.01
    for split in ("validation", "test"):
        found = [row for row in rows if row["split"] == split and row["run"] != "default"]
        corrected = holm([float(row["p_value_against_default"]) for row in found])
        assert [float(row["p_holm_against_default"]) for row in found] == pytest.approx(corrected, rel=1e-4)
        assert corrected != [float(row["p_value_against_default"]) for row in found]
    assert by_run["default", "validation"]["relation_f1_gold_entities"] == ""
    assert float(by_run["default", "test"]["relation_f1_gold_entities"]) > 0
    assert int(by_run["default", "test"]["duplicates"]) > 0 == int(by_run["deduplicated", "test"]["duplicates"])
    assert all(row["n_documents"] == "24" for row in rows)
    for row in rows:
        assert float(row["relation_f1_low"]) <= float(row["relation_f1"]) <= float(row["relation_f1_high"])


def test_each_switch_is_compared_with_default_and_nothing_is_claimed_with_one_training_seed(study):
    *_, outputs = study
    rows = {(row["switch"], row["split"]): row for row in table(outputs["switches"])}
    assert set(rows) == {(name, split) for name in SWITCHES for split in ("validation", "test")}
    assert {row["verdict"] for row in rows.values()} == {UNCLAIMED}
    assert {row["n_seeds"] for row in rows.values()} == {"1"}
    assert rows["epochs6", "test"]["changes"] == "epochs: 3 → 6"
    assert rows["deduplicated", "test"]["changes"] == "repeated items left out: off → on"
    for split in ("validation", "test"):
        of_split = [row for (_, name), row in rows.items() if name == split]
        p_values, adjusted = ([float(row[name]) for row in of_split] for name in ("p_value", "p_holm"))
        assert adjusted == pytest.approx(holm(p_values), rel=1e-3)
        assert adjusted != p_values
    for row in rows.values():
        low, value, high = (float(row[f"relation_f1_difference{end}"]) for end in ("_low", "", "_high"))
        assert low <= value <= high
    comparison = {(row["run"], row["split"]): float(row["relation_f1"]) for row in table(outputs["comparison"])}
    assert float(rows["epochs6", "test"]["relation_f1_difference"]) == pytest.approx(
        comparison["epochs6", "test"] - comparison["default", "test"], abs=1e-5
    )


@pytest.mark.parametrize(
    ("p_value", "seeds", "verdicts"),
    [(0.02, 3, [HELPED, HARMED]), (0.03, 3, [UNTOLD, UNTOLD]), (0.001, 2, [UNCLAIMED, UNCLAIMED])],
)
def test_a_verdict_is_that_of_the_corrected_test_over_three_seeds_or_more(
    seeded, monkeypatch, p_value, seeds, verdicts
):
    runs = read_runs(seeded)
    runs = replace(runs, again={name: members[: seeds - 1] for name, members in runs.again.items()})
    values = {"epochs6": 0.1, "mixed": -0.1}
    monkeypatch.setattr(comparisons, "over_seeds", lambda _, run, *__: Difference(values[run.name], -1, 1, 12, p_value))
    assert [row["verdict"] for row in switch_rows(runs, 0) if row["split"] == "test"] == verdicts


def test_with_three_seeds_switches_are_compared_over_seeds_and_documents(seeded):
    runs = read_runs(seeded)
    assert [run.name for run in runs.switches] == ["epochs6", "mixed"] and runs.switches[0].what == "epochs: 3 → 6"
    assert [run.name for run in runs.of_all_seeds(runs.default)] == ["default", "default-seed1", "default-seed2"]
    rows = {row["switch"]: row for row in switch_rows(runs, 0) if row["split"] == "test"}
    assert rows["epochs6"]["verdict"] == HELPED and rows["mixed"]["verdict"] == UNTOLD
    assert {row["n_seeds"] for row in rows.values()} == {3}
    f1 = [
        sum(run.splits["test"]["relation_f1"]["value"] for run in runs.of_all_seeds(each)) / 3
        for each in (runs.switches[0], runs.default)
    ]
    assert rows["epochs6"]["relation_f1_difference"] == pytest.approx(f1[0] - f1[1], abs=1e-9)
    assert rows["mixed"]["relation_f1_difference_low"] < 0 < rows["mixed"]["relation_f1_difference_high"]


def test_the_choice_is_by_the_mean_over_seeds_and_all_seeds_are_in_the_comparison(seeded, tmp_path):
    assert choose(read_runs(seeded)).name == "epochs6"
    outputs = outputs_in(tmp_path)
    summarize(seeded, MANIFEST, outputs, seed=0)
    rows = [row["run"] for row in table(outputs["comparison"]) if row["split"] == "test"]
    assert rows[:5] == ["base", PRACTISED_TITLE, "default", "epochs6", "mixed"]
    assert set(rows[5:]) == {f"{name}-seed{seed}" for name in ("default", "epochs6", "mixed") for seed in SEEDS}
    assert "by the mean of 3 training seeds" in outputs["page"].read_text()


def test_terms_of_the_training_text_and_held_out_ones_are_shown_apart(study):
    *_, outputs = study
    rows = {
        row["terms"]: row for row in table(outputs["familiarity"]) if (row["run"], row["split"]) == ("epochs6", "test")
    }
    assert set(rows) == {SEEN, UNSEEN}
    types = [row for row in table(outputs["entity_types"]) if (row["run"], row["split"]) == ("epochs6", "test")]
    whole = next(row for row in types if row["type"] == "all (micro)")
    assert sum(int(row["entities"]) for row in rows.values()) == int(whole["gold"])
    for row in rows.values():
        assert int(row["entities"]) > 5 and int(row["relations"]) > 5 and 5 < int(row["n_documents"]) <= 24
        for name in ("entity_precision", "entity_recall", "entity_f1", "relation_f1"):
            assert float(row[f"{name}_low"]) <= float(row[name]) <= float(row[f"{name}_high"])


def test_every_page_of_synthetic_documents_says_what_its_figures_show_and_what_was_published(study):
    outputs = study[2]
    page = outputs["page"].read_text()
    for name in ("page", "headline", *(f"{name}_html" for name in SHOWN)):
        assert what_figures_show(MANIFEST) in outputs[name].read_text(), name
    assert "The documents are synthetic, made by rules" in page and "they say nothing about real text" in page
    assert "stands in the training text (counted in data/manifest.json)" in page
    assert "| entities | 85.0 % | 84.8 % | " in page and "| relations | 75.0 % | 39.2 % | " in page
    assert "not comparable to a run here" in page
    real = {**MANIFEST, "sources": [{"format": "brat"}, {"format": "synthetic"}]}
    assert what_figures_show(real) is None


def test_the_run_with_the_best_validation_relation_f1_is_chosen(study):
    *_, outputs = study
    choice = json.loads(outputs["choice"].read_text())
    assert choice["chosen"] == "epochs6" and choice["settings"]["training"]["epochs"] == 6.0
    assert choice["changes"] == [{"key": "training.epochs", "default": 3.0, "chosen": 6.0}]
    assert outputs["headline"].read_text().startswith("epochs6, chosen on validation: entity F1 ")
    assert "the highest of 4 trained runs" in choice["reason"]


def test_of_equal_runs_default_is_chosen_and_then_the_one_that_changes_less(study):
    _, files, _ = study
    base, practised, default, epochs, *_ = files
    twin = RunFiles("twin", {**SETTINGS, "mix": True}, default.metrics, default.items)
    assert choose(read_runs([base, practised, twin, default])).name == "default"
    both = RunFiles("a_both", {**SETTINGS, "mix": True, "two_steps": True}, epochs.metrics, epochs.items)
    one = RunFiles("one", {**SETTINGS, "mix": True}, epochs.metrics, epochs.items)
    assert choose(read_runs([base, practised, default, both, one])).name == "one"


def test_the_base_model_is_never_chosen(study):
    _, files, _ = study
    _, _, default, epochs, *_ = files
    better = [RunFiles(name, SETTINGS, epochs.metrics, epochs.items) for name in ("base", "practised")]
    assert choose(read_runs([*better, default])).name == "default"


def test_every_page_and_every_table_that_can_names_the_labels(study):
    *_, outputs = study
    for name in (*(f"{name}_html" for name in SHOWN), "page_html"):
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
    summarize(files[:3], {**MANIFEST, "labels": {"mix": {"name": "other", "caption": "No."}}}, outputs, seed=0)
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


def test_the_page_tells_errors_of_entities_from_errors_of_relations(study, tmp_path):
    _, files, outputs = study
    page = outputs["page"].read_text()
    assert re.search(r"relation F1 of epochs6 on the test documents is \d", page)
    assert "Nothing is claimed about any switch, since the runs have 1 training seed" in page
    assert "![Errors of relations by class](errors.png)" in page
    runs = read_runs(files)
    for (value, low, high), told in {
        (0.2, 0.1, 0.3): "+20.0 points (+10.0 to +30.0), so much of what is wrong comes from its entities",
        (-0.2, -0.3, -0.1): "being given entities does not help it",
        (0.1, -0.1, 0.3): "no difference that could be told",
    }.items():
        differences = {"default": Difference(value, low, high, 24, 0.4)}
        found = content(runs, runs.default, {"comparison": []}, differences, {}, MANIFEST)
        assert told in render_page(PAGES / "entities_or_relations.md.j2", found, tmp_path)


def test_switches_are_told_by_their_verdicts(study, tmp_path):
    row = {"switch": "rank32", "split": "test", "verdict": UNTOLD, "n_seeds": 3}
    row |= {f"relation_f1_difference{end}": 0.02 for end in ("", "_low", "_high")}
    rows = [row, {**row, "switch": "sure", "verdict": HELPED}, {**row, "split": "validation", "verdict": HARMED}]
    runs = read_runs(study[1])
    found = content(runs, runs.default, {"comparison": [], "switches": rows}, {}, {}, MANIFEST)
    sentences = render_page(PAGES / "switches.md.j2", found, tmp_path).splitlines()
    assert len(sentences) == 2 and "sure" in sentences[0] and sentences[0].startswith("- Helped, by the test documents")
    assert sentences[1].startswith("- No significant difference") and "rank32" in sentences[1]


def test_settings_that_differ_are_found_however_deep():
    changed = {**SETTINGS, "training": {"epochs": 3.0, "lora": {"rank": 32, "alpha": None}}, "mix": True}
    assert [str(change) for change in changes(changed, SETTINGS)] == [
        "LoRA rank: 16 → 32",
        "LoRA alpha: 16 → none",
        "real data mixed in: off → on",
    ]


def test_runs_that_do_not_belong_together_are_refused(study, tmp_path):
    folder, files, _ = study
    with pytest.raises(InputError, match="expected base, practised, default and each switch once"):
        read_runs(files[1:])
    with pytest.raises(InputError, match="expected base, practised, default and each switch once"):
        read_runs([*files, files[2]])
    other = made_rows(5)
    paths = scored(tmp_path, "other", other, answers(other, task(folder), 0.1), folder / "schema.json")
    with pytest.raises(InputError, match="other and default were scored on different documents"):
        read_runs([*files, RunFiles("other", SETTINGS, *paths)])


def test_every_figure_of_every_table_has_an_interval_that_holds_it_and_has_a_width(study):
    assert list(faults(study[-1]["comparison"].parent)) == []
