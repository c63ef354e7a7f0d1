import re
from dataclasses import fields
from types import SimpleNamespace

import pytest

from medtune.config.layers import Layer, merge, read_layers
from medtune.config_check import load_config
from medtune.configuration import OWN_RULES
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

COMPARED = {
    **{key: value for key, value in SMOKING.items() if key != "runs"},
    "sizes": [6, 12],
    "methods": {
        "majority": {"method": "rules", "rule": "majority"},
        "zero": {"method": "prompt", "by": "likelihood"},
        "few": {"method": "prompt", "shots": 3},
        "near": {"method": "prompt", "shots": 3, "examples": "similar"},
        "encoder": {"method": "encoder", "max_steps": 9},
        "lora": {"method": "adapter", "rank": 4},
    },
}


PAIN = {"kind": "labels", "labels": ["yes", "no"], "data": {"path": "pain.csv"}, "prompt": "{text} Pain:"}
TAKEN = {"data": {"study": "yesno"}, "labels": ["Yes", "No", "Uncertain"]}


def config_of(section=SMOKING, name="smoking", smoking=None, pain=None, **more):
    layers = read_layers([ROOT / "config/config.yaml", ROOT / "config/tiny.yaml"], [], [])
    others = {"smoking": smoking, "pain": pain}
    studies = {other: content for other, content in others.items() if content}
    own = Layer("mine", {"studies": {**studies, name: section}, **more})
    return load_config(merge([*layers, own]), [*layers, own])


def refusal(section=SMOKING, name="smoking", smoking=None, pain=None):
    with pytest.raises(InputError) as error:
        config_of(section, name, smoking, pain)
    return str(error.value)


def test_each_run_is_trained_with_each_seed_in_a_folder_of_its_own():
    jobs = OwnJobs(config_of(), "smoking")
    assert [run.folder for run in jobs.runs()] == ["r4", "r4.long", "r4-seed8", "r4.long-seed8"]
    assert jobs.files("metrics.json", jobs.runs())[0] == "results/tiny/smoking/r4/metrics.json"
    assert [jobs.seed(SimpleNamespace(run=run.folder)) for run in jobs.runs()] == [7, 7, 8, 8]


def test_a_run_changes_what_it_names_and_takes_the_rest_of_the_study_and_its_defaults():
    jobs = OwnJobs(config_of({**SMOKING, "training": {"lora": {"alpha": 9}}}), "smoking")
    changed, plain = (jobs.training(SimpleNamespace(run=run)) for run in ("r4-seed8", "r4.long"))
    assert (changed["lora"]["rank"], changed["lora"]["alpha"], changed["epochs"]) == (4, 9, 1)
    assert (plain["lora"]["rank"], plain["lora"]["alpha"], plain["epochs"]) == (8, 9, 5)
    assert changed["learning_rate"] == plain["learning_rate"] == 5e-3  # of study_defaults at this scale


def test_a_recipe_of_a_run_takes_the_place_of_the_studys():
    runs = {
        "plain": None,
        "even": {"scaling": "two_r", "rank": 16},
        "mlp": {"targets": "mlp", "dora": True, "lora_plus": 16},
        "root": {"scaling": "rslora"},
    }
    lora = {"rank": 8, "alpha": 9, "target_modules": ["q_proj"]}
    jobs = OwnJobs(config_of({**SMOKING, "runs": runs, "training": {"lora": lora}}), "smoking")
    plain, even, mlp, root = (jobs.training(SimpleNamespace(run=run))["lora"] for run in runs)
    assert plain == {**lora, "dropout": 0.05}
    assert even == {**plain, "rank": 16, "alpha": None, "scaling": "two_r"}
    assert mlp == {**plain, "target_modules": "all-linear", "targets": "mlp", "dora": True, "lora_plus": 16}
    assert root == {**plain, "scaling": "rslora"}


def test_a_recipe_that_lacks_its_alpha_is_refused_before_anything_runs():
    message = refusal({**SMOKING, "runs": {"r4": {"scaling": "rslora"}}})
    assert 'adapter "r4": scaling: rslora takes alpha as it is set; set alpha' in message


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
        run = SimpleNamespace(run="r4")
        return train.task_options, train.settings(run), train.answer_tokens, train.inputs["train"](run)

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


