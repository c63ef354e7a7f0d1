"""Label likelihoods against one forward pass per prompt and label."""

import numpy as np
import pytest
import torch

from medtune.inference.likelihood import completion_log_likelihoods, label_log_likelihoods
from tests.unit.tiny_model import random_prompts, tiny_model


@pytest.fixture(scope="module")
def model():
    return tiny_model()[0]


def naive(model, prompts, completions):
    """One unpadded forward pass each."""
    result = np.zeros((len(prompts), len(completions)))
    for i, prompt in enumerate(prompts):
        for j, completion in enumerate(completions):
            with torch.no_grad():
                logits = model(torch.tensor([prompt + completion])).logits[0].log_softmax(-1)
            result[i, j] = sum(logits[len(prompt) - 1 + k, token].item() for k, token in enumerate(completion))
    return result


@pytest.mark.parametrize(
    "completions",
    [
        [[5], [6], [7]],
        [[5, 9], [6], [7, 8, 9, 10]],
        [[5, 9, 11], [5, 9, 12]],  # they differ in their last token only
    ],
)
@pytest.mark.parametrize("prefix", [[], list(range(20, 40))])
def test_each_label_has_the_likelihood_of_all_its_tokens(model, completions, prefix):
    prompts = random_prompts(17, prefix=prefix)
    scores = label_log_likelihoods(model, prompts, completions, batch_tokens=150, pad_id=1)
    np.testing.assert_allclose(scores, naive(model, prompts, completions), atol=1e-4)


def test_identical_prompts_are_scored_alike(model):
    scores = label_log_likelihoods(model, [list(range(5, 40))] * 3, [[5], [6, 7]], batch_tokens=4096, pad_id=1)
    np.testing.assert_allclose(scores, naive(model, [list(range(5, 40))] * 3, [[5], [6, 7]]), atol=1e-4)


def test_a_model_in_training_is_scored_without_dropout_and_goes_on_training():
    from peft import LoraConfig, get_peft_model

    model, _ = tiny_model()
    adapted = get_peft_model(model, LoraConfig(target_modules="all-linear", lora_dropout=0.5, init_lora_weights=False))
    prompts = random_prompts(5)
    expected = label_log_likelihoods(adapted.eval(), prompts, [[5], [6, 7]], 4096, pad_id=1)
    adapted.train()
    scores = label_log_likelihoods(adapted, prompts, [[5], [6, 7]], 4096, pad_id=1)
    np.testing.assert_array_equal(scores, expected)
    assert adapted.training
    adapted(torch.tensor([[5, 6, 7]]), labels=torch.tensor([[5, 6, 7]])).loss.backward()
    assert any(parameter.grad is not None for parameter in adapted.parameters())


def test_no_prompts_give_no_rows(model):
    assert label_log_likelihoods(model, [], [[5], [6]], 100, pad_id=1).shape == (0, 2)


@pytest.mark.parametrize(("prompts", "completions"), [([[]], [[5]]), ([[5]], [[5], []])])
def test_empty_prompts_and_completions_are_refused(model, prompts, completions):
    with pytest.raises(ValueError, match="at least one token"):
        label_log_likelihoods(model, prompts, completions, 100, pad_id=1)


def test_each_token_of_a_completion_has_its_likelihood_and_whether_it_is_the_likeliest(model):
    prompts = random_prompts(9)
    completions = [[5 + n, 9, 11, 30][: 1 + n % 4] for n in range(9)]
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        if row % 2:  # what greedy decoding writes
            for place in range(len(completion)):
                ids = torch.tensor([[*prompt, *completion[:place]]])
                completion[place] = int(model(ids).logits[0, -1].argmax())
    scored = completion_log_likelihoods(model, prompts, completions, batch_tokens=90, pad_id=1)
    for row, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + completion])).logits[0].log_softmax(-1)
        before = logits[len(prompt) - 1 : -1]
        expected = [float(before[place, token]) for place, token in enumerate(completion)]
        np.testing.assert_allclose(scored[row].log_likelihoods, expected, atol=1e-4)
        assert scored[row].greedy.tolist() == [
            int(one.argmax()) == token for one, token in zip(before, completion, strict=True)
        ]
        assert scored[row].greedy.all() or not row % 2
    assert not all(one.greedy.all() for one in scored)


@pytest.mark.parametrize(("prompts", "completions"), [([[]], [[5]]), ([[5]], [[]]), ([[5]], [[5], [6]])])
def test_completions_without_tokens_or_of_other_number_are_refused(model, prompts, completions):
    with pytest.raises(ValueError):
        completion_log_likelihoods(model, prompts, completions, 100, pad_id=1)
