"""What generation and label scoring share: evaluation mode, padding, and the cache of a shared prefix."""

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import Cache, DynamicCache

SHORTEST_PREFIX = 8
"""Prefixes of fewer tokens are not worth a forward pass of their own."""


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """No dropout and no gradients in the body; afterwards the model is in the mode it was in."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def shared_prefix(prompts: Sequence[list[int]]) -> list[int]:
    """The longest common prefix of all prompts that leaves each at least one token; [] when not worth caching."""
    if len(prompts) < 2:
        return []
    # The first and the last in lexicographic order differ earliest.
    first, last = min(prompts), max(prompts)
    limit = min(map(len, prompts)) - 1
    same = next((i for i in range(limit) if first[i] != last[i]), limit)
    return first[:same] if same >= SHORTEST_PREFIX else []


class Prefix:
    """The keys and values of a prefix, computed once and handed to each batch."""

    def __init__(self, model: Any, tokens: list[int]):
        """tokens: the prefix; empty for none. Runs the model once, so call it inside `evaluating`."""
        self.length = len(tokens)
        self._cache = DynamicCache(config=model.config)
        if tokens:
            ids = torch.tensor([tokens], device=model.device)
            model(input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)

    def cache(self, rows: int) -> Cache:
        """A copy for a batch of so many rows, for the model to write on."""
        cache = copy.deepcopy(self._cache)
        cache.batch_repeat_interleave(rows)
        return cache


def left_padded(
    prompts: Sequence[list[int]], prefix: int, pad_id: int, device: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, both (rows, longest prompt); every prompt ends in the last column.

    The padding stands behind the first `prefix` tokens, which are in the cache without any.
    """
    width = max(map(len, prompts))
    gaps = [width - len(prompt) for prompt in prompts]
    rows = zip(prompts, gaps, strict=True)
    ids = [prompt[:prefix] + [pad_id] * gap + prompt[prefix:] for prompt, gap in rows]
    mask = [[1] * prefix + [0] * gap + [1] * (width - prefix - gap) for gap in gaps]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
