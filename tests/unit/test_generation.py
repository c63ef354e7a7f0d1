"""Batched generation gives what one call per prompt gives, and goes on where it was killed."""

import math

import pytest
import torch
from transformers import GenerationConfig

from medtune.config import Generation
from medtune.errors import InputError
from medtune.inference import generation
from medtune.inference.generation import Generated, generate
from medtune.inference.inputs import shared_prefix
from medtune.inference.progress import Progress
from tests.unit.tiny_model import random_prompts, tiny_model

INSTRUCTION = list(range(20, 40))
SETTINGS = Generation(max_new_tokens=24, batch_tokens=300)


@pytest.fixture(scope="module")
def stopping():
    """A model whose outputs end at different lengths, since it has many stop tokens."""
    model, tokenizer = tiny_model()
    model.generation_config.eos_token_id = list(range(100, 130))
    return model, tokenizer


@pytest.fixture
def adapted():
    """A model with an adapter that changes what it says."""
    from peft import LoraConfig, get_peft_model

    model, tokenizer = tiny_model()
    torch.manual_seed(0)
    return get_peft_model(model, LoraConfig(target_modules="all-linear", init_lora_weights=False)), tokenizer


def one_by_one(model, tokenizer, prompts, stops):
    """`model.generate` for each prompt alone."""
    outputs = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        sequence = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=SETTINGS.max_new_tokens,
            do_sample=False,
            eos_token_id=stops,
            pad_token_id=tokenizer.pad_token_id,
        )
        outputs.append(sequence[0, len(prompt) :].tolist())
    return outputs


@pytest.mark.parametrize("prefix", [[], INSTRUCTION], ids=["no prefix", "prefix"])
def test_batches_and_the_cached_prefix_change_no_answer(stopping, prefix):
    model, tokenizer = stopping
    prompts = random_prompts(30, prefix=prefix)
    answers = generate(model, tokenizer, prompts, SETTINGS, seed=0)
    stops = [tokenizer.eos_token_id, *model.generation_config.eos_token_id]
    assert [answer.tokens for answer in answers] == one_by_one(model, tokenizer, prompts, stops)
    assert {answer.finish for answer in answers} == {"eos", "length"}
    assert len({answer.length for answer in answers}) > 3


def test_an_adapter_is_used_with_batches_and_prefix_as_well(adapted):
    model, tokenizer = adapted
    prompts = random_prompts(12, prefix=INSTRUCTION)
    answers = [answer.tokens for answer in generate(model, tokenizer, prompts, SETTINGS, seed=0)]
    assert answers == one_by_one(model, tokenizer, prompts, tokenizer.eos_token_id)
    with model.disable_adapter():
        assert answers != [answer.tokens for answer in generate(model, tokenizer, prompts, SETTINGS, seed=0)]


def test_identical_prompts_get_identical_answers(stopping):
    answers = generate(*stopping, [INSTRUCTION] * 5, SETTINGS, seed=0)
    assert len({tuple(answer.tokens) for answer in answers}) == 1


def test_token_probabilities_are_those_of_the_model(stopping):
    model, tokenizer = stopping
    prompts = random_prompts(8, prefix=INSTRUCTION)
    for prompt, answer in zip(prompts, generate(model, tokenizer, prompts, SETTINGS, seed=0), strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + answer.tokens])).logits[0, len(prompt) - 1 : -1]
        expected = logits.softmax(-1).gather(1, torch.tensor(answer.tokens)[:, None]).squeeze(1)
        assert answer.token_probabilities == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-5)


def test_defaults_of_the_base_model_do_not_leak_in(stopping):
    model, tokenizer = stopping
    prompts = random_prompts(6)
    expected = generate(model, tokenizer, prompts, SETTINGS, seed=0)
    plain = model.generation_config
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=3.0,
        top_k=5,
        repetition_penalty=9.0,
        no_repeat_ngram_size=1,
        num_beams=3,
        max_length=5,
        eos_token_id=plain.eos_token_id,
    )
    try:
        assert generate(model, tokenizer, prompts, SETTINGS, seed=0) == expected
        assert model.generation_config.top_k == 5
    finally:
        model.generation_config = plain


def test_samples_depend_on_the_seed_and_not_on_the_batches(stopping):
    prompts = random_prompts(20)
    prompts[3] = prompts[4] = INSTRUCTION
    sampling = Generation(max_new_tokens=24, batch_tokens=300, temperature=1.0)
    tokens = [answer.tokens for answer in generate(*stopping, prompts, sampling, seed=1)]
    assert tokens[3] != tokens[4]
    other_batches = sampling.model_copy(update={"batch_tokens": 1})
    assert tokens == [answer.tokens for answer in generate(*stopping, prompts, other_batches, seed=1)]
    assert tokens != [answer.tokens for answer in generate(*stopping, prompts, sampling, seed=2)]


def test_samples_follow_the_distribution_of_the_model_at_that_temperature():
    model, tokenizer = tiny_model()
    prompt = INSTRUCTION
    settings = Generation(max_new_tokens=1, temperature=2.0, batch_tokens=100_000)
    n = 3000
    drawn = [answer.tokens[0] for answer in generate(model, tokenizer, [prompt] * n, settings, seed=0)]
    with torch.no_grad():
        logits = model(torch.tensor([prompt])).logits[0, -1]
    found = torch.bincount(torch.tensor(drawn), minlength=len(logits)) / n

    def distance(temperature):
        return (found - (logits / temperature).softmax(-1)).abs().sum()

    # The expected sum of absolute errors of n draws is below the sum of their standard errors.
    limit = ((logits / 2.0).softmax(-1) / n).sqrt().sum()
    assert distance(2.0) < limit < min(distance(1.0), distance(6.0))


