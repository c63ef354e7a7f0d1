"""A loss in which some tokens count more, against sums made by hand."""

import math
import random

import pytest
import torch
from safetensors.torch import load_file

from medtune.config import Lora
from medtune.models.rendering import Rendered
from medtune.training.batches import LengthGroupedSampler
from medtune.training.checkpoints import trainer_state_of
from medtune.training.preflight import check_rows, make_plan
from tests.unit.test_training import PAD, SETTINGS, model, rendered, tokenizer

UNEVEN, TWOS = (0.5, 1.0, 4.0), (2.0,)

# One step of 2 batches of 4 rows. A new adapter changes nothing before the first step, and hardly anything after a step
# with this learning rate.
ONE_STEP = SETTINGS.model_copy(
    update={"lora": Lora(rank=4, dropout=0.0), "max_steps": 1, "evaluate_every": 1, "learning_rate": 1e-12}
)


def rows(count=40, seed=1, choices=None):
    """Rows whose tokens have weights drawn from these choices; none without them."""
    numbers = random.Random(seed)
    weighted = [
        Rendered(row.prompt, row.completion, choices and numbers.choices(choices, k=len(row.completion)))
        for row in rendered(count, seed)
    ]
    return check_rows(weighted, 64, tokenizer(), "train")


def run(folder, choices=None, settings=ONE_STEP, divisor=1):
    """Train into a folder; gives the loss, the norm of its gradient, and the validation loss of the first step."""
    from medtune.methods.adapter.training import train

    torch.set_num_threads(1)
    plan = make_plan(settings, 40, divisor)
    data, validation = rows(choices=choices), rows(9, 2, choices)
    train(data, validation, settings, plan, lambda: (model(), tokenizer()), folder, 42)
    step, validation = trainer_state_of(folder / f"checkpoint-{plan.steps}")["log_history"][:2]
    return step["loss"], step["grad_norm"], validation["eval_loss"]


def mean_by_hand(adapted, data, chosen):
    """Σ w·(-log p) / Σ w over some rows, each by itself."""
    total, share = 0.0, 0.0
    for row in chosen:
        ids = torch.tensor([data.input_ids[row]])
        log_probs = adapted(ids).logits[0, :-1].log_softmax(-1)
        for place, weight in enumerate(data.weights[row]):
            if weight:
                total = total - weight * log_probs[place - 1, ids[0, place]]
                share += weight
    return total / share


def test_loss_and_gradient_of_a_step_are_those_of_the_weighted_mean_over_its_batches(tmp_path):
    from peft import get_peft_model
    from transformers import set_seed

    from medtune.methods.adapter.training import lora_config

    data, base = rows(choices=UNEVEN), model()
    step = list(LengthGroupedSampler([len(ids) for ids in data.input_ids], 4, 42))[:8]
    set_seed(42)
    adapted = get_peft_model(base, lora_config(ONE_STEP, base))
    expected = mean_by_hand(adapted, data, step)
    expected.backward()
    norm = math.sqrt(sum(value.grad.pow(2).sum() for value in adapted.parameters() if value.grad is not None))
    loss, grad_norm, _ = run(tmp_path / "weighted", UNEVEN)
    assert (loss, grad_norm) == pytest.approx((expected.item(), norm), rel=1e-5)
    assert run(tmp_path / "plain")[0] != pytest.approx(loss, rel=1e-3)


def test_the_validation_loss_is_the_weighted_mean_of_each_batch(tmp_path):
    data, base = rows(9, 2, UNEVEN), model()
    order = sorted(range(9), key=lambda row: len(data.input_ids[row]))
    with torch.no_grad():
        means = [mean_by_hand(base, data, batch).item() for batch in (order[:4], order[4:8], order[8:])]
    # Over the batches it is a mean by rows, as in trainings without weights.
    expected = (4 * means[0] + 4 * means[1] + means[2]) / 9
    assert run(tmp_path, UNEVEN)[2] == pytest.approx(expected, rel=1e-5)


def test_equal_weights_are_the_same_as_none(tmp_path):
    settings = ONE_STEP.model_copy(update={"max_steps": 3, "learning_rate": 3e-3})
    plain = run(tmp_path / "plain", settings=settings)
    assert run(tmp_path / "twos", TWOS, settings) == pytest.approx(plain, rel=1e-5)
    expected, found = (
        load_file(tmp_path / name / "checkpoint-3" / "adapter_model.safetensors") for name in ("plain", "twos")
    )
    assert all(torch.allclose(expected[name], found[name], atol=2e-5) for name in expected)


def test_half_the_batch_and_twice_the_accumulation_give_the_same_step(tmp_path):
    whole, halved = run(tmp_path / "whole", UNEVEN), run(tmp_path / "halved", UNEVEN, divisor=2)
    assert halved == pytest.approx(whole, rel=1e-5)


def test_without_padding_the_step_is_that_of_padded_batches(tmp_path, monkeypatch):
    from medtune.methods.adapter import training as adapters

    arguments_of = adapters.trainer_arguments

    def padding_free(*args, **kwargs):
        arguments = arguments_of(*args, **kwargs)
        arguments.padding_free = True
        return arguments

    padded = run(tmp_path / "padded", UNEVEN)
    monkeypatch.setattr(adapters, "trainer_arguments", padding_free)
    flat = run(tmp_path / "flat", UNEVEN)
    assert flat[:2] == pytest.approx(padded[:2], rel=1e-5)


@pytest.mark.parametrize("padding_free", [False, True])
def test_weights_stand_where_their_labels_stand(padding_free):
    from medtune.methods.adapter.weighted_loss import WeightCollator

    data = rows(6, 3, UNEVEN)
    examples = [
        {"input_ids": ids, "labels": labels, "weights": weights}
        for ids, labels, weights in zip(data.input_ids, data.labels, data.weights, strict=True)
    ]
    batch = WeightCollator(PAD, padding_free=padding_free)(examples)
    assert torch.equal(batch["weights"] > 0, batch["labels"] != -100)
    assert batch["weights"][batch["weights"] > 0].tolist() == [w for weights in data.weights for w in weights if w]


def test_a_token_of_twice_the_weight_counts_like_two():
    from medtune.methods.adapter.weighted_loss import weighted_loss

    log_probs, weights = torch.tensor([[-1.0, -3.0, 0.0]]), torch.tensor([[0.0, 1.0, 2.0, 0.0]])
    assert weighted_loss(log_probs, weights).item() == pytest.approx((1 + 3 + 3) / 3)
    assert weighted_loss(log_probs, weights, torch.tensor(14.0)).item() == pytest.approx((1 + 3 + 3) / 14)
