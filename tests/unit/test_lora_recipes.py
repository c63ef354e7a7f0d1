"""Scaling, layers, DoRA and LoRA+ of an adapter, on tiny untrained models."""

import logging

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from pydantic import ValidationError

from medtune.config import Lora, Training
from medtune.errors import InputError
from medtune.methods.adapter.layers import layers_of
from medtune.methods.adapter.training import lora_config
from tests.unit.test_training import SETTINGS, model, run, same, terminate_at, weights

ATTENTION, MLP = ["k_proj", "o_proj", "q_proj", "v_proj"], ["down_proj", "gate_proj", "up_proj"]


def of(**lora):
    return Training(lora=Lora(**lora))


def adapted(**lora):
    base = model()
    return get_peft_model(base, lora_config(of(**lora), base))


def scale(**lora):
    """By which the update of a layer is multiplied."""
    found = {module.scaling["default"] for module in adapted(**lora).modules() if hasattr(module, "lora_A")}
    assert len(found) == 1
    return found.pop()


def with_adapter(**lora):
    """Leaf names of the layers that have an adapter."""
    names = {name for name, module in adapted(**lora).named_modules() if hasattr(module, "lora_A")}
    return sorted({name.rpartition(".")[2] for name in names})


def test_settings_without_a_recipe_are_as_they_were_before_there_were_any():
    plain = {"rank": 8, "alpha": None, "dropout": 0.05, "target_modules": "all-linear"}
    assert Training().model_dump()["lora"] == plain
    assert of(dora=False, lora_plus=None).model_dump(mode="json")["lora"] == plain
    assert of(dora=True, targets="mlp").model_dump()["lora"] == plain | {"dora": True, "targets": "mlp"}
    for lora in (Lora(), Lora(scaling="rslora", alpha=4), Lora(lora_plus=16)):
        assert Training.model_validate_json(Training(lora=lora).model_dump_json()).lora == lora


def test_the_update_is_scaled_as_the_recipe_says():
    assert [scale(rank=rank, scaling="two_r") for rank in (4, 16)] == [2, 2]
    assert [scale(rank=rank, alpha=8, scaling="fixed") for rank in (4, 16)] == [2, 0.5]
    assert [scale(rank=rank, alpha=8, scaling="rslora") for rank in (4, 16)] == [4, 2]
    assert [scale(rank=4), scale(rank=4, alpha=8)] == [2, 2]


def test_layers_are_those_of_the_named_part():
    assert with_adapter(targets="attention") == ATTENTION
    assert with_adapter(targets="mlp") == MLP
    assert with_adapter(targets="all") == with_adapter() == sorted(ATTENTION + MLP)


def test_layers_whose_last_names_are_alike_are_told_apart():
    from transformers import GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, OPTConfig, OPTForCausalLM

    with torch.device("meta"):
        gpt2 = GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=16, n_head=2))
        neox = GPTNeoXForCausalLM(
            GPTNeoXConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
        )
        opt = OPTForCausalLM(
            OPTConfig(hidden_size=16, ffn_dim=32, num_hidden_layers=1, num_attention_heads=2, word_embed_proj_dim=16)
        )
    assert layers_of(gpt2, "mlp") == ["mlp.c_fc", "mlp.c_proj"]
    assert layers_of(gpt2, "attention") == ["attn.c_attn", "attn.c_proj"]
    assert layers_of(neox, "mlp") == ["dense_4h_to_h", "dense_h_to_4h"]
    assert layers_of(neox, "attention") == ["dense", "query_key_value"]
    assert layers_of(opt, "mlp") == ["fc1", "fc2"]
    found = get_peft_model(gpt2, LoraConfig(target_modules=layers_of(gpt2, "mlp"), fan_in_fan_out=True))
    names = [name for name, module in found.named_modules() if hasattr(module, "lora_A")]
    assert len(names) == 4 and all(".mlp." in name for name in names)


