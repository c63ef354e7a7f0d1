"""The train stage of taggers: a model folder and its record, the same however often the job was stopped."""

import logging
import os
import signal

import pytest
import torch
from safetensors.torch import load_file

from medtune.config import TaggerTraining, Tracking
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_jsonl
from medtune.methods.encoder.training import class_loss
from medtune.models.loading import load_tagger, load_with_new_head
from medtune.reporting.tracking import TrackedRun
from medtune.stages import train_parts
from medtune.stages import train_tagger as stage
from medtune.stages.train_tagger import Job, train_tagger
from tests.unit.tiny_tagger import TAGS, toy_study

SETTINGS = {"epochs": 4, "batch_size": 4, "learning_rate": 5e-3, "evaluate_every": 5}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return toy_study(tmp_path_factory.mktemp("study"))


def job_of(study, settings=(), **changes):
    return Job(
        **{
            "settings": TaggerTraining(**{**SETTINGS, **dict(settings)}),
            "seed": 42,
            "train": study / "train.jsonl",
            "validation": study / "validation.jsonl",
            "tags": study / "tags.json",
            "base": study / "base",
            "window_tokens": 40,
            "overlap_tokens": 8,
            **changes,
        }
    )


def run(job, folder, tracking=None):
    """Train into a folder; gives the record."""
    torch.set_num_threads(1)
    tracked = TrackedRun("tiny", "maccrobat", "tiny/lr0.003", "tiny", 42, "train", {"encoder": "tiny"})
    train_tagger(
        job, folder / "model", folder / "training.json", folder / "state", tracking or Tracking(), folder, tracked
    )
    return read_json(folder / "training.json")


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module")
def trained(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run(job_of(study), folder)
    return folder


def test_tags_that_follow_from_the_words_are_learned_in_seconds(trained):
    record = read_json(trained / "training.json")
    assert record["validation_f1"] >= 0.95
    assert record["train_seconds"] < 60


def test_the_model_folder_loads_with_its_tags_and_its_tokenizer(study, trained):
    from transformers import pipeline

    model, tokenizer = load_tagger(trained / "model")
    assert model.config.id2label == dict(enumerate(TAGS))
    assert model.config.label2id == {tag: number for number, tag in enumerate(TAGS)}
    assert tokenizer.padding_side == "right"
    found = pipeline("token-classification", str(trained / "model"), aggregation_strategy="simple")(
        "she had chest pain"
    )
    assert [entity["entity_group"] for entity in found] == ["Sign"]


def test_the_record_says_what_was_trained_and_the_state_is_gone(study, trained):
    record = read_json(trained / "training.json")
    assert record["base_model"] == {"name": "tiny", "fingerprint": "base-1"}
    assert record["words"] == sum(len(row["words"]) for row in read_jsonl(study / "train.jsonl"))
    assert (record["window_tokens"], record["overlap_tokens"], record["effective_batch"]) == (40, 8, 4)
    assert record["useful_token_share"] >= 0.95
    assert 0 < record["words_per_second"] <= record["tokens_per_second"]
    assert record["trainable_parameters"] == sum(value.numel() for value in weights(trained).values())
    judged = {entry["step"]: entry for entry in record["history"] if "validation_f1" in entry}
    assert sorted(judged) == [*range(5, record["steps"], 5), record["steps"]]
    best = judged[record["best_step"]]
    assert best["validation_f1"] == max(entry["validation_f1"] for entry in judged.values())
    assert {name: record[name] for name in best if name.startswith("validation_")} == {
        name: value for name, value in best.items() if name != "step"
    }
    assert not (trained / "state").exists()


def test_the_head_is_drawn_from_the_seed(study):
    first, again, other = (load_with_new_head(study / "base", TAGS, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first.classifier.weight, again.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert torch.equal(first.bert.embeddings.word_embeddings.weight, other.bert.embeddings.word_embeddings.weight)


def test_frozen_embeddings_stay_and_the_rest_is_trained(study, tmp_path):
    record = run(job_of(study, {"freeze_embeddings": True, "max_steps": 5}), tmp_path)
    before, after = load_with_new_head(study / "base", TAGS, 42)[0].state_dict(), weights(tmp_path)
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed and not any("embeddings" in name for name in changed)
    assert record["trainable_parameters"] == sum(v.numel() for name, v in after.items() if "embeddings" not in name)


def test_two_parts_give_the_model_of_one_whole_training(study, trained, tmp_path, monkeypatch):
    def terminate(self, metrics, step):
        if step == 7 and "loss" in metrics:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(train_parts.Tracker, "log", terminate)
        with pytest.raises(SystemExit) as ended:
            run(job_of(study), tmp_path)
    assert ended.value.code == 143
    assert not (tmp_path / "training.json").exists()
    record = run(job_of(study), tmp_path)
    assert record["resumed"] == 1
    assert same(weights(tmp_path), weights(trained))
    whole = read_json(trained / "training.json")
    assert record["history"] == whole["history"]
    assert record["useful_token_share"] == whole["useful_token_share"]
    for name in ("config.json", "tokenizer.json"):
        assert (tmp_path / "model" / name).read_bytes() == (trained / "model" / name).read_bytes()


def test_what_was_begun_with_other_settings_is_not_gone_on_with(study, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(train_parts, "_write", fail)
        with pytest.raises(OSError, match="No space"):
            run(job_of(study, {"max_steps": 4}), tmp_path)
    steps = []
    monkeypatch.setattr(train_parts.Tracker, "log", lambda self, metrics, step: steps.append(step))
    assert run(job_of(study, {"max_steps": 4}, overlap_tokens=4), tmp_path)["resumed"] == 0
    assert steps[0] == 1


def test_lost_outputs_of_a_finished_training_are_written_without_training(study, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("No space left on device")

    short = job_of(study, {"max_steps": 2})
    with monkeypatch.context() as patch:
        patch.setattr(train_parts, "_write", fail)
        with pytest.raises(OSError, match="No space"):
            run(short, tmp_path)
    monkeypatch.setattr(stage, "run_training", lambda *args: pytest.fail("trained again"))
    assert run(short, tmp_path)["steps"] == 2


def test_half_the_batch_and_twice_the_accumulation_give_the_same_model(study, tmp_path):
    short = {"max_steps": 3}
    undivided = run(job_of(study, short), tmp_path / "whole")
    record = run(job_of(study, short, batch_divisor=2), tmp_path / "halved")
    assert (record["per_device_batch"], record["accumulation"], record["effective_batch"]) == (2, 2, 4)
    # The weights alone would not tell: Adam forgives a gradient of the wrong size.
    for name in ("loss", "grad_norm"):
        of_steps, expected = ([e[name] for e in r["history"] if name in e] for r in (record, undivided))
        assert of_steps == pytest.approx(expected, rel=1e-3)
    whole, halved = weights(tmp_path / "whole"), weights(tmp_path / "halved")
    assert all(torch.allclose(whole[name], halved[name], atol=1e-4) for name in whole)


def test_two_processes_train_the_same_model(study, tmp_path):
    short = {"max_steps": 3, "accumulation": 2}
    run(job_of(study, short), tmp_path / "one")
    record = run(job_of(study, short, processes=2), tmp_path / "two")
    assert (record["processes"], record["accumulation"], record["effective_batch"]) == (2, 1, 8)
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)


def test_without_a_number_of_steps_each_epoch_is_judged(study, tmp_path):
    record = run(job_of(study, {"evaluate_every": None, "epochs": 2}), tmp_path)
    judged = [entry["step"] for entry in record["history"] if "validation_f1" in entry]
    assert judged == [record["steps"] // 2, record["steps"]]


def test_an_epoch_is_one_pass_over_the_documents_however_they_are_cut(study, tmp_path):
    once = run(job_of(study, {"epochs": 2, "evaluate_every": None}), tmp_path / "once")
    cut = run(job_of(study, {"epochs": 2, "evaluate_every": None, "cuttings": 2}), tmp_path / "cut")
    assert once["rows"] < cut["rows"]
    assert once["steps"] <= cut["steps"] <= 2 * once["steps"], "smaller windows are more rows"
    judged = [entry["step"] for entry in cut["history"] if "validation_f1" in entry]
    assert len(judged) == 2 and judged[-1] == cut["steps"]


def test_the_head_learns_faster_by_its_factor_and_a_stopped_training_still_goes_on(study, tmp_path):
    history = {}
    for factor in (1.0, 8.0):
        folder = tmp_path / f"{factor:g}"
        run(job_of(study, {"max_steps": 1, "head_factor": factor, "warmup": 0}), folder)
        base = load_with_new_head(study / "base", TAGS, 42)[0].state_dict()
        moved = {name: (value - base[name]).abs().max().item() for name, value in weights(folder).items()}
        history[factor] = moved
    name = "bert.encoder.layer.0.output.dense.weight"
    assert history[8.0]["classifier.weight"] == pytest.approx(8 * history[1.0]["classifier.weight"], rel=0.1)
    assert history[8.0][name] == pytest.approx(history[1.0][name], rel=1e-3)


def test_labels_are_smoothed_in_training_alone():
    logits = torch.tensor([[[5.0, 0.0, 0.0]]], requires_grad=True)
    gold = torch.tensor([[0]])
    plain, smoothed = (class_loss({"logits": logits}, gold, smoothing=share).item() for share in (0.0, 0.3))
    assert smoothed == pytest.approx(0.7 * plain + 0.3 * (-torch.log_softmax(logits, -1)).mean().item())
    with torch.no_grad():
        assert class_loss({"logits": logits}, gold, smoothing=0.3).item() == pytest.approx(plain)


def test_patience_ends_a_training_that_no_longer_improves(study, tmp_path, monkeypatch):
    figures = iter([0.3, 0.8, 0.5, 0.6])
    monkeypatch.setattr(stage, "validation_figures", lambda *_: lambda model: {"validation_f1": next(figures)})
    record = run(job_of(study, {"patience": 2, "evaluate_every": 2}), tmp_path)
    assert (record["steps"], record["best_step"], record["validation_f1"]) == (8, 4, 0.8)


def test_the_loss_is_a_mean_over_the_words_of_the_whole_step():
    logits = torch.log(torch.tensor([[[0.5, 0.5], [0.9, 0.1]], [[0.2, 0.8], [0.7, 0.3]]]))
    labels = torch.tensor([[0, -100], [1, -100]])
    expected = -(torch.log(torch.tensor(0.5)) + torch.log(torch.tensor(0.8)))
    assert class_loss({"logits": logits}, labels) == pytest.approx(float(expected) / 2)
    assert class_loss({"logits": logits}, labels, num_items_in_batch=8) == pytest.approx(float(expected) / 8)


def test_validation_is_over_documents_not_windows(study):
    material = stage.prepare(job_of(study))
    model, tokenizer = load_with_new_head(study / "base", TAGS, 42)
    judged = stage.validation_figures(material.documents, material.gold, TAGS, material.layout, tokenizer.pad_token_id)(
        model
    )
    assert set(judged) == {"validation_f1", "validation_precision", "validation_recall"}
    gold = [["O"] * len(row) for row in material.gold]
    nothing = stage.validation_figures(material.documents, gold, TAGS, material.layout, tokenizer.pad_token_id)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([1.0, 0, 0, 0, 0]))
    assert nothing(model) == {"validation_f1": 0.0, "validation_precision": 0.0, "validation_recall": 0.0}


def test_a_warm_up_longer_than_the_training_is_told(study, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        run(job_of(study, {"max_steps": 2, "warmup": 500}), tmp_path)
    assert "warm-up takes 500 steps and training 2" in caplog.text


def changed(study, tmp_path, **fields):
    """The training rows with fields of the first one changed; None removes one."""
    rows = read_jsonl(study / "train.jsonl")
    rows[0] = {name: value for name, value in (rows[0] | fields).items() if value is not None}
    write_jsonl(tmp_path / "train.jsonl", rows)
    return tmp_path / "train.jsonl"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": [], "tags": []}, r'train\.jsonl, record "train-0": no words'),
        ({"words": ["she"], "tags": ["O", "O"]}, r'record "train-0": 2 tags for 1 words'),
        ({"words": ["she"], "tags": ["B-Dose"]}, r'record "train-0": unknown tag "B-Dose"; prepare the data again'),
        ({"sentences": None}, r'train\.jsonl, record 1: no "sentences"'),
    ],
)
def test_bad_rows_stop_the_job_before_anything_is_trained(study, tmp_path, fields, sentence):
    with pytest.raises(InputError, match=sentence):
        run(job_of(study, train=changed(study, tmp_path, **fields)), tmp_path)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"window_tokens": 600}, r"window_tokens = 600: .*base has 512 positions; choose that or fewer"),
        ({"overlap_tokens": 30}, r"windows of 40 tokens, 2 of them special, have no room for an overlap of 30"),
    ],
)
def test_windows_that_cannot_be_are_refused(study, tmp_path, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        run(job_of(study, **changes), tmp_path)


def test_the_model_is_logged_as_an_artifact_of_the_studys_project_and_no_text_is(study, tmp_path):
    tracking = Tracking(mode="offline", log_artifacts=True, project="Medical_NER_FineTuning")
    run(job_of(study, {"max_steps": 1}), tmp_path, tracking)
    (folder,) = tmp_path.glob("wandb/offline-run-*")
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for word in (
        b"Medical_NER_FineTuning",
        b"validation_f1",
        b"maccrobat/tiny/lr0.003 seed42 train 2",
        b"model.safetensors",
    ):
        assert word in content
    assert b"chest" not in content
