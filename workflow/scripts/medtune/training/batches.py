"""The order of the rows: the same for a seed and an epoch, whatever was killed or resumed in between."""

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

MEGA_BATCH = 50
"""Batches that are sorted by length together: enough for little padding, few enough to stay random."""


def length_grouped(lengths: list[int], batch_size: int, generator: torch.Generator) -> list[int]:
    """Row numbers in an order in which each `batch_size` neighbours have about the same length.

    Rows are permuted and sorted within stretches of `MEGA_BATCH` batches, then the batches are
    shuffled, so that an optimiser step sees all lengths. The rows that do not fill a batch are drawn
    at random and come last. (The sampler of transformers leaves the batches sorted, so that a whole
    optimiser step is long or short, and draws from the global generator, which resuming disturbs.)
    """
    order = torch.randperm(len(lengths), generator=generator).tolist()
    whole = len(order) - len(order) % batch_size
    batches = []
    for start in range(0, whole, MEGA_BATCH * batch_size):
        stretch = sorted(order[start : min(start + MEGA_BATCH * batch_size, whole)], key=lengths.__getitem__)
        batches += [stretch[i : i + batch_size] for i in range(0, len(stretch), batch_size)]
    shuffled = [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
    return [row for batch in shuffled for row in batch] + sorted(order[whole:], key=lengths.__getitem__)


class LengthGroupedSampler(Sampler[int]):
    """Row numbers of one epoch, by `length_grouped`. Set `epoch` before each epoch."""

    def __init__(self, lengths: list[int], batch_size: int, seed: int) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        return iter(length_grouped(self.lengths, self.batch_size, generator))
