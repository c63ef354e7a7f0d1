"""The encoder that the workflow makes: its words, what it looks at, what it is saved as."""

import json
import subprocess
import sys

import pytest
import torch

from medtune.config import MadeModel
from medtune.models.loading import load_with_new_head
from medtune.models.made_encoder import cut, make_tokenizer, untrained_encoder
from medtune.models.model_record import read_record
from medtune.stages.make_model import make
from medtune.studies.maccrobat.generator import make_case_reports
from tests.conftest import ROOT

SOURCE = MadeModel(source="made", architecture="bert", hidden_size=64, layers=2, heads=4, vocabulary=300, steps=3)
TEXTS = [report.text for report in make_case_reports(20, 3)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "tiny"
    make(SOURCE, "tiny", folder)
    return folder


def test_frequent_words_are_one_token_and_others_are_spelled():
    tokenizer = make_tokenizer(TEXTS, SOURCE.vocabulary)
    assert len(tokenizer) == 300
    assert tokenizer.tokenize("The notes") == ["the", "notes"]
    assert tokenizer.tokenize("Zyx") == ["z", "##y", "##x"]
    text = " ".join(TEXTS)
    assert tokenizer.unk_token_id not in tokenizer(text, verbose=False)["input_ids"]


def test_the_vocabulary_does_not_hang_on_the_process():
    program = "from tests.unit.test_made_encoder import *\nprint(make_tokenizer(TEXTS, 300).backend_tokenizer.to_str())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": f"{ROOT / 'workflow/scripts'}:{ROOT}", "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_each_head_of_the_first_layer_starts_by_looking_at_a_neighbour():
    tokenizer = make_tokenizer(TEXTS, SOURCE.vocabulary)
    model = untrained_encoder(SOURCE, tokenizer).eval()
    model.set_attn_implementation("eager")
    ids = torch.tensor([tokenizer(TEXTS[0], truncation=True, max_length=60)["input_ids"]])
    with torch.no_grad():
        attention = model(ids, output_attentions=True).attentions[0][0]
    places = torch.arange(5, 55)
    for head, distance in enumerate((-1, 1, -2, 2)):
        looked_at = attention[head, places].argmax(dim=1)
        assert (looked_at == places + distance).float().mean() > 0.9
        assert attention[head, places, places + distance].mean() > 0.5


def test_it_is_recorded_and_becomes_a_tagger(made):
    record = read_record(made)
    assert (record["name"], record["architecture"]) == ("tiny", "BertForMaskedLM")
    model, tokenizer = load_with_new_head(made, ["O", "B-A", "I-A"], seed=0)
    assert model.config.num_labels == 3 and not model.config.hidden_dropout_prob
    logits = model(**tokenizer("Chest pain.", return_tensors="pt")).logits
    assert logits.shape == (1, 5, 3)


def test_the_same_seed_makes_the_same_model(made, tmp_path):
    make(SOURCE, "tiny", tmp_path / "again")
    assert read_record(tmp_path / "again")["fingerprint"] == read_record(made)["fingerprint"]
    other = SOURCE.model_copy(update={"seed": 1})
    make(other, "tiny", tmp_path / "other")
    assert read_record(tmp_path / "other")["fingerprint"] != read_record(made)["fingerprint"]


def test_sequences_are_full_and_framed():
    tokenizer = make_tokenizer(TEXTS, SOURCE.vocabulary)
    sequences = cut(TEXTS, tokenizer, 32)
    assert sequences and {len(ids) for ids in sequences} == {32}
    assert {(ids[0], ids[-1]) for ids in sequences} == {(tokenizer.cls_token_id, tokenizer.sep_token_id)}


def test_the_saved_tokenizer_pads_at_the_right(made):
    config = json.loads((made / "tokenizer_config.json").read_text())
    assert config["padding_side"] == "right" and config["model_max_length"] == 512
