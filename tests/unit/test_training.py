"""The engine on a tiny untrained model. As a program it trains once and kills itself: see the SIGKILL test."""

import math
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from medtune.config import Lora, Training
from medtune.errors import InputError
from medtune.models.rendering import Rendered
from medtune.training.batches import LengthGroupedSampler, length_grouped
from medtune.training.preflight import check_rows, make_plan

EOS, PAD, VOCABULARY = 0, 1, 120
SETTINGS = Training(lora=Lora(rank=4), epochs=3, batch_size=4, accumulation=2, learning_rate=3e-3, evaluate_every=4)
# 40 rows, 8 per step: 5 steps per epoch, so that the checkpoints (4, 8, 12, 15) fall into epochs.
STEPS = 15


def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"<eos>": EOS, "<pad>": PAD, **{f"w{i}": i for i in range(2, VOCABULARY)}}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<pad>")


def model(width=32):
    from transformers import Qwen3Config, Qwen3ForCausalLM, set_seed

    set_seed(7)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=width // 2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        eos_token_id=EOS,
        pad_token_id=PAD,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config)


def rendered(count, seed):
    """Rows of different length whose completion repeats the beginning of the prompt."""
    numbers = random.Random(seed)
    prompts = [[numbers.randrange(2, VOCABULARY) for _ in range(numbers.randint(5, 25))] for _ in range(count)]
    return [Rendered(prompt, [*prompt[: numbers.randint(1, 4)], EOS]) for prompt in prompts]


def rows(count=40, seed=1):
    return check_rows(rendered(count, seed), 64, tokenizer(), "train")


def run(folder, settings=SETTINGS, seed=42, base=model, divisor=1, **options):
    """Train in this process on one thread; True when finished."""
    from medtune.methods.adapter.training import train

    torch.set_num_threads(1)
    data = rows()
    plan = make_plan(settings, len(data), divisor)
    return train(data, rows(9, 2), settings, plan, lambda: (base(), tokenizer()), folder, seed, **options)


def weights(folder, step=STEPS):
    return load_file(folder / f"checkpoint-{step}" / "adapter_model.safetensors")


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder)
    return folder


# The order of the rows


@given(st.lists(st.integers(1, 60), max_size=300), st.integers(1, 8), st.integers(0, 9))
def test_an_epoch_holds_every_row_once(lengths, batch_size, seed):
    order = length_grouped(lengths, batch_size, torch.Generator().manual_seed(seed))
    assert sorted(order) == list(range(len(lengths)))


@hypothesis_settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_short_rows_of_varied_length_waste_less_than_five_percent(seed):
    numbers = random.Random(seed)
    lengths = [max(12, round(numbers.gauss(57, 13))) for _ in range(264)]
    order = list(LengthGroupedSampler(lengths, 4, seed))
    batches = [[lengths[row] for row in order[start : start + 4]] for start in range(0, 264, 4)]
    assert sum(lengths) / sum(4 * max(batch) for batch in batches) >= 0.95


def test_epochs_differ_and_repeat_by_seed_and_number():
    def order(seed, epoch):
        sampler = LengthGroupedSampler([5] * 30, 4, seed)
        sampler.epoch = epoch
        return list(sampler)

    assert order(1, 0) == order(1, 0)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4


# What is learned


def test_the_adapter_starts_from_its_seed_and_learns(undisturbed):
    from medtune.training.checkpoints import trainer_state_of

    history = trainer_state_of(undisturbed / f"checkpoint-{STEPS}")["log_history"]
    losses = [entry["loss"] for entry in history if "loss" in entry]
    assert len(losses) == STEPS and losses[-1] < losses[0]
    assert [entry["step"] for entry in history if "eval_loss" in entry] == [4, 8, 12, STEPS]


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(undisturbed, tmp_path):
    assert run(tmp_path / "same")
    assert same(weights(tmp_path / "same"), weights(undisturbed))
    assert run(tmp_path / "other", seed=43)
    assert not same(weights(tmp_path / "other"), weights(undisturbed))


def test_alpha_is_twice_the_rank_unless_set():
    from medtune.methods.adapter.training import lora_config

    assert lora_config(SETTINGS, model()).lora_alpha == 8
    assert lora_config(Training(lora=Lora(rank=4, alpha=5)), model()).lora_alpha == 5


