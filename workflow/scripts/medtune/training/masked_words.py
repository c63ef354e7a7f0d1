"""Further pre-training of an encoder: it guesses masked subwords (Devlin et al. 2019) of the texts that it will be
trained on (Gururangan et al. 2020). Knows no study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medtune.alignment import WindowRow
from medtune.config import MaskedWords
from medtune.errors import InputError
from medtune.models.loading import load_to_guess
from medtune.training.encoders import LabelledWindows, train_encoder
from medtune.training.engine import Reporter, no_report
from medtune.training.preflight import IGNORED, Plan

MASKED, REPLACED = 0.8, 0.1
"""Of the subwords that are to be guessed: behind the mask, and another in their place. The others stay."""


def mask_windows(
    rows: Sequence[WindowRow], after: int, share: float, mask_id: int, vocabulary: int, rng: np.random.Generator
) -> LabelledWindows:
    """Mask subwords of each window, at least one; special tokens never.

    after: special tokens at the end of each window. share: of the subwords. mask_id: the mask. vocabulary: number of
    tokens that replacements are drawn from. The masks are drawn once: for others in each epoch give the windows of as
    many cuttings.
    """
    input_ids, labels = [], []
    for row in rows:
        ids = np.array(row.input_ids)
        texts = np.arange(row.heads[0], len(ids) - after)
        asked = texts[rng.random(len(texts)) < share]
        if not len(asked):
            asked = rng.choice(texts, 1)
        wanted = np.full(len(ids), IGNORED)
        wanted[asked] = ids[asked]
        fate = rng.random(len(asked))
        ids[asked[fate < MASKED]] = mask_id
        replaced = asked[(fate >= MASKED) & (fate < MASKED + REPLACED)]
        ids[replaced] = rng.integers(vocabulary, size=len(replaced))
        input_ids.append(ids.tolist())
        labels.append(wanted.tolist())
    return LabelledWindows(input_ids, labels)


def train(
    rows: LabelledWindows,
    validation_rows: LabelledWindows,
    settings: MaskedWords,
    plan: Plan,
    base: Path,
    checkpoints: Path,
    seed: int,
    report: Reporter = no_report,
) -> bool:
    """Train an encoder to guess, or go on with it; the best checkpoint has the lowest loss. See `train_encoder`.

    Raises InputError for a model whose head is in several parts.
    """

    def load() -> tuple[Any, Any]:
        model, tokenizer = load_to_guess(base, seed, settings.attention_dropout)
        return score_asked(model, base), tokenizer

    return train_encoder(rows, validation_rows, settings, plan, load, checkpoints, seed, report=report)


def score_asked(model: Any, name: Any) -> Any:
    """Let the model's head see the tokens with a label alone: scores of a whole vocabulary for all tokens would cost
    more than the encoder does. Returns the model. name: for the sentence of the InputError."""
    body = model.base_model
    heads = [child for child in model.children() if child is not body]
    if len(heads) != 1:
        raise InputError(f"{name}: its head for masked words is not one module, as BERT's is; leave pretraining unset")

    def forward(
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> dict[str, torch.Tensor]:
        asked = labels != IGNORED
        logits = heads[0](body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state[asked])
        total = torch.nn.functional.cross_entropy(logits.float(), labels[asked], reduction="sum")
        return {"loss": total / (asked.sum() if num_items_in_batch is None else num_items_in_batch)}

    model.forward, model.accepts_loss_kwargs = forward, True
    return model
