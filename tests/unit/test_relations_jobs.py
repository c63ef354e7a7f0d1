import re

import pytest

from medtune.errors import InputError
from medtune.studies.relations.jobs import RelationsJobs
from tests.unit.job_cases import paper, tiny, wildcards

ROOT = "results/tiny/relations"
OFF = dict.fromkeys(tiny().relations.switches)
"""All switches of the tiny scale switched off."""
DATA = {"format": "biored", "train": "data/Train.PubTator", "labels": "biored_proxy"}


def jobs(switches=None, **section) -> RelationsJobs:
    return RelationsJobs(tiny(relations={"switches": {**OFF, **(switches or {})}, **section}))


def run(name: str):
    return wildcards(run=name)


def test_runs_are_those_without_an_adapter_default_and_a_run_for_each_switch():
    study = jobs({"weighted": {"relation_weight": 3.0}, "off": None})
    assert list(study.runs) == ["base", "practised", "default", "weighted"]
    changed = {key for key, value in study.runs["weighted"].items() if value != study.runs["default"][key]}
    assert changed == {"relation_weight"}
    assert study.files("items.csv") == [f"{ROOT}/{name}/items.csv" for name in study.runs]


def test_with_further_seeds_default_and_switches_are_trained_again():
    study = jobs({"weighted": {"relation_weight": 3.0}}, seeds=[5, 6])
    again = ["default-seed6", "weighted-seed6"]
    assert list(study.runs)[4:] == again
    assert [study.seed(run(name)) for name in ("default", *again)] == [5, 6, 6]
    assert [study.trained(name) for name in again] == again


def test_a_switch_of_training_changes_training_settings():
    study = jobs({"rank": {"rank": 3, "epochs": 2.0}})
    default = study.training(run("default"))
    expected = {**default, "epochs": 2.0, "lora": {**default["lora"], "rank": 3}}
    assert study.training(run("rank")) == expected
    assert default == study.training_settings(), "the default's are as they were"


def test_the_base_model_is_asked_in_one_step_and_in_its_own_form_unconstrained():
    study = jobs(two_steps=True, relation_weight=2.0, generation={"constrained": True})
    assert [study.runs[name]["two_steps"] for name in study.runs] == [False, False, True]
    assert [study.runs[name]["constrained"] for name in study.runs] == [True, False, True]
    assert study.options(wildcards()) == study.options(run("base"))
    assert study.options(run("base"))["relation_weight"] == 1.0
    assert study.practised_generation()["constrained"] is False


def test_runs_share_an_adapter_and_answers_as_far_as_they_are_alike():
    study = jobs(
        {
            "constrained": {"constrained": True},
            "deduplicated": {"deduplicate": True},
            "weighted": {"relation_weight": 3.0},
            "clean": {"relation_weight": 3.0, "drop_violations": True},
        }
    )
    names = ("base", "practised", "constrained", "deduplicated", "weighted", "clean")
    own = ["base", "practised"]
    assert [study.trained(name) for name in names] == [*own, "default", "default", "weighted", "weighted"]
    assert [study.answered(name) for name in names] == [*own, "constrained", "default", "weighted", "weighted"]
    assert study.trained_files("x") == [f"{ROOT}/default/x", f"{ROOT}/weighted/x"]
    assert study.adapter(run("clean")) == f"{ROOT}/weighted/final_model/adapter_config.json"
    assert study.predictions(run("clean")) == f"{ROOT}/weighted/predictions.jsonl"
    assert study.all_predictions()[-1] == study.predictions(run("clean"))
    assert study.reading(run("clean")) == {"deduplicate": False, "drop_violations": True}


def test_answers_in_two_steps_have_rules_of_their_own():
    study = jobs({"two_steps": {"two_steps": True}, "a.b": {"relation_weight": 2.0}})
    assert study.run_pattern(two_steps=True) == "two_steps"
    assert re.fullmatch(study.run_pattern(two_steps=False), "a.b")
    assert not re.fullmatch(study.run_pattern(two_steps=False), "axb")
    assert re.fullmatch(study.run_pattern(), "base") and not re.fullmatch(study.run_pattern(two_steps=False), "base")
    steps = [f"{ROOT}/two_steps/{step}/generate.benchmark.tsv" for step in ("first", "second")]
    assert study.benchmarks(run("two_steps")) == steps
    assert study.benchmarks(run("default")) == [f"{ROOT}/default/generate.benchmark.tsv"]


def test_only_answers_that_are_held_to_a_form_depend_on_the_schema():
    study = jobs({"constrained": {"constrained": True}})
    assert study.form(run("default")) == [] and "schema" not in study.answering(run("default"))
    assert study.form(run("constrained")) == study.answering(run("constrained"))["schema"] == study.schema
    assert study.generation(run("constrained"))["constrained"] is True
    assert study.teaching(run("default"))["schema"] == study.schema, "in training answers are scored"


def test_runs_with_the_same_documents_share_training_rows():
    switches = {"mixed": {"mix": True}, "steps": {"two_steps": True}, "fewer": {"without_relations": 0.25}}
    study = jobs({**switches, "weighted": {"relation_weight": 3.0}}, data={"mix": DATA, "longest_answer": 900})
    variants = {name: study.training_rows(run(name))["train"].split("/")[-2] for name in study.runs}
    assert variants["default"] == variants["weighted"] == "without0"
    assert [variants[name] for name in switches] == ["without0+mixed", "without0+steps", "without0.25"]
    settings = {name: study.variant_data(wildcards(variant=variants[name])) for name in ("default", *switches)}
    assert [settings[name]["mix"] is not None for name in settings] == [False, True, False, False]
    assert [settings[name]["two_steps"] for name in settings] == [False, False, True, False]
    assert [settings[name]["without_relations"] for name in settings] == [0, 0, 0, 0.25]
    assert {settings[name]["longest_answer"] for name in settings} == {900}


def test_held_out_documents_know_of_all_corpora_and_of_pre_training():
    study = jobs(data={"mix": DATA}, without_relations=0.3)
    held_out = study.held_out_data()
    assert held_out["mix"]["train"] == DATA["train"] and held_out["without_relations"] == 0.3
    assert held_out["pretraining"]["text"] == "relations"
    assert "longest_answer" not in held_out, "it leaves out training documents alone"
    assert RelationsJobs(paper()).held_out_data()["pretraining"] is None


def test_source_files_that_are_there_are_inputs_once(tmp_path):
    assert jobs().sources(None) == []
    both, labels = tmp_path / "b.txt", tmp_path / "a.yaml"
    for path in (both, labels):
        path.write_text("")
    mix = {**DATA, "train": str(both), "test": str(both), "validation": f"{tmp_path}/missing", "labels": str(labels)}
    assert jobs(data={"mix": mix}).sources(None) == [str(labels), str(both)]


def test_new_notes_are_read_by_the_run_that_predict_names(tmp_path):
    unset = jobs()
    for function in (unset.predict_adapter, unset.predict_options, unset.predict_generation):
        with pytest.raises(InputError, match=r"relations\.predict: not set"):
            function(None)
    predict = {"format": "folder", "path": str(tmp_path), "run": "held"}
    study = jobs({"held": {"constrained": True, "relation_weight": 2.0}}, predict=predict)
    assert study.predict_adapter(None) == f"{ROOT}/held/final_model/adapter_config.json"
    assert study.predict_options(None) == study.options(run("held"))
    assert study.predict_generation(None) == study.generation(run("held"))
    assert study.prompts() == [
        f"config/prompts/relations_tiny/{step}.txt" for step in ("joint", "entities", "relations")
    ]