def test_half_the_batch_and_twice_the_accumulation_give_the_same_adapter(undisturbed, tmp_path):
    plain = SETTINGS.model_copy(update={"lora": Lora(rank=4, dropout=0.0)})
    assert run(tmp_path / "whole", plain)
    assert run(tmp_path / "halved", plain, divisor=2)
    whole, halved = weights(tmp_path / "whole"), weights(tmp_path / "halved")
    assert all(torch.allclose(whole[name], halved[name], atol=2e-5) for name in whole)


def test_the_record_tells_what_was_done(undisturbed):
    from medtune.training.training_record import best_checkpoint, training_record

    data, validation = rows(), rows(9, 2)
    plan = make_plan(SETTINGS, len(data))
    record = training_record(undisturbed, SETTINGS, plan, data, validation, 42, {"name": "tiny"})
    assert record["steps"] == STEPS and record["best_step"] == STEPS
    assert best_checkpoint(undisturbed).name == f"checkpoint-{STEPS}"
    assert record["trainable_parameters"] == sum(value.numel() for value in weights(undisturbed).values())
    tokens = sum(len(ids) for ids in data.input_ids)
    assert tokens * 3 / record["useful_token_share"] == pytest.approx(processed_tokens(data), rel=1e-3)
    assert record["tokens_per_second"] > 0 and record["train_seconds"] > 0 and record["peak_memory_mb"] > 50
    kinds = Counter("validation_loss" in entry for entry in record["history"])
    assert kinds == {True: 4, False: STEPS}


def processed_tokens(data):
    """All tokens of three epochs, padding included, counted from the order of the rows."""
    lengths = [len(ids) for ids in data.input_ids]
    sampler = LengthGroupedSampler(lengths, 4, 42)
    total = 0
    for sampler.epoch in range(3):
        order = list(sampler)
        total += sum(4 * max(lengths[row] for row in order[i : i + 4]) for i in range(0, len(order), 4))
    return total


def test_a_loss_that_is_not_finite_ends_the_training_with_a_sentence(tmp_path):
    def broken():
        made = model()
        with torch.no_grad():
            made.model.norm.weight.fill_(math.nan)
        return made

    with pytest.raises(InputError, match=r"training diverged: the loss at step 1 is nan; lower"):
        run(tmp_path, base=broken)


