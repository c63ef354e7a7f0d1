"""Training of an encoder with a token classification head. Knows no study."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from medtune.alignment import WindowRow
from medtune.config import TaggerTraining
from medtune.training.encoders import LabelledWindows, Validate, train_encoder
from medtune.training.engine import Reporter, no_report
from medtune.training.preflight import IGNORED, Plan


def label_windows(rows: Sequence[WindowRow], tags: Sequence[Sequence[int]]) -> LabelledWindows:
    """The tag's number at the first subword of each word, for each window. tags: by document, the numbers of the words'
    tags."""
    labels = []
    for row in rows:
        of_row = [IGNORED] * len(row.input_ids)
        words = tags[row.document][row.window.first : row.window.last]
        for head, tag in zip(row.heads, words, strict=True):
            of_row[head] = tag
        labels.append(of_row)
    return LabelledWindows([row.input_ids for row in rows], labels)


def train(
    rows: LabelledWindows,
    validation_rows: LabelledWindows,
    settings: TaggerTraining,
    plan: Plan,
    load: Callable[[], tuple[Any, Any]],
    checkpoints: Path,
    seed: int,
    validate: Validate | None = None,
    report: Reporter = no_report,
    owner: int | None = None,
) -> bool:
    """Train a tagger by the loss of its words; see `train_encoder`."""
    loss = partial(word_loss, smoothing=settings.label_smoothing)
    return train_encoder(rows, validation_rows, settings, plan, load, checkpoints, seed, loss, validate, report, owner)


def word_loss(
    outputs: Any,
    labels: torch.Tensor,
    num_items_in_batch: torch.Tensor | int | None = None,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Cross-entropy per word. outputs: with `logits` (rows, tokens, tags). labels: (rows, tokens).

    smoothing: share of the target that is spread over all tags (Szegedy et al. 2016), in training; never in evaluation.

    num_items_in_batch: words of the whole optimiser step, over all forward passes and processes; none means those of
    `labels`. (The models' own loss is a mean over one forward pass, which the Trainer takes for one over the step.)
    """
    words = (labels != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
    total = torch.nn.functional.cross_entropy(
        outputs["logits"].float().flatten(0, 1),
        labels.flatten(),
        ignore_index=IGNORED,
        reduction="sum",
        label_smoothing=smoothing if torch.is_grad_enabled() else 0.0,
    )
    return total / words
