"""Score given answers by likelihood, without decoding: closed sets of labels, or one answer to each prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import Cache

from medtune.inference.batching import batches_by_budget
from medtune.inference.inputs import Prefix, evaluating, left_padded, shared_prefix

MOST_LOGITS = 2**28
"""Logits of a batch that are held at once, those of whole answers over the whole vocabulary: 1 GB of float32."""


def label_log_likelihoods(
    model: Any, prompts: Sequence[list[int]], completions: Sequence[list[int]], batch_tokens: int, pad_id: int
) -> np.ndarray:
    """Log-probability of each whole completion after each prompt: (prompts, completions), float64.

    model: a causal LM, with or without an active adapter; its training mode is restored.
    prompts, completions: token ids, none empty. batch_tokens: budget of a batch, changes speed only.
    pad_id: any token; padding is masked.

    Each prompt is read once and gives the first token of all labels; the further tokens of longer
    labels continue from its keys and values. Raises ValueError for an empty prompt or completion.
    """
    if not all(prompts) or not all(completions):
        raise ValueError("prompts and completions need at least one token")
    result = np.zeros((len(prompts), len(completions)))
    extra = sum(len(completion) - 1 for completion in completions)
    first = [completion[0] for completion in completions]
    with evaluating(model):
        prefix = Prefix(model, shared_prefix(prompts))
        for rows in batches_by_budget([len(prompt) for prompt in prompts], extra, batch_tokens):
            ids, mask = left_padded([prompts[row] for row in rows], prefix.length, pad_id, model.device)
            cache = prefix.cache(len(rows))
            output = model(
                input_ids=ids[:, prefix.length :],
                attention_mask=mask,
                position_ids=_positions(mask)[:, prefix.length :],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            scores = _log_softmax(output.logits[:, -1])[:, first]
            scores += _continuations(model, mask, cache, completions, pad_id)
            result[rows] = scores.cpu().numpy()
    return result


@dataclass(frozen=True)
class ScoredCompletion:
    """A completion after its prompt. log_likelihoods: (tokens,) natural logarithm of each token's probability, float64.
    greedy: (tokens,) whether the model finds no other token likelier, so that greedy decoding would write it."""

    log_likelihoods: np.ndarray
    greedy: np.ndarray


def completion_log_likelihoods(
    model: Any, prompts: Sequence[list[int]], completions: Sequence[list[int]], batch_tokens: int, pad_id: int
) -> list[ScoredCompletion]:
    """The tokens of one completion after each prompt, in the order of the prompts.

    Arguments as of `label_log_likelihoods`; prompts and completions are as many. One forward pass for each: logits are
    kept of the completions alone. Raises ValueError for an empty prompt or completion, and for other numbers of them.
    """
    if not all(prompts) or not all(completions):
        raise ValueError("prompts and completions need at least one token")
    whole = [[*prompt, *completion] for prompt, completion in zip(prompts, completions, strict=True)]
    budget = min(batch_tokens, MOST_LOGITS // model.config.get_text_config().vocab_size)
    found: dict[int, ScoredCompletion] = {}
    with evaluating(model):
        for rows in batches_by_budget([len(tokens) for tokens in whole], 0, budget):
            ids, mask = left_padded([whole[row] for row in rows], 0, pad_id, model.device)
            width = max(len(completions[row]) for row in rows)
            output = model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=_positions(mask),
                use_cache=False,
                logits_to_keep=width + 1,
            )
            logits = output.logits[:, -width - 1 : -1]
            wanted = ids[:, -width:]
            scores = _log_softmax(logits).gather(2, wanted[..., None]).squeeze(2).cpu().numpy()
            greedy = (logits.argmax(dim=-1) == wanted).cpu().numpy()
            for place, row in enumerate(rows):
                length = len(completions[row])
                found[row] = ScoredCompletion(scores[place, -length:], greedy[place, -length:])
    return [found[row] for row in range(len(whole))]


def _continuations(
    model: Any, mask: torch.Tensor, cache: Cache, completions: Sequence[list[int]], pad_id: int
) -> torch.Tensor:
    """Log-probability of all tokens but the first of each completion: (rows, completions), 0 for one-token labels.

    mask: (rows, prompt). cache: of the prompts; used up.
    """
    scores = torch.zeros(len(mask), len(completions), dtype=torch.float64, device=mask.device)
    longer = [i for i, completion in enumerate(completions) if len(completion) > 1]
    if not longer:
        return scores
    width = max(len(completions[i]) for i in longer) - 1
    given = torch.tensor([_padded(completions[i][:-1], width, pad_id) for i in longer], device=mask.device)
    wanted = torch.tensor([_padded(completions[i][1:], width, pad_id) for i in longer], device=mask.device)
    real = torch.tensor([_padded([1] * (len(completions[i]) - 1), width, 0) for i in longer], device=mask.device)

    # Rows × labels, the labels of a prompt side by side.
    cache.batch_repeat_interleave(len(longer))
    tiled = real.repeat(len(mask), 1)
    full_mask = torch.cat([mask.repeat_interleave(len(longer), dim=0), tiled], dim=1)
    output = model(
        input_ids=given.repeat(len(mask), 1),
        attention_mask=full_mask,
        position_ids=_positions(full_mask)[:, -width:],
        past_key_values=cache,
        use_cache=True,
    )
    chosen = _log_softmax(output.logits).gather(2, wanted.repeat(len(mask), 1)[..., None]).squeeze(2)
    scores[:, longer] = (chosen * tiled).sum(dim=1).view(len(mask), len(longer))
    return scores


def _positions(mask: torch.Tensor) -> torch.Tensor:
    """Position of each token, counted without padding, as `generate` does."""
    return (mask.cumsum(dim=1) - 1).clamp(min=0)


def _padded(tokens: list[int], width: int, fill: int) -> list[int]:
    return tokens + [fill] * (width - len(tokens))


def _log_softmax(logits: torch.Tensor) -> torch.Tensor:
    return logits.float().log_softmax(dim=-1).double()
