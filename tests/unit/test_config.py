import copy
import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from medtune.config.layers import Layer, merge, read_layers
from medtune.config_check import load_config, models_in
from medtune.config_reference import reference
from medtune.configuration import Config
from medtune.errors import InputError

ROOT = Path(__file__).parents[2]
PAPER = yaml.safe_load((ROOT / "config/config.yaml").read_text())


def refusal(**changes) -> str:
    """The message for the paper configuration with `a__b=value` set."""
    raw = copy.deepcopy(PAPER)
    for path, value in changes.items():
        *parents, key = path.split("__")
        section = raw
        for parent in parents:
            section = section[parent]
        section[key] = value
    with pytest.raises(InputError) as caught:
        load_config(raw, [Layer("config/config.yaml", raw)])
    return str(caught.value)


@pytest.mark.parametrize("overlay", ["tiny", "small"])
def test_each_overlay_gives_a_valid_configuration(overlay):
    files = [ROOT / "config/config.yaml", ROOT / f"config/{overlay}.yaml"]
    config = load_config(merge(read_layers(files, [], [])))
    assert config.scale == overlay


@pytest.mark.parametrize("overlay", [None, "tiny", "small"])
def test_each_generative_study_chooses_checkpoints_by_its_own_figure(overlay):
    files = [ROOT / "config/config.yaml", *([ROOT / f"config/{overlay}.yaml"] if overlay else [])]
    config = load_config(merge(read_layers(files, [], [])))
    studies = [name for name in type(config).model_fields if hasattr(getattr(config, name), "generation")]
    assert studies == ["yesno", "radgraph", "meerkat", "relations", "study_defaults"]
    for study in studies:
        training = getattr(config, study).training
        assert training.checkpoint_by == "figure", study
        assert training.evaluate_every <= (training.max_steps or training.evaluate_every), study


def test_paper_scale_has_the_published_settings():
    training = load_config(PAPER).yesno.training
    assert (training.epochs, training.batch_size * training.accumulation, training.learning_rate) == (5.5, 16, 3e-4)
    assert load_config(PAPER).yesno.ranks == [4, 8, 16, 24, 32, 40, 64, 128]


def test_all_problems_are_told_at_once():
    message = refusal(seed="a", yesno__ranks=[4, 0], trackin={})
    assert message.splitlines() == [
        "config/config.yaml: 3 problems",
        '  seed = "a": must be a whole number',
        "  yesno.ranks[1] = 0: must be 1 or more",
        '  trackin: unknown key; did you mean "tracking"?',
    ]


def test_negative_learning_rate():
    assert "yesno.training.learning_rate = -0.1: must be more than 0" in refusal(yesno__training__learning_rate=-0.1)


def test_unknown_key_names_the_one_that_was_meant_even_a_level_down():
    assert 'yesno.rank: unknown key; did you mean "ranks"?' in refusal(yesno__rank=[1])
    assert 'yesno.lerning_rate: unknown key; did you mean "training.learning_rate"?' in refusal(yesno__lerning_rate=1)


def test_unknown_model_source():
    message = refusal(models__mine={"source": "hubb", "repository": "a/b"})
    assert 'models.mine.source = "hubb": must be one of hub, path, package, made; did you mean "hub"?' in message


def test_keys_of_a_union_are_looked_up_in_the_tagged_member():
    message = refusal(models__mine={"source": "hub", "repositry": "a/b"})
    assert 'models.mine.repositry: unknown key; did you mean "repository"?' in message
    assert "models.mine.repository: missing; it is needed" in message


def test_a_study_must_name_a_model_that_is_there():
    message = refusal(yesno__model="qwen3-1.7b-bas")
    assert 'yesno.model = "qwen3-1.7b-bas": must be one of qwen3-1.7b-base, ' in message
    assert 'did you mean "qwen3-1.7b-base"?' in message


def test_each_encoder_must_be_a_model_that_is_there():
    message = refusal(maccrobat__encoders=["biobert", "bioformr"])
    assert 'maccrobat.encoders[1] = "bioformr": must be one of ' in message
    assert 'did you mean "bioformer"?' in message


def test_learning_rates_that_share_a_folder_are_a_repeat():
    assert "maccrobat.learning_rates: must not repeat a value" in refusal(
        maccrobat__learning_rates=[2e-5, 2.0000001e-5]
    )


def test_names_that_would_leave_the_results_folder_are_refused():
    message = refusal(models={**PAPER["models"], "../x": {"source": "made"}})
    assert 'model name "../x" may hold letters, digits, dots, dashes and underscores only' in message
    assert "scale" in refusal(scale="../x")