def test_each_method_is_there_at_each_size_with_each_seed_that_changes_it():
    jobs = OwnJobs(config_of(COMPARED), "smoking")
    folders = [unit.folder for unit in jobs.units()]
    sizes, seeds = ("", "-n12", "-n6"), ("", "-seed8")
    assert set(folders) == {
        "zero",  # without examples it sees no training document
        *(f"{name}{size}{seed}" for name in ("few", "encoder", "lora") for size in sizes for seed in seeds),
        *(f"{name}{end}" for name in ("majority", "near") for end in ("", "-n12", "-n12-seed8", "-n6", "-n6-seed8")),
    }
    assert len(folders) == len(set(folders))
    assert [unit.folder for unit in jobs.runs()] == ["lora", "lora-seed8"]


def test_a_method_has_its_documents_its_model_and_its_settings():
    jobs = OwnJobs(config_of(COMPARED), "smoking")

    def of(folder):
        return SimpleNamespace(run=folder)

    assert jobs.train_data(of("few")) == "results/tiny/smoking/data/train.jsonl"
    assert jobs.train_data(of("few-n6-seed8")) == "results/tiny/smoking/data/train-n6-seed8.jsonl"
    assert jobs.train_data(of("few-n6")) == "results/tiny/smoking/data/train-n6-seed7.jsonl"
    assert jobs.prompt_options(of("zero")) == {"by": "likelihood", "calibrated": False}
    assert jobs.prompt_options(of("few-seed8")) == {"shots": 3, "examples": "random", "shot_tokens": 1024, "seed": 8}
    assert jobs.prompt_examples(of("zero")) == {}
    assert jobs.prompt_examples(of("near-n6")) == {"examples": jobs.train_data(of("near-n6"))}
    assert jobs.encoder(of("encoder")) == "tiny-bert"
    assert jobs.encoder_training(of("encoder"))["max_steps"] == 9
    assert jobs.rule_options(of("majority")) == {"rule": "majority"}


def test_a_run_of_the_study_that_the_data_are_of_is_there_once_with_its_files():
    known = {name: {"method": "trained", "run": run} for name, run in (("known", "rank8"), ("asked", "base"))}
    jobs = OwnJobs(config_of({**COMPARED, **TAKEN, "methods": {**COMPARED["methods"], **known}}), "smoking")
    units = [unit for unit in jobs.units() if unit.name in known]
    assert [(unit.folder, unit.size, unit.seeded) for unit in units] == [("known", None, True), ("asked", None, False)]
    described = {unit["method"]: unit for unit in jobs.described()}
    assert (described["known"]["type"], described["known"]["model"]) == ("trained", "tiny-qwen3")
    (take,) = jobs.road().take
    run = SimpleNamespace(run="known")
    assert (take.name, take.source, take.run(run), take.options(run)) == ("smoking_take", "yesno", "rank8", {})
    root = "results/tiny/yesno"
    assert take.more(run) == {
        "predictions": [f"{root}/rank8/predictions.jsonl"],
        "train": [f"{root}/data/train.jsonl"],
        "record": [f"{root}/rank8/training.json"],
    }
    assert set(take.more(SimpleNamespace(run="asked"))) == {"predictions"}
    # Snakemake does not take benchmarks for outputs, so they must be no inputs of another job.
    assert take.benchmarks(run) == [f"{root}/rank8/generate.benchmark.tsv"]


def section_of(study, kind, run):
    """Of a study of a kind, with the data of another and one of its runs."""
    types = {"labels": {"labels": ["Yes", "No"]}, "answers": {}}.get(kind, {"entities": ["A"]})
    related = {"relations": {"r": {"heads": ["A"], "tails": ["A"]}}} if kind == "relations" else {}
    methods = {"known": {"method": "trained", "run": run}}
    return {"kind": kind, "data": {"study": study}, "prompt": "{text}", "methods": methods, **types, **related}


