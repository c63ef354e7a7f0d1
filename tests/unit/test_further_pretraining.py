"""Further pre-training: a folder that stands for the base model, the same however often the job was stopped."""

import os
import signal

import pytest
import torch
from safetensors.torch import load_file

from medtune.config import MaskedWords, Tracking
from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.models.loading import load_with_new_head
from medtune.models.record import read_record
from medtune.tasks import further_pretraining as stage
from medtune.tasks.further_pretraining import Job, pretrain_encoder
from tests.unit.tiny_tagger import TAGS, toy_study

SETTINGS = {"epochs": 12, "cuttings": 4, "batch_size": 4, "learning_rate": 5e-3, "mask_share": 0.3}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = toy_study(tmp_path_factory.mktemp("study"))
    known = {"name": "tiny", "fingerprint": "base-1", "licence": "mit", "source": "made", "architecture": "BertModel"}
    write_json(folder / "base" / "record.json", {**known, "parameters": 1})
    return folder


def run(study, folder, **settings):
    """Pre-train into a folder; gives pretraining.json."""
    torch.set_num_threads(1)
    job = Job(
        settings=MaskedWords(**{**SETTINGS, **settings}),
        seed=42,
        train=study / "train.jsonl",
        validation=study / "validation.jsonl",
        base=study / "base",
        window_tokens=40,
    )
    pretrain_encoder(job, folder / "model", folder / "state", Tracking(), folder, "tiny-pretraining")
    return read_json(folder / "model" / "pretraining.json")


@pytest.fixture(scope="module")
def pretrained(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    run(study, folder)
    return folder


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def test_it_learns_to_guess_and_keeps_the_best(pretrained):
    record = read_json(pretrained / "model" / "pretraining.json")
    losses = {entry["step"]: entry["validation_loss"] for entry in record["history"] if "validation_loss" in entry}
    assert min(losses.values()) < 0.8 * losses[min(losses)]
    assert losses[record["best_step"]] == min(losses.values()) == record["validation_loss"]
    assert len(losses) == SETTINGS["epochs"]
    assert not (pretrained / "state").exists()


def test_the_folder_stands_for_the_base_model_and_says_what_became_of_it(study, pretrained):
    found, base = read_record(pretrained / "model"), read_record(study / "base")
    assert {name: found[name] for name in ("name", "licence", "source")} == {
        name: base[name] for name in ("name", "licence", "source")
    }
    assert found["fingerprint"] != base["fingerprint"]
    steps = read_json(pretrained / "model" / "pretraining.json")["steps"]
    assert found["pretrained"] == f"{steps} steps on masked words of the training documents, seed 42"
    before, after = (
        load_with_new_head(path, TAGS, 1)[0].state_dict() for path in (study / "base", pretrained / "model")
    )
    own = weights(pretrained)
    assert before.keys() == after.keys()
    assert torch.equal(before["classifier.weight"], after["classifier.weight"])
    body = [name for name in after if name.startswith("bert.")]
    assert all(torch.equal(after[name], own[name]) for name in body)
    assert not torch.equal(before["bert.embeddings.word_embeddings.weight"], own[body[0]])


def test_two_parts_give_the_model_of_one_whole_pretraining(study, pretrained, tmp_path, monkeypatch):
    def terminate(self, metrics, step):
        if step == 11 and "loss" in metrics:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr("medtune.tracking.Tracker.log", terminate)
        with pytest.raises(SystemExit) as ended:
            run(study, tmp_path)
    assert ended.value.code == 143
    assert not (tmp_path / "model" / "record.json").exists()
    assert run(study, tmp_path)["resumed"] == 1
    left, right = weights(tmp_path), weights(pretrained)
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_tags_are_not_looked_at(study, pretrained, tmp_path):
    text = (study / "train.jsonl").read_text().replace('"B-Drug"', '"O"')
    copy = toy_study(tmp_path)
    (copy / "base" / "record.json").write_bytes((study / "base" / "record.json").read_bytes())
    (copy / "train.jsonl").write_text(text)
    job = {"settings": MaskedWords(**SETTINGS), "seed": 42, "window_tokens": 40}
    prints = [
        stage._fingerprint(made, stage.prepare(made))
        for folder in (study, copy)
        for made in [
            Job(**job, train=folder / "train.jsonl", validation=folder / "validation.jsonl", base=study / "base")
        ]
    ]
    assert prints[0] == prints[1]


def test_an_encoder_without_a_mask_is_refused(study, tmp_path, monkeypatch):
    class NoMask:
        mask_token_id = None

    monkeypatch.setattr("medtune.models.loading.load_tagger_tokenizer", lambda folder: NoMask())
    with pytest.raises(InputError, match="its tokenizer has no mask; leave pretraining unset"):
        run(study, tmp_path)
