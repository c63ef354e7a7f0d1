"""Items that an encoder puts into one of some classes, each read in one or more windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtune.inference.batching import batches_by_budget
from medtune.methods.encoder.training import LabelledWindows


@dataclass(frozen=True)
class Items:
    """windows: token ids of each window of each item, at least one. gold: number of each item's class."""

    windows: list[list[list[int]]]
    gold: list[int]

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def divided(self) -> int:
        """Items that one window does not hold."""
        return sum(len(of_item) > 1 for of_item in self.windows)

    def labelled(self) -> LabelledWindows:
        """All windows for training, each with the class of its item."""
        pairs = [(ids, label) for of_item, label in zip(self.windows, self.gold, strict=True) for ids in of_item]
        return LabelledWindows([ids for ids, _ in pairs], [label for _, label in pairs])


def item_logits(model: Any, windows: Sequence[Sequence[list[int]]], batch_tokens: int, pad_id: int) -> np.ndarray:
    """(items, classes) float64: the mean of the logits of each item's windows.

    model: a classifier of windows; its training mode is restored. batch_tokens: budget of a batch, changes speed only.
    """
    from medtune.inference.inputs import evaluating
    from medtune.methods.encoder.tagging import right_padded

    rows = [ids for of_item in windows for ids in of_item]
    item = np.array([number for number, of_item in enumerate(windows) for _ in of_item], dtype=int)
    logits = np.zeros((len(rows), model.config.num_labels))
    with evaluating(model):
        for batch in batches_by_budget([len(ids) for ids in rows], 0, batch_tokens):
            ids, mask = right_padded([rows[number] for number in batch], pad_id, model.device)
            logits[batch] = model(input_ids=ids, attention_mask=mask).logits.double().cpu().numpy()
    sums = np.zeros((len(windows), logits.shape[1]))
    np.add.at(sums, item, logits)
    return sums / np.bincount(item, minlength=len(windows))[:, None]


def text_windows(
    texts: Sequence[str], tokenizer: Any, window_tokens: int, overlap_tokens: int
) -> list[list[list[int]]]:
    """The windows of each text, special tokens included: one where it fits, else several that share some tokens.

    What looks like a special token is text. tokenizer: a fast one.
    """
    encoded = tokenizer(
        list(texts),
        truncation=True,
        max_length=window_tokens,
        stride=overlap_tokens,
        return_overflowing_tokens=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        split_special_tokens=True,
    )
    windows: list[list[list[int]]] = [[] for _ in texts]
    for ids, text in zip(encoded["input_ids"], encoded["overflow_to_sample_mapping"], strict=True):
        windows[text].append(ids)
    return windows
