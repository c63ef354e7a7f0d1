"""Batched text generation: sorted batches, a cached prefix, and results that do not depend on the batch."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from medtune.config import Generation
from medtune.errors import InputError
from medtune.files import fingerprint
from medtune.inference.batching import batches_by_budget
from medtune.inference.confidence import geometric_mean
from medtune.inference.inputs import Prefix, evaluating, left_padded, shared_prefix
from medtune.inference.progress import Progress

logger = logging.getLogger(__name__)

Constrain = Callable[[Sequence[int]], LogitsProcessor]
"""From the rows of a batch, as indices of prompts, to what takes away the scores of tokens that are not allowed."""


@dataclass(frozen=True)
class Generated:
    """What the model wrote for one prompt.

    text: decoded, without special tokens. tokens: as generated, the closing EOS included; of an answer that a stop
    ended those that its text is in, at least one.
    token_probabilities: the model's probability of each of `tokens` at temperature 1.
    finish: "eos", "stop", or "length" when the limit of new tokens was reached first.
    """

    text: str
    tokens: list[int]
    token_probabilities: list[float]
    finish: Literal["eos", "stop", "length"]

    @property
    def length(self) -> int:
        """Number of tokens of the answer, without EOS."""
        return len(self.tokens) - (self.finish == "eos")

    @property
    def confidence(self) -> float:
        """Geometric mean of the token probabilities, EOS included."""
        return geometric_mean(self.token_probabilities)


def generate(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    settings: Generation,
    seed: int,
    progress: Progress | None = None,
    constrain: Constrain | None = None,
    stop: str | None = None,
) -> list[Generated]:
    """Continue each prompt until EOS, `stop` or `settings.max_new_tokens`.

    model: a causal LM, with or without an active adapter. prompts: token ids, none empty.
    seed: of sampling; each prompt draws from a generator of its own, so that batches change speed only.
    progress: finished batches are kept there, and the prompts that it holds are not done again.
    constrain: keeps answers to a form, see `constraints.Constraint`; their probabilities stay those of the free model.
    stop: text that ends an answer which has begun: white space before it is no answer. It is no part of the answer.
    Returns one `Generated` per prompt, in the order of the prompts.

    The sampling defaults that come with a base model are not used: greedy at temperature 0, else plain
    sampling at that temperature. Raises ValueError for an empty prompt, InputError when the
    model's scores are NaN.
    """
    if not all(prompts):
        raise ValueError("a prompt needs at least one token")
    generated = {row: Generated(**found) for batch in (progress.done if progress else []) for row, found in batch}
    rows = [row for row in range(len(prompts)) if row not in generated]
    if generated:
        logger.info("%d of %d prompts are answered already", len(generated), len(prompts))
    # What is left falls into the same batches as in an undisturbed run: they are made longest first.
    plan = batches_by_budget([len(prompts[row]) for row in rows], settings.max_new_tokens, settings.batch_tokens)
    with evaluating(model):
        prefix = Prefix(model, shared_prefix(prompts) if rows else [])
        for number, places in enumerate(plan, start=1):
            batch = [rows[place] for place in places]
            start = time.perf_counter()
            answers = _generate_batch(model, tokenizer, prompts, batch, settings, seed, prefix, constrain, stop)
            generated.update(zip(batch, answers, strict=True))
            if progress:
                progress.append([[row, asdict(generated[row])] for row in batch])
            speed = sum(len(answer.tokens) for answer in answers) / (time.perf_counter() - start)
            logger.info("batch %d of %d: %d rows, %.0f new tokens/s", number, len(plan), len(batch), speed)
    return [generated[row] for row in range(len(prompts))]


def _generate_batch(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    rows: list[int],
    settings: Generation,
    seed: int,
    prefix: Prefix,
    constrain: Constrain | None,
    stop: str | None,
) -> list[Generated]:
    """Generate for the prompts with the indices `rows`."""
    stops = _stop_tokens(model, tokenizer)
    pad_id = stops[0] if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    ids, mask = left_padded([prompts[row] for row in rows], prefix.length, pad_id, model.device)
    recorder = _TokenProbabilities()
    processors = LogitsProcessorList([recorder])
    if constrain:
        processors.append(constrain(rows))
    if settings.temperature > 0:
        seeds = [int(fingerprint([seed, row])[:15], 16) for row in rows]
        processors.append(_GumbelNoise(settings.temperature, seeds, model.device))
    wanted = GenerationConfig(
        max_new_tokens=settings.max_new_tokens, do_sample=False, num_beams=1, eos_token_id=stops, pad_token_id=pad_id
    )
    bare = model.get_base_model() if hasattr(model, "get_base_model") else model
    # `generate` fills what `wanted` leaves open from the model's own defaults (penalties, beams, length limits).
    defaults, bare.generation_config = bare.generation_config, GenerationConfig()
    try:
        sequences = model.generate(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=prefix.cache(len(rows)),
            generation_config=wanted,
            logits_processor=processors,
            stopping_criteria=StoppingCriteriaList([_Stop(tokenizer, stop, ids.shape[1])] if stop else []),
        )
    finally:
        bare.generation_config = defaults
    new_tokens = sequences[:, ids.shape[1] :]
    probabilities = recorder.probabilities(new_tokens)
    if not probabilities.isfinite().all():
        raise InputError(
            "the model's scores are not numbers (NaN): its adapter has diverged in training; train"
            " it again with a lower training.learning_rate"
        )
    probabilities = probabilities.tolist()
    return [
        _generated(tokenizer, tokens, row, stops, stop)
        for tokens, row in zip(new_tokens.tolist(), probabilities, strict=True)
    ]


def _generated(
    tokenizer: Any, tokens: list[int], probabilities: list[float], stops: list[int], stop: str | None
) -> Generated:
    """Cut a row behind its first stop token, and before its first stop: what follows is padding."""
    end = next((i for i, token in enumerate(tokens) if token in stops), None)
    kept = tokens if end is None else tokens[: end + 1]
    text = _decoded(tokenizer, tokens[:end])
    place = _place_of(stop, text)
    if place is None:
        return Generated(text, kept, probabilities[: len(kept)], "length" if end is None else "eos")
    text = text[:place]
    # A token can hold the end of the answer and the beginning of the stop.
    last = next(n for n in range(1, len(tokens) + 1) if _decoded(tokenizer, tokens[:n]).startswith(text))
    return Generated(text, tokens[:last], probabilities[:last], "stop")


def _decoded(tokenizer: Any, tokens: list[int]) -> str:
    return tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def _place_of(stop: str | None, text: str) -> int | None:
    """Where in an answer the stop begins; None where there is none behind something that is not white space."""
    place = text.find(stop, len(text) - len(text.lstrip())) if stop else -1
    return None if place < 0 else place


def _stop_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The tokenizer's EOS first, then those that the base model ends its turns with."""
    others = model.generation_config.eos_token_id
    others = [] if others is None else [others] if isinstance(others, int) else list(others)
    return list(dict.fromkeys([tokenizer.eos_token_id, *others]))