def quantised(folder, quantization):
    """A function that loads the model quantised. NF4 has blocks of 64 weights, and wants no narrower rows."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    model(64).save_pretrained(folder)
    config = (
        BitsAndBytesConfig(load_in_8bit=True)
        if quantization == "int8"
        else BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)
    )
    return lambda: AutoModelForCausalLM.from_pretrained(
        folder, quantization_config=config, device_map="cpu", dtype=torch.float32
    )


@pytest.mark.parametrize("quantization", ["int8", "nf4"])
def test_a_quantised_base_trains_on_the_cpu_and_evaluating_between_steps_changes_nothing(tmp_path, quantization):
    base = quantised(tmp_path / "base", quantization)
    short = SETTINGS.model_copy(update={"max_steps": 3, "lora": Lora(rank=4, dropout=0.0)})
    assert run(tmp_path / "often", short.model_copy(update={"evaluate_every": 1}), base=base)
    assert run(tmp_path / "once", short, base=base)
    often, once = weights(tmp_path / "often", 3), weights(tmp_path / "once", 3)
    assert all(torch.allclose(often[name], once[name], atol=1e-6) for name in often)
    assert all(value.dtype == torch.float32 for value in often.values())
    assert all(value.abs().max() > 0 for name, value in often.items() if "lora_B" in name)


def test_a_quantised_training_goes_on_with_the_same_weights(tmp_path):
    base = quantised(tmp_path / "base", "int8")
    short = SETTINGS.model_copy(update={"max_steps": 6, "evaluate_every": 2})
    assert run(tmp_path / "whole", short, base=base)
    assert not run(tmp_path / "parts", short, base=base, report=terminate_at(3))
    assert run(tmp_path / "parts", short, base=base)
    assert same(weights(tmp_path / "parts", 6), weights(tmp_path / "whole", 6))


def test_each_optimiser_of_the_configuration_is_the_trainers_of_its_name():
    """Whether memory is paged shows on a GPU alone."""
    from medtune.methods.adapter.training import OPTIMIZERS

    names = get_args(Training.model_fields["optimizer"].annotation)
    assert {name: OPTIMIZERS[name].value.removesuffix("_torch_fused") for name in names} == {n: n for n in names}


@pytest.mark.parametrize("optimizer", ["adamw_8bit", "paged_adamw_8bit"])
def test_an_optimiser_of_8_bits_learns_and_goes_on_with_the_same_weights(tmp_path, optimizer):
    changes = {"max_steps": 4, "evaluate_every": 2, "optimizer": optimizer, "lora": Lora(rank=16)}
    short = SETTINGS.model_copy(update=changes)

    def base():
        return model(256)  # of fewer than 4,096 weights bitsandbytes keeps the state in 32 bits

    assert run(tmp_path / "whole", short, base=base)
    state = torch.load(tmp_path / "whole" / "checkpoint-4" / "optimizer.pt")["state"]
    held = [value for of in state.values() for value in of["__bnb_optimizer_quant_state__"].values()]
    assert torch.uint8 in {value.dtype for value in held if torch.is_tensor(value)}
    assert not run(tmp_path / "parts", short, base=base, report=terminate_at(2))
    assert run(tmp_path / "parts", short, base=base)
    assert same(weights(tmp_path / "parts", 4), weights(tmp_path / "whole", 4))


def test_activation_checkpointing_changes_no_weight(tmp_path):
    short = SETTINGS.model_copy(update={"max_steps": 2})
    assert run(tmp_path / "plain", short)
    assert run(tmp_path / "saving", short.model_copy(update={"gradient_checkpointing": True}))
    plain, saving = weights(tmp_path / "plain", 2), weights(tmp_path / "saving", 2)
    assert all(torch.allclose(plain[name], saving[name], atol=1e-6) for name in plain)


# Going on from an adapter


def as_start(checkpoint, folder):
    """An adapter folder to start from, with the weights of a checkpoint."""
    folder.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / name).write_bytes((checkpoint / name).read_bytes())
    return folder


@pytest.mark.parametrize("quantization", ["none", "int8", "nf4"])
def test_training_goes_on_from_the_very_weights_of_an_adapter(undisturbed, tmp_path, quantization):
    short = SETTINGS.model_copy(update={"max_steps": 3})
    base = (lambda: model(64)) if quantization == "none" else quantised(tmp_path / "base", quantization)
    assert run(tmp_path / "first", short, base=base)
    start = as_start(tmp_path / "first" / "checkpoint-3", tmp_path / "start")
    # A step that is too small to be seen tells where training began.
    still = short.model_copy(update={"max_steps": 1, "learning_rate": 1e-12})
    assert run(tmp_path / "still", still, base=base, start=start)
    assert same(weights(tmp_path / "still", 1), weights(tmp_path / "first", 3))
    assert run(tmp_path / "on", short, base=base, start=start)
    on, first = weights(tmp_path / "on", 3), weights(tmp_path / "first", 3)
    assert all(not torch.equal(on[name], first[name]) for name in first)
    assert all(value.dtype == torch.float32 for value in on.values())


def test_going_on_gives_the_same_weights_after_a_stop_and_with_activation_checkpointing(undisturbed, tmp_path):
    start = as_start(undisturbed / "checkpoint-8", tmp_path / "start")
    short = SETTINGS.model_copy(update={"max_steps": 8, "gradient_checkpointing": True})
    assert run(tmp_path / "whole", short.model_copy(update={"gradient_checkpointing": False}), start=start)
    assert not run(tmp_path / "parts", short, start=start, report=terminate_at(5))
    assert run(tmp_path / "parts", short, start=start)
    parts, whole = weights(tmp_path / "parts", 8), weights(tmp_path / "whole", 8)
    assert all(torch.allclose(parts[name], whole[name], atol=1e-5) for name in whole)


def test_weights_of_another_model_are_refused(undisturbed, tmp_path):
    from safetensors.torch import save_file

    start = as_start(undisturbed / "checkpoint-8", tmp_path / "start")
    fewer = {name: value for name, value in weights(undisturbed, 8).items() if "layers.1." not in name}
    save_file(fewer, start / "adapter_model.safetensors")
    with pytest.raises(InputError, match=r"start.adapter_model\.safetensors: not the weights of an adapter for this"):
        run(tmp_path / "on", start=start)


@pytest.mark.parametrize(
    ("lora", "sentence"),
    [
        (Lora(rank=8, alpha=8), "has rank = 4, and training.lora.rank asks for 8; set the same"),
        (Lora(rank=4, alpha=16), "has alpha = 8, and training.lora.alpha asks for 16"),
        (Lora(rank=4, target_modules=["q_proj"]), r"has target_modules = \[.*\], and .* asks for \['q_proj'\]"),
        (Lora(rank=4, alpha=8, scaling="rslora"), "has scaling = two_r or fixed, and .* asks for rslora"),
        (Lora(rank=4, dora=True), "has dora = False, and training.lora.dora asks for True"),
    ],
)
def test_an_adapter_of_another_shape_is_no_start(undisturbed, tmp_path, lora, sentence):
    from medtune.methods.adapter.training import check_start

    model().config.save_pretrained(tmp_path / "base")
    start = as_start(undisturbed / "checkpoint-8", tmp_path / "start")
    check_start(start, tmp_path / "base", SETTINGS)
    with pytest.raises(InputError, match=sentence):
        check_start(start, tmp_path / "base", SETTINGS.model_copy(update={"lora": lora}))


# Without padding


def test_without_padding_loss_and_gradients_are_those_of_padded_batches():
    from peft import get_peft_model
    from transformers import set_seed
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling
    from trl.trainer.utils import add_fused_lm_head

    from medtune.methods.adapter.training import lora_config

    data = rows(4, 3)
    batch = [{"input_ids": ids, "labels": labels} for ids, labels in zip(data.input_ids, data.labels, strict=True)]
    results = []
    for padding_free in (False, True):
        set_seed(0)
        base = model()
        adapted = get_peft_model(base, lora_config(SETTINGS, base)).eval()
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1)
        add_fused_lm_head(adapted.get_base_model(), outputs=("log_probs",))
        inputs = DataCollatorForLanguageModeling(PAD, padding_free=padding_free)(batch)
        assert ("attention_mask" in inputs) is not padding_free
        loss = adapted(**inputs, use_cache=False, fused_lm_head=True).loss
        loss.backward()
        gradients = {name: value.grad for name, value in adapted.named_parameters() if value.requires_grad}
        results.append((loss.item(), gradients))
    (padded, expected), (flat, found) = results
    assert flat == pytest.approx(padded, rel=1e-5)
    assert all(torch.allclose(expected[name], found[name], atol=1e-6) for name in expected)


# Choosing and stopping


def judge(figures):
    """Options of a training whose validation gives these figures, one after the other."""
    remaining = iter(figures)
    return {
        "validate": lambda model, tokenizer: {"validation_f1": next(remaining), "validation_recall": 0.5},
        "selected_by": "validation_f1",
    }


def test_the_best_checkpoint_is_the_one_with_the_highest_figure(tmp_path):
    from medtune.training.training_record import best_checkpoint

    assert run(tmp_path, **judge([0.2, 0.9, 0.5, 0.8]))
    assert best_checkpoint(tmp_path).name == "checkpoint-8"
    assert (best_checkpoint(tmp_path) / "adapter_model.safetensors").is_file()


def test_equal_figures_are_decided_by_the_loss(tmp_path):
    from medtune.training.training_record import best_checkpoint

    assert run(tmp_path, **judge([0.5] * 4))
    assert best_checkpoint(tmp_path).name == f"checkpoint-{STEPS}"


def test_a_validation_that_takes_random_numbers_changes_no_weight(undisturbed, tmp_path):
    def validate(model, tokenizer):
        return {"validation_f1": float(torch.rand(1))}

    assert run(tmp_path, validate=validate, selected_by="validation_f1")
    assert same(weights(tmp_path), weights(undisturbed))


def test_answering_between_steps_changes_no_weight(undisturbed, tmp_path):
    from medtune.config import Generation
    from medtune.inference.generation import generate

    def validate(model, tokenizer):
        assert not model.training
        answers = generate(model, tokenizer, rows(9, 2).input_ids, Generation(max_new_tokens=6), seed=0)
        return {"validation_f1": len(answers) / 10}

    assert run(tmp_path, validate=validate, selected_by="validation_f1")
    assert same(weights(tmp_path), weights(undisturbed))


def test_a_validation_loss_that_is_not_finite_ends_the_training_with_a_sentence(tmp_path, monkeypatch):
    from medtune.methods.adapter.training import AdapterTrainer

    loss = AdapterTrainer.compute_loss

    def diverging(trainer, model, *args, **kwargs):
        found = loss(trainer, model, *args, **kwargs)
        return found if trainer.model.training else found * math.nan

    monkeypatch.setattr(AdapterTrainer, "compute_loss", diverging)
    with pytest.raises(InputError, match=r"training diverged: the validation loss at step 4 is nan; lower"):
        run(tmp_path, **judge([0.5]))


def test_patience_ends_a_training_that_no_longer_improves_and_it_stays_ended(tmp_path):
    from medtune.training.checkpoints import last_checkpoint
    from medtune.training.training_record import best_checkpoint

    patient = SETTINGS.model_copy(update={"patience": 1})
    assert run(tmp_path, patient, **judge([0.9, 0.5]))
    assert last_checkpoint(tmp_path).name == "checkpoint-8"
    assert best_checkpoint(tmp_path).name == "checkpoint-4"
    assert run(tmp_path, patient, base=never)


def never():
    raise AssertionError("a finished training needs no model")


# Killed and resumed


def test_a_finished_training_is_not_trained_again(undisturbed):
    assert run(undisturbed, base=never)


def test_killed_while_a_checkpoint_is_written_the_weights_are_those_of_an_undisturbed_run(undisturbed, tmp_path):
    from medtune.training.checkpoints import last_checkpoint, progress_of, remove_incomplete

    library = str(Path(__file__).parents[2] / "workflow" / "scripts")
    killed = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], env={**os.environ, "PYTHONPATH": library}, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert (tmp_path / "checkpoint-12" / "optimizer.pt").exists()
    assert last_checkpoint(tmp_path).name == "checkpoint-8"
    remove_incomplete(tmp_path)

    assert run(tmp_path)
    assert same(weights(tmp_path), weights(undisturbed))
    assert same(weights(tmp_path, 12), weights(undisturbed, 12))
    whole, resumed = progress_of(undisturbed / f"checkpoint-{STEPS}"), progress_of(tmp_path / f"checkpoint-{STEPS}")
    assert (resumed.useful_tokens, resumed.processed_tokens) == (whole.useful_tokens, whole.processed_tokens)
    assert (whole.resumed, resumed.resumed) == (0, 1)


def terminate_at(last_step):
    """A report that sends SIGTERM to its own process once a step is done."""

    def report(metrics, step):
        if step == last_step and "loss" in metrics:
            os.kill(os.getpid(), signal.SIGTERM)

    return report


def test_sigterm_saves_after_the_running_step_and_the_next_call_goes_on(undisturbed, tmp_path):
    from medtune.training.checkpoints import last_checkpoint

    assert not run(tmp_path, report=terminate_at(5))
    assert last_checkpoint(tmp_path).name == "checkpoint-6"
    assert run(tmp_path)
    assert same(weights(tmp_path), weights(undisturbed))


def test_a_worker_ends_when_its_job_is_gone(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with pytest.raises(SystemExit, match="has ended"):
        run(tmp_path, owner=gone.pid)


def train_and_be_killed(folder):
    """Train, and be killed when the third checkpoint is written but not yet declared complete."""
    from medtune.training import callbacks

    seal = callbacks.seal

    def seal_or_die(checkpoint, progress):
        if checkpoint.name == "checkpoint-12":
            os.kill(os.getpid(), signal.SIGKILL)
        seal(checkpoint, progress)

    callbacks.seal = seal_or_die
    run(folder)


if __name__ == "__main__":
    train_and_be_killed(Path(sys.argv[1]))