@pytest.mark.parametrize(
    ("study", "kind", "run", "files", "model"),
    [
        ("maccrobat", "spans", "tiny-bert/lr0.003", {"answering": ["tiny-bert/lr0.003/tagging.json"]}, "tiny-bert"),
        ("meerkat", "answers", "iteration2", {"train": ["iteration2/data/train.jsonl"]}, "tiny-qwen3"),
        ("relations", "spans", "schema", {"predictions": ["default/predictions.jsonl"]}, "tiny-qwen3-relations"),
        (
            "relations",
            "relations",
            "two_steps",
            {"benchmark": [f"two_steps/{step}/generate.benchmark.tsv" for step in ("first", "second")]},
            "tiny-qwen3-relations",
        ),
        (
            "radgraph",
            "spans",
            "practised",
            {"results": [f"{one}/practised/results.json" for one in ("ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U")]},
            "tiny-qwen3-reports",
        ),
    ],
)
def test_a_run_of_each_study_has_the_files_that_it_is_read_from(study, kind, run, files, model):
    jobs = OwnJobs(config_of(section_of(study, kind, run)), "smoking")
    run = SimpleNamespace(run="known")
    found = {**jobs.taken(run), "benchmark": jobs.taken_benchmarks(run)}
    for name, paths in files.items():
        assert sorted(found[name]) == sorted(f"results/tiny/{study}/{path}" for path in paths)
    assert jobs.described()[-1]["model"] == model
    reading = {"deduplicate", "drop_violations"} if study == "relations" else set()
    assert set(jobs.taken_options(SimpleNamespace(run="known"))) == reading


@pytest.mark.parametrize(
    ("study", "kind", "run", "said"),
    [
        ("yesno", "labels", "rank9", 'methods.known.run = "rank9": must be one of base, practised, rank4, rank8,'),
        ("maccrobat", "spans", "tiny-bert", '.run = "tiny-bert": must be one of tiny-bert/lr0.003,'),
        ("meerkat", "answers", "iteration4", "must be one of base, practised, iteration1, iteration2, iteration3"),
        ("relations", "relations", "shema", 'did you mean "schema"?'),
        ("radgraph", "spans", "OBS-DP", "must be one of adapters, base, practised"),
        (
            "radgraph",
            "relations",
            "adapters",
            'studies.smoking.methods.known: the study "radgraph" has no run that answers as kind relations does',
        ),
    ],
)
def test_a_run_that_the_study_does_not_have_is_refused_with_those_that_it_has(study, kind, run, said):
    assert said in refusal(section_of(study, kind, run))


def test_a_trained_run_is_the_named_one_or_the_usual_one_of_its_study():
    def taken(study, kind, run=None, **more):
        methods = {"own": {"method": "trained", **({"run": run} if run else {})}}
        section = {"kind": kind, "data": {"study": study}, "prompt": "{text}", "methods": methods, **more}
        return OwnJobs(config_of(section, "mine"), "mine").taken_run(SimpleNamespace(run="own"))

    labels = {"labels": ["Yes", "No", "Uncertain"]}
    assert taken("yesno", "labels", **labels) == "rank4"
    assert taken("yesno", "labels", "rank8", **labels) == "rank8"
    assert taken("meerkat", "answers") == "iteration3"
    assert taken("maccrobat", "spans", entities=["Age"]) == "tiny-bert/lr0.003"
    assert taken("radgraph", "spans", entities=["OBS-DP"]) == "adapters"


def test_each_base_model_that_is_asked_or_adapted_is_audited_where_the_study_says_so():
    def audits(**section):
        hub = {"mine": {"source": "hub", "repository": "me/mine"}}
        jobs = OwnJobs(config_of({**COMPARED, **section}, models=hub), "smoking")
        return jobs.audits(), jobs.road().audit

    assert audits() == ([], ())  # off at this scale
    other = {**COMPARED["methods"], "other": {"method": "prompt", "model": "mine"}}
    files, (rule,) = audits(audit={"items": 30}, methods=other)
    assert files == [f"results/tiny/smoking/base/audit/{model}.json" for model in ("tiny-qwen3", "mine")]
    assert (rule.audit, rule.items) == ("results/tiny/smoking/base/audit/{model}.json", 30)
    assert set(rule.inputs) == {"train", "test"} and rule.task_options["labels"] == COMPARED["labels"]
    assert rule.threads(SimpleNamespace(model="mine")) == 4
    assert audits(audit={}, methods={"majority": {"method": "rules"}}) == ([], ())
    assert "studies.smoking.audit.items = 1: must be 2 or more" in refusal({**COMPARED, "audit": {"items": 1}})
    layers = [Layer("a", {"study_defaults": {"model": "m", "audit": {"items": 9}}, "studies": {"smoking": SMOKING}})]
    assert resolved(merge(layers))["studies"]["smoking"]["audit"] == {"items": 9}


