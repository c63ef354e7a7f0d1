"""Tag documents by windows: scores of each tag for every word."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from medtune.data.alignment import Layout, SubwordDocument
from medtune.data.windows import merge
from medtune.inference.batching import batches_by_budget
from medtune.inference.inputs import evaluating


def mean_logits(
    model: Any,
    documents: Sequence[SubwordDocument],
    layout: Layout,
    batch_tokens: int,
    pad_id: int,
    cuttings: int = 1,
    seed: int = 0,
) -> list[np.ndarray]:
    """As `word_logits`, averaged over window layouts where there are several. seed: of the layouts."""
    found = [word_logits(model, documents, own, batch_tokens, pad_id) for own in layout.cuttings(cuttings, seed)]
    return [np.mean(of_document, axis=0) for of_document in zip(*found, strict=True)]


def word_logits(
    model: Any, documents: Sequence[SubwordDocument], layout: Layout, batch_tokens: int, pad_id: int
) -> list[np.ndarray]:
    """For each document the logits of its words, (words, tags) float32.

    A word's logits are those of its first subword, in the window where it has most context (`data.windows.homes`).
    model: a token classifier; its training mode is restored. batch_tokens: budget of a batch, changes speed only.
    pad_id: any token; padding is masked.
    """
    rows = layout.rows(documents)
    values: list[Any] = [None] * len(rows)
    with evaluating(model):
        for batch in batches_by_budget([len(row.input_ids) for row in rows], 0, batch_tokens):
            ids, mask = right_padded([rows[number].input_ids for number in batch], pad_id, model.device)
            logits = model(input_ids=ids, attention_mask=mask).logits.float().cpu().numpy()
            for number, row_logits in zip(batch, logits, strict=True):
                values[number] = row_logits[rows[number].heads]
    spread: list[list[Any]] = [[] for _ in documents]
    found: list[list[np.ndarray]] = [[] for _ in documents]
    for row, of_row in zip(rows, values, strict=True):
        spread[row.document].append(row.window)
        found[row.document].append(of_row)
    return [
        np.array(merge(spread[number], layout.lengths(document), found[number]), dtype=np.float32).reshape(
            len(document.pieces), model.config.num_labels
        )
        for number, document in enumerate(documents)
    ]


def right_padded(rows: Sequence[list[int]], pad_id: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, both (rows, longest window); every window begins in the first column."""
    width = max(map(len, rows))
    ids = [row + [pad_id] * (width - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