class _Stop(StoppingCriteria):
    """Ends rows whose answer holds the stop. The library's own criterion also finds one that begins in the prompt."""

    def __init__(self, tokenizer: Any, stop: str, prompt: int):
        """prompt: width of the prompts in tokens."""
        self._tokenizer, self._stop, self._prompt = tokenizer, stop, prompt
        self._done: list[bool] = []

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Whether each row is over: (rows,)."""
        rows = input_ids[:, self._prompt :].tolist()
        done = self._done or [False] * len(rows)
        self._done = [
            over or _place_of(self._stop, _decoded(self._tokenizer, row)) is not None
            for over, row in zip(done, rows, strict=True)
        ]
        return torch.tensor(self._done, device=input_ids.device)


class _TokenProbabilities(LogitsProcessor):
    """Notes the probability of each chosen token; keeping all scores would take rows × steps × vocabulary."""

    def __init__(self):
        self._steps: list[torch.Tensor] = []
        self._log_probabilities: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._log_probabilities is not None:
            self._note(input_ids[:, -1])
        self._log_probabilities = scores.log_softmax(dim=-1)
        return scores

    def probabilities(self, new_tokens: torch.Tensor) -> torch.Tensor:
        """For all new tokens, (rows, steps). The last choice was made after the last call."""
        if len(self._steps) < new_tokens.shape[1]:
            self._note(new_tokens[:, -1])
        return torch.stack(self._steps[: new_tokens.shape[1]], dim=1)

    def _note(self, tokens: torch.Tensor) -> None:
        self._steps.append(self._log_probabilities.gather(1, tokens[:, None]).squeeze(1).exp())


class _GumbelNoise(LogitsProcessor):
    """Turns the greedy choice into sampling: the largest of score / temperature + Gumbel noise is a draw
    from the softmax (Gumbel 1954). One generator per row, so that no row depends on its neighbours."""

    def __init__(self, temperature: float, seeds: list[int], device: torch.device):
        self._temperature = temperature
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        noise = torch.empty_like(scores)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        return scores / self._temperature - noise.log()