def test_a_study_without_adapters_has_no_rule_of_them():
    section = {**COMPARED, "methods": {"majority": {"method": "rules"}}}
    jobs = OwnJobs(config_of(section), "smoking")
    road = jobs.road()
    assert (road.train, road.generate, road.train_encoder, road.card) == ((), (), (), ())
    assert jobs.targets() == ["results/tiny/smoking/summary/methods.csv"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "label"}, 'studies.smoking.kind = "label": must be one of labels, spans, relations, answers'),
        ({"prompt": "Note: {note}"}, "must hold {text}, the place where the text stands"),
        ({"labels": ["a", "a"]}, "must not repeat a value"),
        ({"runs": {"base": None}}, 'the name "base" of a run'),
        ({"runs": {"a-seed3": None}}, 'the name "a-seed3" of a run'),
        (
            {"methods": {"a": {"method": "magic"}}},
            'studies.smoking.methods.a.method = "magic": must be one of rules, prompt, encoder, adapter, trained',
        ),
        (
            {"kind": "answers", "labels": None, "methods": {"a": {"method": "encoder"}}},
            'studies.smoking.methods.a.method = "encoder": must be one of rules, prompt, adapter, trained',
        ),
        ({"methods": {"a": {"method": "rules", "shots": 1}}}, "studies.smoking.methods.a.shots: unknown key"),
        ({"methods": {"a": {"method": "prompt", "model": "x"}}}, 'methods.a.model = "x": must be one of'),
        (
            {"methods": {"a": {"method": "prompt", "calibrated": True}}},
            "studies.smoking.methods.a: calibrated: true is for labels that are chosen by likelihood",
        ),
        ({"methods": {"r4": {"method": "rules"}}}, '"r4" is the name of a run and of a method'),
        ({"methods": {"a-n6": {"method": "rules"}}}, 'the name "a-n6" of a method'),
        (
            {"methods": {"a": {"method": "trained", "run": "rank8"}}},
            '"a" is a method `trained`, a run of a study of this workflow, and `data.study` names none',
        ),
        ({"sizes": [4, 4]}, "must not repeat a value"),
        ({"encoder": {"model": "bert9"}}, 'studies.smoking.encoder.model = "bert9": must be one of'),
        ({"model": "qwen9"}, 'studies.smoking.model = "qwen9": must be one of'),
        ({"lables": ["a"]}, 'studies.smoking.lables: unknown key; did you mean "labels"?'),
        ({"labels": ["a", ""]}, "studies.smoking.labels[1]"),
        ({"labels": ["no", "No"]}, 'labels "no" and "No" differ in case alone'),
        ({"labels": ["no ", "yes"]}, 'label "no " must be one line of text, without spaces around it'),
        ({"labels": [True, 3]}, "studies.smoking.labels[1] = 3: must be text; put it in quotes"),
        ({"labels": [True, 3]}, "studies.smoking.labels[0] = true: must be text; put it in quotes"),
        ({"runs": {4: None}}, "studies.smoking.runs: the name 4 must be text; put it in quotes"),
        ({"kind": ["labels"]}, 'studies.smoking.kind = ["labels"]: must be one of labels, spans'),
        ({"title": "A {b}"}, 'studies.smoking.title = "A {b}": must be one line of text, without braces'),
        ({"title": "A\nb"}, "must be one line of text"),
    ],
)
def test_a_faulty_section_is_refused_with_its_path(change, said):
    assert said in refusal({**SMOKING, **change})


def test_labels_can_be_held_to_their_form_and_answers_in_words_have_none():
    held = {"generation": {"constrained": True}}
    assert config_of({**SMOKING, **held}).studies["smoking"].generation.constrained
    answers = {"kind": "answers", "data": {"path": "questions.csv"}, "prompt": "{text}", **held}
    assert "studies.smoking.generation.constrained = true: answers have such a form in" in refusal(answers)