def test_answers_are_held_to_a_form_only_where_they_have_one():
    message = refusal(yesno__generation__constrained=True, relations__generation__constrained=True)
    assert "yesno.generation.constrained = true: answers have such a form in the study relations" in message
    assert "relations.generation" not in message


def test_new_notes_are_read_by_a_run_that_there_is():
    notes = {"format": "folder", "path": "notes"}
    message = refusal(relations__predict={**notes, "run": "mixed"})
    assert 'relations: predict.run = "mixed": must be one of default, longer, rank32' in message
    switches = {"mixed": {"mix": True}}
    for run in ("default", "mixed"):
        section = {**PAPER["relations"], "predict": {**notes, "run": run}, "switches": switches}
        assert load_config({**PAPER, "relations": section}).relations.predict.run == run


def test_a_switch_has_a_folder_of_its_own():
    assert "must not be base, practised, default, data, summary or predictions" in refusal(
        relations__switches={"predictions": {"rank": 2}}
    )


def test_synthetic_documents_need_terms_for_all_their_passages():
    source = {"format": "synthetic", "passages": 2, "terms": 7}
    assert "relations.data.source: terms = 7: must be 8 or more" in refusal(relations__data__source=source)


def test_splits_must_add_up():
    message = refusal(yesno__data__splits={"train": 0.8, "validation": 0.2, "test": 0.2})
    assert "yesno.data.splits: train, validation and test must add up to 1" in message


def test_the_file_that_sets_the_faulty_key_is_named():
    layers = [Layer("a.yaml", {"seed": 1, "scale": "x"}), Layer("b.yaml", {"seed": "a"})]
    with pytest.raises(InputError) as caught:
        load_config({**PAPER, "seed": "a"}, layers)
    assert str(caught.value).splitlines()[1].endswith("[b.yaml]")


def test_the_reference_is_up_to_date():
    assert (ROOT / "config/README.md").read_text() == reference(), "run `make config-reference`"


def test_shares_of_specialties_are_set_by_iteration():
    assert "specialty_adjustments: expected iterations, from 2, with their specialties" in refusal(
        meerkat__data__specialty_adjustments={"cardiology": 0.8}
    )
    section = {**PAPER["meerkat"], "data": {**PAPER["meerkat"]["data"], "specialty_adjustments": {"2": {"a": 0.8}}}}
    assert load_config({**PAPER, "meerkat": section}).meerkat.data.specialty_adjustments == {2: {"a": 0.8}}


def every_path(model=Config):
    """(section, key) of all keys that hold a path."""
    for name, field in model.model_fields.items():
        if "AfterValidator(func=<function expanded" in repr((field.annotation, field.metadata)):
            yield model, name
        for inner in models_in(field.annotation):
            if inner is not model:
                yield from every_path(inner)


PATHS = sorted({(model.__name__, name): (model, name) for model, name in every_path()}.items())


def test_every_path_of_the_configuration_is_known_as_one():
    """A new kind of file has its name added here."""
    assert {name for (_, name), _ in PATHS} == {
        *("path", "baseline", "wordnet", "terms", "template", "prompts", "labels", "results"),
        *("train", "validation", "test", "test_ids", "adapter", "file"),
    }


@pytest.mark.parametrize(("model", "name"), [found for _, found in PATHS], ids=[".".join(key) for key, _ in PATHS])
def test_home_and_variables_are_replaced_in_a_path(monkeypatch, model, name):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("CORPORA", "/corpora")
    monkeypatch.delenv("UNSET", raising=False)
    field = TypeAdapter(model.model_fields[name].rebuild_annotation())
    assert field.validate_python("~/a$CORPORA") == "/home/me/a/corpora"
    assert field.validate_python("${CORPORA}/b/") == "/corpora/b"
    for faulty, sentence in (("$UNSET/a", "the variable $UNSET is not set"), ("a/{b}", "must not hold braces")):
        with pytest.raises(ValidationError, match=re.escape(sentence)):
            field.validate_python(faulty)


def test_the_key_of_a_path_that_cannot_be_used_is_named():
    source = {"format": "brat", "path": "my {old} notes"}
    assert 'maccrobat.data.source.path = "my {old} notes": must not hold braces' in refusal(
        maccrobat__data__source=source
    )
    assert 'radgraph.annotate.path = "$NOWHERE/x": the variable $NOWHERE is not set' in refusal(
        radgraph__annotate={"format": "folder", "path": "$NOWHERE/x"}
    )