def test_the_random_state_of_the_caller_is_left_alone(stopping):
    before = torch.get_rng_state()
    generate(*stopping, random_prompts(3), Generation(max_new_tokens=4, temperature=1.0), seed=1)
    assert torch.equal(before, torch.get_rng_state())


def test_a_model_in_training_mode_goes_back_to_it(stopping):
    model, tokenizer = stopping
    model.train()
    generate(model, tokenizer, random_prompts(2), SETTINGS, seed=0)
    assert model.training
    model.eval()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_after_a_kill_only_the_rest_is_done_and_the_answers_are_the_same(stopping, tmp_path, monkeypatch, temperature):
    prompts = random_prompts(20, prefix=INSTRUCTION)
    settings = SETTINGS.model_copy(update={"temperature": temperature})
    undisturbed = generate(*stopping, prompts, settings, seed=0)
    path = tmp_path / "done.jsonl"
    assert generate(*stopping, prompts, settings, seed=0, progress=Progress(path)) == undisturbed
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) > 2
    path.write_bytes(lines[0] + lines[1][:50])

    batches = []
    whole = generation._generate_batch
    monkeypatch.setattr(
        generation,
        "_generate_batch",
        lambda *arguments: batches.append(arguments[3]) or whole(*arguments),
    )
    assert generate(*stopping, prompts, settings, seed=0, progress=Progress(path)) == undisturbed
    assert len(batches) == len(lines) - 1
    assert path.read_bytes() == b"".join(lines)


def test_no_prompts_give_no_answers(stopping):
    assert generate(*stopping, [], SETTINGS, seed=0) == []


def test_an_empty_prompt_is_refused(stopping):
    with pytest.raises(ValueError, match="at least one token"):
        generate(*stopping, [[5], []], SETTINGS, seed=0)


def test_confidence_is_the_geometric_mean_of_the_probabilities():
    answer = Generated(text="a", tokens=[7, 0], token_probabilities=[0.9, 0.4], finish="eos")
    assert answer.confidence == pytest.approx(math.sqrt(0.36))
    assert answer.length == 1
    assert Generated("", [0], [0.0], "eos").confidence == pytest.approx(0)


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([[*range(10), 50], [*range(10), 60, 61]], list(range(10))),
        ([list(range(10)), list(range(12))], list(range(9))),  # each keeps a token to start from
        ([list(range(12))] * 3, list(range(11))),
        ([[*range(7), 50], [*range(7), 60]], []),  # too short to be worth it
        ([list(range(30))], []),  # nothing to share it with
        ([], []),
    ],
)
def test_the_shared_prefix_is_the_longest_that_leaves_each_prompt_a_token(prompts, expected):
    assert shared_prefix(prompts) == expected


def test_a_diverged_model_ends_with_a_sentence():
    model, tokenizer = tiny_model()
    model.model.norm.weight.data.fill_(float("nan"))
    with pytest.raises(InputError, match=r"scores are not numbers \(NaN\): its adapter has diverged in training"):
        generate(model, tokenizer, [[5, 6]], Generation(max_new_tokens=4), seed=0)


@pytest.mark.parametrize("prefix", [[], INSTRUCTION], ids=["no prefix", "prefix"])
def test_an_answer_ends_before_a_stop_and_others_stay_as_they_are(stopping, prefix):
    model, tokenizer = stopping
    prompts = random_prompts(17, prefix=prefix)
    free = generate(model, tokenizer, prompts, SETTINGS, seed=0)
    longest = max((answer.text for answer in free), key=len)
    stop = longest[6:8]
    stopped = generate(model, tokenizer, prompts, SETTINGS, seed=0, stop=stop)
    assert {"eos", "stop"} <= {answer.finish for answer in stopped}
    for before, after in zip(free, stopped, strict=True):
        place = before.text.find(stop, len(before.text) - len(before.text.lstrip()))
        if place < 0:
            assert after == before
            continue
        assert (after.text, after.finish) == (before.text[:place], "stop")
        n = len(after.tokens)
        assert 0 < n == after.length
        assert after.tokens == before.tokens[:n]
        assert after.token_probabilities == pytest.approx(before.token_probabilities[:n])
        assert tokenizer.decode(after.tokens).startswith(after.text)
        assert n == 1 or not tokenizer.decode(after.tokens[:-1]).startswith(after.text)


def test_a_stop_counts_behind_the_beginning_of_an_answer_alone(stopping):
    """Neither one that begins in the prompt, nor white space before the answer."""
    model, tokenizer = stopping
    line = tokenizer("\n", add_special_tokens=False)["input_ids"]
    prompt = [*random_prompts(1)[0], *line]
    (free,) = generate(model, tokenizer, [prompt], SETTINGS, seed=0)
    (stopped,) = generate(model, tokenizer, [prompt], SETTINGS, seed=0, stop="\n" + free.text[:1])
    assert stopped == free
    assert generation._place_of("\n\n", "\n\nYes.\n\nText") == 6
    assert generation._place_of("\n\n", "\n\n") is None
    assert generation._place_of(None, "Yes.\n\n") is None


def test_generation_ends_with_the_last_row_that_a_stop_ends(stopping, monkeypatch):
    model, tokenizer = stopping
    steps = []
    called = generation._Stop.__call__
    monkeypatch.setattr(generation._Stop, "__call__", lambda *a, **b: steps.append(1) or called(*a, **b))
    prompts = [INSTRUCTION] * 3
    (free, *_) = generate(model, tokenizer, prompts, SETTINGS, seed=0)
    (stopped, *_) = generate(model, tokenizer, prompts, SETTINGS, seed=0, stop=free.text[3:5])
    assert stopped.finish == "stop"
    assert len(stopped.tokens) <= len(steps) < len(free.tokens)