def test_a_model_whose_layers_have_other_names_is_told_so():
    odd = torch.nn.ModuleDict({"mixer": torch.nn.Linear(2, 2)})
    with pytest.raises(InputError, match=r"mlp is not known of ModuleDict, whose layers are mixer; name those"):
        layers_of(odd, "mlp")


@pytest.mark.parametrize(
    ("lora", "sentence"),
    [
        ({"scaling": "two_r", "alpha": 16}, "two_r makes alpha twice the rank; leave alpha out"),
        ({"scaling": "fixed"}, "fixed takes alpha as it is set; set alpha"),
        ({"scaling": "rslora"}, "rslora takes alpha as it is set; set alpha"),
        ({"targets": "mlp", "target_modules": ["q_proj"]}, "has targets and target_modules; expected one of them"),
        ({"lora_plus": 0.5}, "greater than or equal to 1"),
    ],
)
def test_recipes_that_contradict_themselves_are_refused(lora, sentence):
    with pytest.raises(ValidationError, match=sentence):
        Lora(**lora)


def test_dora_trains_magnitudes_that_its_saved_adapter_answers_with(tmp_path):
    short = SETTINGS.model_copy(update={"max_steps": 2, "lora": Lora(rank=4, dora=True)})
    assert run(tmp_path, short)
    trained = weights(tmp_path, 2)
    magnitudes = {name: value for name, value in trained.items() if "magnitude" in name}
    assert len(magnitudes) == 2 * len(ATTENTION + MLP)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        whole = PeftModel.from_pretrained(model(), tmp_path / "checkpoint-2").eval()
        asked = whole(input_ids=ids).logits
        merged = whole.merge_and_unload()(input_ids=ids).logits
        assert torch.allclose(merged, asked, atol=1e-5)
        assert not torch.allclose(asked, model().eval()(input_ids=ids).logits, atol=1e-4)


# LoRA+


def test_the_matrices_b_are_trained_at_a_multiple_of_the_rate_and_go_on_after_a_stop(tmp_path):
    changes = {"max_steps": 4, "evaluate_every": 2, "schedule": "constant", "warmup": 0.0}
    short = SETTINGS.model_copy(update=changes | {"lora": Lora(rank=4, lora_plus=8)})
    assert run(tmp_path / "whole", short)
    state = torch.load(tmp_path / "whole" / "checkpoint-4" / "optimizer.pt")
    groups = [(len(group["params"]), group["lr"]) for group in state["param_groups"] if group["params"]]
    layers = 2 * len(ATTENTION + MLP)
    assert groups == [(layers, pytest.approx(3e-3)), (layers, pytest.approx(8 * 3e-3))]
    assert not run(tmp_path / "parts", short, report=terminate_at(2))
    assert run(tmp_path / "parts", short)
    assert same(weights(tmp_path / "parts", 4), weights(tmp_path / "whole", 4))
    assert run(tmp_path / "plain", short.model_copy(update={"lora": Lora(rank=4)}))
    plain, plus = weights(tmp_path / "plain", 2), weights(tmp_path / "whole", 2)
    larger = [plus[name].abs().mean() > 2 * plain[name].abs().mean() for name in plain if "lora_B" in name]
    assert len(larger) == layers and all(larger)


# Too few parameters


def test_an_adapter_with_fewer_parameters_than_there_are_tokens_to_learn_is_named(caplog, tmp_path):
    from medtune.methods.adapter.training import _warn_of_few_parameters

    one = adapted(rank=1, targets="attention")
    held = sum(parameter.numel() for parameter in one.parameters() if parameter.requires_grad)
    with caplog.at_level(logging.WARNING, logger="medtune"):
        _warn_of_few_parameters(one, held)
        assert not caplog.records
        _warn_of_few_parameters(one, held + 1)
    assert f"has {held} parameters, fewer than the {held + 1} tokens" in caplog.text
