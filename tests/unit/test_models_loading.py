import pytest
import torch

from medtune.config import MadeModel
from medtune.models.loading import load_base, load_tokenizer
from medtune.models.model_record import read_record
from medtune.stages.make_model import make

# bitsandbytes wants row widths that are multiples of 64.
TINY = MadeModel(source="made", hidden_size=64, layers=1, heads=2, vocabulary=300, steps=2, batch_size=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base") / "tiny"
    make(TINY, "tiny", folder)
    return folder


def test_a_made_model_has_a_record_with_its_pretraining(base):
    record = read_record(base)
    assert (record["name"], record["source"], record["steps"]) == ("tiny", "made", 2)
    assert record["parameters"] > 0


def test_the_same_seed_makes_the_same_model_and_another_another(base, tmp_path):
    make(TINY, "tiny", tmp_path / "same")
    make(TINY.model_copy(update={"seed": 1}), "tiny", tmp_path / "other")
    assert read_record(tmp_path / "same")["fingerprint"] == read_record(base)["fingerprint"]
    assert read_record(tmp_path / "other")["fingerprint"] != read_record(base)["fingerprint"]


def test_the_tokenizer_gives_any_text_back_and_pads_at_the_left(base):
    tokenizer = load_tokenizer(base)
    text = "Q: naïve T-cells, 12.5 µg/dl (p<0.01)?\nA: 日本 🫀"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.padding_side == "left"
    assert tokenizer.pad_token_id not in (None, tokenizer.eos_token_id)


@pytest.mark.parametrize("quantization", ["none", "int8", "nf4"])
def test_each_quantisation_loads_and_generates_on_the_cpu(base, quantization):
    model, tokenizer = load_base(base, quantization, device="cpu")
    inputs = tokenizer("The trial showed", return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=3, min_new_tokens=3, do_sample=False)
    assert output.shape[1] == inputs["input_ids"].shape[1] + 3
    assert bool(getattr(model, "is_quantized", False)) == (quantization != "none")


def test_on_the_cpu_weights_are_full_precision(base):
    model, _ = load_base(base, device="cpu")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
