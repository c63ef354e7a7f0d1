"""An adapter merged into its base model: one model that needs no PEFT, checked against the two. Knows no task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from medtune.errors import InputError
from medtune.models.loading import load_base, load_with_adapter
from medtune.models.rendering import Rendered

DTYPE = torch.bfloat16
SHARD = "5GB"
"""Largest file of weights."""

TOLERANCE = 1e-4
"""Largest mean difference of logits that counts as float32 arithmetic, in standard deviations of the logits over the
vocabulary. Right merges were at 1e-6; one without the update of a single layer's query projection at 1e-3."""


@dataclass(frozen=True)
class Difference:
    """Between two models' logits for the same tokens. max_abs, mean_abs: over tokens and vocabulary.
    top1_agreement: share of tokens for which both have the same largest logit."""

    max_abs: float
    mean_abs: float
    top1_agreement: float


@dataclass(frozen=True)
class Check:
    """How a merged model, read from its files, answers in comparison with the adapter on its base.

    prompts, tokens: that were compared. logit_sd: standard deviation of the logits over the vocabulary.
    rounding: the merged model against base and adapter. adapter: the base alone against base and adapter.
    """

    prompts: int
    tokens: int
    logit_sd: float
    rounding: Difference
    adapter: Difference


def merge(base: Path, adapter: Path, folder: Path, rows: Sequence[Rendered]) -> Check:
    """Add the adapter's update to the base's weights, save them as bfloat16 with the tokenizer, and check the files.

    rows: prompts and answers; logits are compared where the answers stand. folder: must be new; incomplete when an
    error was raised.

    All is done in float32 on the CPU, 4 bytes a parameter, with the base as it was published, not quantised. So each
    weight is rounded once: PEFT adds in the dtype of the base's weights, and a base that is stored as float32, loaded
    as bfloat16, would be rounded before and after. And so a wrong merge can be told from rounding, which in bfloat16
    hides what a module of a deep model contributes.
    Raises InputError when the merged weights in float32, or the files, answer otherwise than they must.
    """
    model, tokenizer = load_with_adapter(base, adapter, device="cpu", dtype=torch.float32)
    adapted = answer_logits(model, rows)
    with model.disable_adapter():
        effect = difference(answer_logits(model, rows), adapted)
    logit_sd = float(adapted.std(dim=-1).mean())
    merged = model.merge_and_unload()
    in_float32 = difference(answer_logits(merged, rows), adapted)
    _refuse_unless_equal(f"{adapter}: the model merged from it", "base and adapter", in_float32, logit_sd)
    for parameter in merged.parameters():
        parameter.data = parameter.data.to(DTYPE).float()
    rounded = answer_logits(merged, rows)
    merged.to(DTYPE).save_pretrained(folder, max_shard_size=SHARD)
    tokenizer.save_pretrained(folder)
    del model, merged
    saved, _ = load_base(folder, device="cpu", dtype=torch.float32)
    read_again = answer_logits(saved, rows)
    _refuse_unless_equal(
        f"{adapter}: the saved model", "the merged one", difference(read_again, rounded), float(rounded.std(-1).mean())
    )
    return Check(len(rows), len(adapted), logit_sd, difference(read_again, adapted), effect)


def answer_logits(model: Any, rows: Sequence[Rendered]) -> torch.Tensor:
    """Logits (tokens, vocabulary) for each token of each answer, EOS included. Row by row: batching would round
    otherwise."""
    with torch.no_grad():
        return torch.cat(
            [
                model(
                    input_ids=torch.tensor([row.prompt + row.completion], device=model.device),
                    logits_to_keep=len(row.completion) + 1,
                ).logits[0, :-1]
                for row in rows
            ]
        )


def difference(a: torch.Tensor, b: torch.Tensor) -> Difference:
    """Of two tensors (tokens, vocabulary)."""
    gaps = (a - b).abs()
    same = (a.argmax(dim=-1) == b.argmax(dim=-1)).float()
    return Difference(float(gaps.max()), float(gaps.mean()), float(same.mean()))


def _refuse_unless_equal(what: str, other: str, found: Difference, logit_sd: float) -> None:
    """Raise InputError for a difference that float32 arithmetic does not explain, and for NaN."""
    limit = TOLERANCE * logit_sd
    if not found.mean_abs <= limit:
        raise InputError(
            f"{what} does not answer as {other}: their logits differ by {found.mean_abs:.3g} on average, where"
            f" rounding explains at most {limit:.3g}; it is not kept"
        )
