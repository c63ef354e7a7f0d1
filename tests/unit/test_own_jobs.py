from types import SimpleNamespace

import pytest

from medtune.config_check import load_config
from medtune.config_layers import Layer, merge, read_layers
from medtune.errors import InputError
from medtune.studies.own_files import resolved
from medtune.studies.own_jobs import OwnJobs
from tests.workspace import ROOT

SMOKING = {
    "kind": "labels",
    "labels": ["current", "former", "never"],
    "data": {"path": "notes.csv"},
    "prompt": "Note: {text}\nSmoking status:",
    "runs": {"r4": {"rank": 4, "epochs": 1}, "r4.long": None},
    "seeds": [7, 8],
}


def config_of(section=SMOKING, name="smoking", **more):
    layers = read_layers([ROOT / "config/config.yaml", ROOT / "config/tiny.yaml"], [], [])
    own = Layer("mine", {"studies": {name: section}, **more})
    return load_config(resolved(merge([*layers, own])), [*layers, own])


def refusal(section=SMOKING, name="smoking"):
    with pytest.raises(InputError) as error:
        config_of(section, name)
    return str(error.value)


def test_each_run_is_trained_with_each_seed_in_a_folder_of_its_own():
    jobs = OwnJobs(config_of(), "smoking")
    assert [run.folder for run in jobs.runs()] == ["r4", "r4.long", "r4-seed8", "r4.long-seed8"]
    assert jobs.files("metrics.json")[0] == "results/tiny/smoking/r4/metrics.json"
    assert [jobs.seed(SimpleNamespace(run=run.folder)) for run in jobs.runs()] == [7, 7, 8, 8]


def test_a_run_changes_what_it_names_and_takes_the_rest_of_the_study_and_its_defaults():
    jobs = OwnJobs(config_of({**SMOKING, "training": {"lora": {"alpha": 9}}}), "smoking")
    changed, plain = (jobs.training(SimpleNamespace(run=run)) for run in ("r4-seed8", "r4.long"))
    assert (changed["lora"]["rank"], changed["lora"]["alpha"], changed["epochs"]) == (4, 9, 1)
    assert (plain["lora"]["rank"], plain["lora"]["alpha"], plain["epochs"]) == (8, 9, 5)
    assert changed["learning_rate"] == plain["learning_rate"] == 5e-3  # of study_defaults at this scale


def test_sources_are_the_files_that_are_there_those_of_a_folder_one_by_one(tmp_path):
    def sources(**data):
        return OwnJobs(config_of({**SMOKING, "data": data}), "smoking").sources()

    assert sources(path="none.csv") == []
    for name in ("b.ann", "b.txt", "a.txt"):
        (tmp_path / name).touch()
    assert sources(path=str(tmp_path)) == [str(tmp_path / name) for name in ("a.txt", "b.ann", "b.txt")]
    assert sources(path=str(tmp_path / "a.txt")) == [str(tmp_path / "a.txt")]


def test_a_change_of_generation_changes_no_param_of_a_training():
    def train_params(section):
        (train,) = OwnJobs(config_of(section), "smoking").road().train
        return train.task_options, train.settings(SimpleNamespace(run="r4")), train.answer_tokens, train.inputs

    changed = {**SMOKING, "generation": {"temperature": 0.5, "batch_tokens": 99, "longer_answers": 1}}
    assert train_params(changed) == train_params(SMOKING)
    assert train_params({**SMOKING, "prompt": "{text} Status:"}) != train_params(SMOKING)


def test_every_rule_of_the_road_is_named_after_the_study_and_states_it():
    road = OwnJobs(config_of(), "smoking").road()
    rules = [*road.train, *road.generate, *road.score, *road.card]
    assert len({rule.name for rule in rules}) == len(rules) == 6
    assert all(rule.name.startswith("smoking_") and rule.study == "smoking" for rule in rules)
    assert all(rule.task == "own_labels" for rule in rules)


def test_rules_of_the_road_ask_for_what_the_base_model_needs():
    hub = {"source": "hub", "repository": "me/mine"}
    section = {**SMOKING, "model": "mine", "generation": {"batch_tokens": 100}}
    road = OwnJobs(config_of(section, models={"mine": hub}), "smoking").road()
    (train,) = road.train
    assert {rule.threads for rule in (train, *road.generate)} == {4}
    assert train.resources["batch_divisor"](None, attempt=3) == 4
    for rule in road.generate:
        assert rule.resources["mem_mb"](None, attempt=2) == 64000
        assert rule.resources["batch_tokens"](None, attempt=2) == 50


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "label"}, 'studies.smoking.kind = "label": must be one of labels, spans, relations, answers'),
        ({"prompt": "Note: {note}"}, "must hold {text}, the place where the text stands"),
        ({"labels": ["a", "a"]}, "must not repeat a value"),
        ({"runs": {"base": None}}, 'the name "base" of a run'),
        ({"runs": {"a-seed3": None}}, 'the name "a-seed3" of a run'),
        ({"model": "qwen9"}, 'studies.smoking.model = "qwen9": must be one of'),
        ({"lables": ["a"]}, 'studies.smoking.lables: unknown key; did you mean "labels"?'),
        ({"labels": ["a", ""]}, "studies.smoking.labels[1]"),
        ({"labels": ["no", "No"]}, 'labels "no" and "No" differ in case alone'),
        ({"labels": ["no ", "yes"]}, 'label "no " must be one line of text, without spaces around it'),
        ({"generation": {"constrained": True}}, "studies.smoking.generation.constrained = true"),
    ],
)
def test_a_faulty_section_is_refused_with_its_path(change, said):
    assert said in refusal({**SMOKING, **change})


@pytest.mark.parametrize("name", ["yesno", "models", "annotate", "yesno_train", "my study", "../x", "1st"])
def test_a_study_has_a_name_of_its_own(name):
    assert f'the name "{name}" of a study' in refusal(name=name)
