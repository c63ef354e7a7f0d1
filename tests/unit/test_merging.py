"""The merge stage: a folder that answers as adapter and base do, or none."""

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from medtune.errors import InputError
from medtune.files import read_json, write_json, write_jsonl
from medtune.methods.adapter import merging
from medtune.methods.adapter.merging import answer_logits, difference
from medtune.models.loading import load_base, load_with_adapter
from medtune.models.model_record import read_record, write_record
from medtune.models.rendering import Rendered
from medtune.stages.merge_adapter import Job, merge_adapter
from medtune.studies import get_task
from tests.unit.tiny_model import tiny_model

EXAMPLE = {"question": "Is it useful?", "label": "Yes", "rationale": "It is."}
QUERIES = "model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Base model, an adapter that changes its answers, and validation examples on disk."""
    folder = tmp_path_factory.mktemp("material")
    model, tokenizer = tiny_model()
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    write_record(folder / "base", "tiny", {"source": "made"}, "apache-2.0")
    torch.manual_seed(0)
    adapted = get_peft_model(model, LoraConfig(target_modules="all-linear", init_lora_weights=False))
    adapted.save_pretrained(folder / "adapter")
    tokenizer.save_pretrained(folder / "adapter")
    template = {"template_hash": get_task("yesno").template_hash, "base_model": "tiny"}
    fingerprint = read_record(folder / "base")["fingerprint"]
    write_json(folder / "adapter" / "template.json", {**template, "base_fingerprint": fingerprint})
    rows = [{**EXAMPLE, "id": f"q{i}", "question": f"Is drug {i} useful?"} for i in range(9)]
    write_jsonl(folder / "validation.jsonl", rows)
    return folder


def job_of(material, **changes):
    paths = {"validation": material / "validation.jsonl", "base": material / "base", "adapter": material / "adapter"}
    return Job(**{"task": "yesno", **paths, **changes})


def merge_into(folder, job):
    merge_adapter(job, folder / "NER_final", folder / "merge.json")
    return read_json(folder / "merge.json")


def test_the_merged_model_is_loaded_alone_and_answers_as_the_adapter(material, tmp_path):
    record = merge_into(tmp_path, job_of(material))
    assert (record["dtype"], record["prompts"]) == ("bfloat16", 8)
    assert 0 < record["mean_abs_logit_difference"] < 0.05 * record["base_without_adapter"]["mean_abs_logit_difference"]
    assert record["mean_abs_logit_difference"] <= record["max_abs_logit_difference"]
    assert record["base_without_adapter"]["top1_agreement"] < 0.5 < record["top1_agreement"]

    alone = AutoModelForCausalLM.from_pretrained(tmp_path / "NER_final", dtype="auto")
    assert {parameter.dtype for parameter in alone.parameters()} == {torch.bfloat16}
    rows = [Rendered([5, 6, 7], [8, 9, 0])]
    read, _ = load_base(tmp_path / "NER_final")
    adapted, tokenizer = load_with_adapter(material / "base", material / "adapter")
    found = difference(answer_logits(read, rows), answer_logits(adapted, rows))
    assert found.mean_abs < 10 * record["mean_abs_logit_difference"]
    assert record["tokens"] == 8 * len(get_task("yesno").render(EXAMPLE, tokenizer).completion)


def test_each_weight_is_the_sum_rounded_once(material, tmp_path):
    merge_into(tmp_path, job_of(material))
    base = load_file(material / "base" / "model.safetensors")
    adapter = load_file(material / "adapter" / "adapter_model.safetensors")
    merged = load_file(tmp_path / "NER_final" / "model.safetensors")
    a, b = (adapter[f"base_model.model.{QUERIES}.lora_{side}.weight"] for side in "AB")
    expected = (base[f"{QUERIES}.weight"] + b @ a).bfloat16()  # alpha / r = 1
    assert torch.equal(merged[f"{QUERIES}.weight"], expected)
    assert torch.equal(merged["model.norm.weight"], base["model.norm.weight"].bfloat16())


def test_the_folder_can_serve_as_a_base_model_and_says_where_it_is_from(material, tmp_path):
    record = merge_into(tmp_path, job_of(material, quantization="nf4"))
    folder = tmp_path / "NER_final"
    assert read_record(folder)["licence"] == "apache-2.0"
    assert read_record(folder)["fingerprint"] == record["fingerprint"]
    assert read_record(folder)["base_fingerprint"] == read_record(material / "base")["fingerprint"]
    assert read_json(folder / "template.json") == read_json(material / "adapter" / "template.json")
    assert load_base(folder)[1]("Is it?")["input_ids"]
    card = (folder / "README.md").read_text()
    assert str(material / "adapter") in card and "4-bit NF4" in card and "license: apache-2.0" in card
    # A count of what was compared, not an estimate.
    agreeing = round(record["top1_agreement"] * record["tokens"])
    assert f"| {agreeing} of {record['tokens']} tokens |" in card
    assert (record["adapter_trained_on"], record["tolerance_in_float32"]) == ("nf4", merging.TOLERANCE)
    assert "NF4" not in str(merge_into(tmp_path, job_of(material)))
    assert "NF4" not in (folder / "README.md").read_text()


def without_queries(model):
    """Merge, but leave out what the adapter does to one layer's queries."""
    model.get_submodule(f"base_model.model.{QUERIES}").lora_B["default"].weight.data.zero_()
    return model.base_model.merge_and_unload()


@pytest.mark.parametrize("wrong", [lambda model: model.unload(), without_queries])
def test_a_wrong_merge_is_refused_and_leaves_nothing(material, tmp_path, monkeypatch, wrong):
    monkeypatch.setattr(PeftModel, "merge_and_unload", wrong, raising=False)
    with pytest.raises(InputError, match=r"adapter: the model merged from it does not answer as base and adapter: .*"):
        merge_into(tmp_path, job_of(material))
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_not_what_was_merged_are_refused(material, tmp_path, monkeypatch):
    def load(*args, **kwargs):
        model, tokenizer = load_base(*args, **kwargs)
        model.get_submodule("model.layers.0.mlp.down_proj").weight.data.mul_(1.01)
        return model, tokenizer

    monkeypatch.setattr(merging, "load_base", load)
    with pytest.raises(InputError, match="adapter: the saved model does not answer as the merged one"):
        merge_into(tmp_path, job_of(material))
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_that_is_not_a_number_is_refused(material, tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "answer_logits", lambda model, rows: torch.full((2, 3), float("nan")))
    with pytest.raises(InputError, match="differ by nan"):
        merge_into(tmp_path, job_of(material))


def test_an_adapter_of_another_base_is_refused(material, tmp_path):
    other = tmp_path / "base"
    model, tokenizer = tiny_model(seed=1)
    model.save_pretrained(other)
    tokenizer.save_pretrained(other)
    write_record(other, "other", {}, "unknown")
    with pytest.raises(InputError, match='trained on base model "tiny" with other weights'):
        merge_into(tmp_path / "out", job_of(material, base=other))


def test_differences_are_over_tokens_and_vocabulary():
    a, b = torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([[0.0, 1.5], [2.0, 2.5]])
    found = difference(a, b)
    assert (found.max_abs, found.mean_abs, found.top1_agreement) == (2.5, 0.75, 0.5)
