"""The method `encoder` of label studies: whole texts are classified, long ones by the mean of their windows."""

import random

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import f1_score

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_jsonl
from medtune.kinds.labels.score import score
from medtune.methods.encoder.checkpoint_figure import label_figures
from medtune.methods.encoder.items import item_logits, text_windows
from medtune.models.loading import load_classifier, load_with_new_head
from tests.unit.encoder_study import WINDOWS, answer_all, encoder_job, examples_of, run_encoder, save_base
from tests.unit.tiny_tagger import DRUGS, OTHERS, SIGNS, tiny_encoder

LABELS = ["treated", "ill", "neither"]
OPTIONS = {"study": "state", "prompt": "{text}", "labels": LABELS}
SETTINGS = {"epochs": 12, "batch_size": 8, "learning_rate": 5e-3}


def toy_example(rng, identifier):
    """A text whose label one word tells; one in four does not fit a window."""
    label = rng.choice(LABELS)
    words = rng.choices(OTHERS, k=60 if rng.random() < 0.25 else rng.randint(3, 12))
    told = {"treated": DRUGS, "ill": SIGNS}.get(label)
    # In a long text each window must tell.
    for place in range(0, len(words), 20) if told else ():
        words.insert(place, rng.choice(told))
    return {"id": identifier, "text": " ".join(words), "label": label}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    save_base(folder / "base", *tiny_encoder())
    rng = random.Random(3)
    for split, count in (("train", 40), ("validation", 16), ("test", 16)):
        write_jsonl(folder / f"{split}.jsonl", [toy_example(rng, f"{split}-{number}") for number in range(count)])
    return folder


def job_of(study, settings=(), **changes):
    return encoder_job(study, {**SETTINGS, **dict(settings)}, **{"kind": "labels", "labels": LABELS, **changes})


@pytest.fixture(scope="module")
def trained(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run_encoder(job_of(study), folder)
    return folder


@pytest.fixture(scope="module")
def answered(study, trained):
    return answer_all(study, trained, "own_labels", OPTIONS)


def test_the_classifier_learns_and_its_answers_are_scored_like_those_of_other_methods(study, answered):
    predictions, answering = answered
    scores = score(examples_of(study), predictions, 42, **OPTIONS)
    figures = scores.metrics["splits"]["test"]
    assert figures["accuracy"]["value"] >= 0.9
    assert figures["accuracy"] == figures["likelihood_accuracy"]
    for row in predictions:
        likelihoods = row["label_log_likelihoods"]
        assert row["status"] == "ok" and row["value"]["label"] == max(likelihoods, key=likelihoods.get)
        assert sum(np.exp(list(likelihoods.values()))) == pytest.approx(1, abs=1e-4)
        assert row["confidence"] == pytest.approx(np.exp(max(likelihoods.values())), abs=1e-5)
    assert answering["documents"] == 32 and answering["seconds"] > 0 and answering["device"] == "cpu"


def test_the_record_says_what_was_trained(study, trained):
    record = read_json(trained / "training.json")
    rows = read_jsonl(study / "train.jsonl")
    long = sum(len(row["text"].split()) > 38 for row in rows)
    assert 0 < long == record["divided_texts"]["train"]
    assert record["rows"] >= len(rows) + long
    assert (record["method"], record["examples"], record["chosen_by"]) == ("encoder", 40, "validation_macro_f1")
    judged = [entry["validation_macro_f1"] for entry in record["history"] if "validation_macro_f1" in entry]
    assert record["validation_macro_f1"] == max(judged) >= 0.9
    assert record["labels_without_documents"] == []
    weights = load_file(trained / "model" / "model.safetensors")
    assert record["trainable_parameters"] == sum(value.numel() for value in weights.values())


def test_half_the_batch_and_twice_the_accumulation_give_the_same_steps(study, tmp_path):
    records = [
        run_encoder(job_of(study, {"max_steps": 3}, batch_divisor=divisor), tmp_path / str(divisor))
        for divisor in (1, 2)
    ]
    assert [record["accumulation"] for record in records] == [1, 2]
    for name in ("loss", "grad_norm"):
        whole, halved = ([entry[name] for entry in record["history"] if name in entry] for record in records)
        assert halved == pytest.approx(whole, rel=1e-3)


def test_windows_hold_all_of_a_text_and_share_the_overlap(study):
    _, tokenizer = tiny_encoder()
    text = " ".join(random.Random(1).choices(OTHERS, k=100))
    (short,), windows = text_windows(["she had", text], tokenizer, **WINDOWS)
    assert short == tokenizer("she had")["input_ids"]
    assert all(len(window) <= 40 for window in windows) and len(windows) > 2
    found = windows[0][1:-1]
    for window in windows[1:]:
        assert window[1:9] == found[-8:]
        found = found + window[9:-1]
    assert found == tokenizer(text, add_special_tokens=False)["input_ids"]


def test_what_looks_like_a_special_token_is_text():
    _, tokenizer = tiny_encoder()
    ((window,),) = text_windows([f"she {tokenizer.sep_token} had"], tokenizer, **WINDOWS)
    assert window.count(tokenizer.sep_token_id) == 1


def test_logits_of_a_text_are_the_mean_of_its_windows_however_they_are_batched(study):
    model, tokenizer = load_with_new_head(study / "base", LABELS, 1, head="windows")
    windows = text_windows([row["text"] for row in read_jsonl(study / "test.jsonl")], tokenizer, **WINDOWS)
    found = item_logits(model, windows, 100, tokenizer.pad_token_id)
    model.eval()
    for of_text, row in zip(windows, found, strict=True):
        alone = [model(torch.tensor([ids])).logits[0].tolist() for ids in of_text]
        assert row == pytest.approx(np.mean(alone, axis=0), abs=1e-5)


def test_checkpoints_are_chosen_by_macro_f1_of_the_labels_that_are_there():
    gold, found = [0, 0, 0, 1, 1], [0, 0, 1, 1, 3]
    logits = np.eye(4)[found]
    expected = f1_score(gold, found, labels=[0, 1], average="macro")
    assert label_figures(gold, lambda model: logits)(None) == pytest.approx(
        {"validation_macro_f1": expected, "validation_accuracy": 0.6}
    )


def test_a_label_without_documents_is_told(study, tmp_path, caplog):
    record = run_encoder(job_of(study, {"max_steps": 1}, labels=[*LABELS, "dead"]), tmp_path)
    assert record["labels_without_documents"] == ["dead"]
    assert 'no document has the label "dead", which cannot be learned' in caplog.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"labels": LABELS[:2]}, r'train\.jsonl, record "train-\d+": label "neither"; expected one of treated, ill'),
        ({"settings": {"cuttings": 2}}, r"training\.cuttings = 2: window layouts are drawn for taggers only"),
        ({"window_tokens": 600}, r"window_tokens = 600: .*base has 512 positions"),
    ],
)
def test_bad_input_is_refused_before_training(study, tmp_path, changes, sentence):
    settings = changes.pop("settings", {})
    with pytest.raises(InputError, match=sentence):
        run_encoder(job_of(study, settings, **changes), tmp_path)
    assert not (tmp_path / "state").exists()


def test_a_model_for_other_labels_is_refused(study, trained):
    with pytest.raises(InputError, match="trained for 3 labels that are not those of the data"):
        answer_all(study, trained, "own_labels", {**OPTIONS, "labels": LABELS[::-1]})


def test_the_model_folder_loads(trained):
    model, _ = load_classifier(trained / "model")
    assert model.config.id2label == dict(enumerate(LABELS))