@pytest.mark.parametrize("rule", ["smoking_train", "smoking_generate_base", "smoking_summarize"])
def test_a_study_is_not_named_as_a_rule_of_another(rule):
    message = refusal({**SMOKING}, rule, smoking=SMOKING)
    assert f'the name "{rule}" of a study is that of a rule of the study "smoking"; choose another' in message
    assert {"smoking", "smoking_v2"} <= set(config_of(name="smoking_v2", smoking=SMOKING).studies)


def test_what_an_adapter_forgot_is_an_input_of_its_card_and_of_the_summary():
    jobs = OwnJobs(config_of({**SMOKING, "guard": {"items": 8, "studies": ["pain"]}}, pain=PAIN), "smoking")
    (guard,), (card,) = jobs.road().guard, jobs.road().card
    assert guard.name == "smoking_guard" and guard.settings == {"items": 8, "study_items": 16}
    assert guard.tests == ("results/tiny/pain/data/test.jsonl",)
    (source,) = guard.sources
    assert (source["study"], source["task"], source["task_options"]["prompt"]) == ("pain", "own_labels", "{text} Pain:")
    assert guard.inputs["train"] == "results/tiny/smoking/data/train.jsonl"
    assert card.inputs["guard"] == f"{guard.folder}/guard.json" == "results/tiny/smoking/{run}/guard.json"
    assert jobs.guards() == [f"results/tiny/smoking/{run.folder}/guard.json" for run in jobs.runs()]


def test_without_a_guard_nothing_is_asked_and_no_rule_changes():
    jobs = OwnJobs(config_of(), "smoking")
    assert jobs.road().guard == () and jobs.guards() == [] and "guard" not in jobs.road().card[0].inputs


@pytest.mark.parametrize(
    ("guard", "said"),
    [
        ({"studies": ["pian"]}, 'did you mean "pain"?'),
        ({"studies": ["smoking"]}, 'studies.smoking.guard.studies[0] = "smoking": must be one of methods_yesno,'),
        ({"studies": ["pain", "pain"]}, "guard.studies"),
        ({"items": 41}, "guard.items = 41: must be 40 or less"),
        ({"items": 0}, "guard.items = 0: must be 1 or more"),
        ({"study_items": 0}, "guard.study_items = 0: must be"),
    ],
)
def test_a_faulty_guard_is_refused(guard, said):
    assert said in refusal({**SMOKING, "guard": guard}, pain=PAIN)


def test_all_rules_of_a_study_are_names_that_others_cannot_have():
    trained = {"known": {"method": "trained", "run": "rank8"}}
    section = {**COMPARED, **TAKEN, "methods": {**COMPARED["methods"], **trained}, "guard": {}, "audit": {}}
    road = OwnJobs(config_of(section), "smoking").road()
    named = {rule.name for field in fields(road) for rule in getattr(road, field.name)}
    written = set(re.findall(r'"\{STUDY.study\}(_\w+)"', (ROOT / "rules/own.smk").read_text()))
    assert {f"smoking_{rule}" for rule in OWN_RULES} == named | {f"smoking{end}" for end in written}


def test_a_change_of_a_study_in_its_file_prepares_nothing_anew(tmp_path):
    def inputs(read, **changes):
        file = tmp_path / "a.py"
        file.write_text(f"study = {SMOKING | changes}\n\ndef read(path):\n    yield from {read}\n")
        jobs = OwnJobs(config_of({"file": str(file), "data": {"path": "none.csv"}}), "smoking")
        return jobs.sources(), jobs.reader

    first = inputs("[]")
    assert first[0] == [] and first[1]
    assert inputs("[]", runs={"r8": None}, limits=["None."]) == first
    assert inputs("[1]") != first
    assert OwnJobs(config_of(), "smoking").reader is None


@pytest.mark.parametrize("name", ["yesno", "models", "annotate", "yesno_train", "my study", "../x", "1st"])
def test_a_study_has_a_name_of_its_own(name):
    assert f'the name "{name}" of a study' in refusal(name=name)


def test_a_key_that_is_named_as_the_kind_is_missing_at_its_place():
    section = {key: value for key, value in SMOKING.items() if key != "labels"}
    assert "studies.smoking.labels: missing; it is needed" in refusal(section)
    assert "studies: the name 5 must be text; put it in quotes" in refusal(name=5)
