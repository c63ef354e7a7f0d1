import json
import struct

import pytest

from medtune.errors import InputError
from medtune.studies.meerkat.given import take_adapter

OPTIONS = {"system_message": "", "template": None, "answer_tokens": 8}
LAYER = "model.layers.0.self_attn.q_proj"


def safetensors(path, **shapes):
    """A file that has a header alone."""
    header = json.dumps({name: {"dtype": "F32", "shape": s, "data_offsets": [0, 0]} for name, s in shapes.items()})
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode())


@pytest.fixture
def folders(tmp_path):
    """(adapter, base): a base model of one layer, 4 inputs and 6 outputs, and an adapter of rank 2 on it."""
    adapter, base = tmp_path / "mine", tmp_path / "base"
    adapter.mkdir()
    base.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    lora = f"base_model.model.{LAYER}.lora_"
    safetensors(adapter / "adapter_model.safetensors", **{f"{lora}A.weight": [2, 4], f"{lora}B.weight": [6, 2]})
    safetensors(base / "model.safetensors", **{f"{LAYER}.weight": [6, 4]})
    (base / "config.json").write_text("{}")
    (base / "record.json").write_text(json.dumps({"fingerprint": "f", "name": "base"}))
    (base / "tokenizer.json").write_text("{}")
    return adapter, base


def taken(folders, tmp_path, template="unknown"):
    adapter, base = folders
    take_adapter(adapter, template, base, OPTIONS, tmp_path / "taken", tmp_path / "adapter.json")
    return tmp_path / "taken"


def refusal(*arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        taken(*arguments, **options)
    return str(caught.value)


def test_the_copy_has_what_the_studys_own_have(folders, tmp_path):
    copy = taken(folders, tmp_path)
    names = {"adapter_config.json", "adapter_model.safetensors", "template.json", "tokenizer.json"}
    assert {path.name for path in copy.iterdir()} == names
    assert json.loads((copy / "template.json").read_text())["base_fingerprint"] == "f"
    record = json.loads((tmp_path / "adapter.json").read_text())
    assert (record["template"], set(record["sha256"])) == ("unknown", names - {"tokenizer.json"})


def test_an_adapter_whose_template_is_not_known_needs_a_word(folders, tmp_path):
    assert "set meerkat.evaluate.template: unknown" in refusal(folders, tmp_path, template="checked")
    facts = {"template_hash": "0" * 64, "base_fingerprint": "f", "base_model": "base"}
    (folders[0] / "template.json").write_text(json.dumps(facts))
    assert "trained with another template" in refusal(folders, tmp_path, template="checked")


def test_an_adapter_of_another_base_model(folders, tmp_path):
    safetensors(folders[1] / "model.safetensors", **{f"{LAYER}.weight": [6, 5]})
    assert f'the layer "{LAYER}.weight" has 4 inputs, that of the base model base 5' in refusal(folders, tmp_path)
    safetensors(folders[1] / "model.safetensors", other=[6, 4])
    assert f'adapts the layer "{LAYER}.weight", which the base model base has not' in refusal(folders, tmp_path)


def test_a_folder_that_is_no_adapter(folders, tmp_path):
    (folders[0] / "adapter_model.safetensors").write_bytes(b"not")
    assert "not a safetensors file" in refusal(folders, tmp_path)
    (folders[0] / "adapter_model.safetensors").unlink()
    assert "no adapter_model.safetensors; expected an adapter" in refusal(folders, tmp_path)
