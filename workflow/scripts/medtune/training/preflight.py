"""What is checked and settled before the first training step: rows, batch sizes, number of steps."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from medtune.config import FineTuning, Training
from medtune.errors import InputError
from medtune.models.rendering import Rendered

logger = logging.getLogger(__name__)

IGNORED = -100
"""Label of a token that has no share in the loss (PyTorch's `ignore_index`)."""


@dataclass(frozen=True)
class Rows:
    """Rows ready for training. input_ids: one list of token ids per row. labels: the same ids, with
    `IGNORED` over the prompt. truncated: rows that lost part of their prompt. weights: of each token in the loss,
    0 over the prompt; none means that all labels weigh the same. left_out: rows that were too long, where these are
    not truncated."""

    input_ids: list[list[int]]
    labels: list[list[int]]
    truncated: int
    weights: list[list[float]] | None = None
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.input_ids)

    def answer_lengths(self) -> list[int]:
        """Tokens of each completion, EOS included."""
        return [len(labels) - labels.count(IGNORED) for labels in self.labels]

    def longer_answers(self, max_new_tokens: int) -> int:
        """Number of completions that cannot be generated in full."""
        return sum(length > max_new_tokens for length in self.answer_lengths())


def truncate(row: Rendered, max_tokens: int, bos: int | None) -> Rendered:
    """Cut the prompt at its left so that prompt and completion have at most `max_tokens` tokens.

    The completion and a leading BOS stay. At least one token of the prompt must fit, since the
    first token of a sequence is never predicted. Raises ValueError when it does not.
    """
    room = max_tokens - len(row.completion)
    if len(row.prompt) <= room:
        return row
    head = row.prompt[:1] if row.prompt[0] == bos else []
    room -= len(head)
    if room < (0 if head else 1):
        raise ValueError("the completion leaves no room for the prompt")
    return replace(row, prompt=head + row.prompt[len(row.prompt) - room :])


def check_rows(
    rows: Sequence[Rendered], max_tokens: int, tokenizer: Any, split: str, whole_prompts: bool = False
) -> Rows:
    """Truncate the rows, and see that each of them teaches what it should.

    whole_prompts: leave out rows that would be truncated, since their answers are of all of the prompt.

    split: name of the rows in error messages, such as "train".
    Where some rows have weights, the tokens of the others weigh 1.
    Raises InputError when there are no rows or none that fits whole, when a row has no label left, does not end with
    EOS or begins with two BOS, when its completion alone fills `max_tokens`, or when its weights are not one positive
    number for each token of the completion.
    """
    if not rows:
        raise InputError(f"{split}: no examples to train on")
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    input_ids, labels, weights, truncated = [], [], [], 0
    weighted = any(row.weights is not None for row in rows)
    left_out = 0
    for number, row in enumerate(rows, start=1):
        where = f"{split}, record {number}"
        if not row.prompt or not row.completion:
            raise InputError(f"{where}: the {'completion' if row.prompt else 'prompt'} is empty, so nothing is learned")
        if row.completion[-1] != eos:
            raise InputError(f"{where}: the completion does not end with EOS, so the model would not learn to stop")
        if bos is not None and row.prompt[:2] == [bos, bos]:
            raise InputError(f"{where}: begins with two BOS tokens; leave BOS to the tokenizer")
        if row.weights is not None and len(row.weights) != len(row.completion):
            raise InputError(
                f"{where}: {len(row.weights)} loss weights for {len(row.completion)} tokens of the completion; "
                "expected one for each"
            )
        for weight in row.weights or []:
            if not 0 < weight < math.inf:
                raise InputError(f"{where}: a loss weight is {weight}; expected a positive number")
        if whole_prompts and len(row.prompt) + len(row.completion) > max_tokens:
            left_out += 1
            continue
        try:
            cut = truncate(row, max_tokens, bos)
        except ValueError as error:
            raise InputError(
                f"{where}: its completion has {len(row.completion)} tokens and must be shorter than "
                f"max_tokens = {max_tokens}; raise max_tokens or shorten the completion"
            ) from error
        truncated += cut is not row
        input_ids.append(cut.prompt + cut.completion)
        labels.append([IGNORED] * len(cut.prompt) + cut.completion)
        weights.append([0.0] * len(cut.prompt) + (cut.weights or [1.0] * len(cut.completion)))
    if not input_ids:
        shortest = min(len(row.prompt) + len(row.completion) for row in rows)
        raise InputError(
            f"{split}: none of {len(rows)} rows fits into max_tokens = {max_tokens}, and answers are of whole prompts; "
            f"the shortest has {shortest} tokens: raise max_tokens, or shorten the examples"
        )
    return Rows(input_ids, labels, truncated, weights if weighted else None, left_out)


def check_answer_limit(rows: Rows, max_new_tokens: int, longer_answers: float, split: str) -> None:
    """See that gold answers fit into what is generated; log how many do not.

    split: name of the rows in messages. longer_answers: the share that may be longer. Raises InputError for more.
    """
    lengths, longer = rows.answer_lengths(), rows.longer_answers(max_new_tokens)
    if not longer:
        return
    sentence = (
        f"{split}: {longer} of {len(lengths)} gold answers have more tokens than generation.max_new_tokens = "
        f"{max_new_tokens}, and cannot be generated in full; the longest has {max(lengths)}"
    )
    if longer > longer_answers * len(lengths):
        raise InputError(f"{sentence}; raise it, or generation.longer_answers, the share that may be longer")
    logger.warning("%s", sentence)


def resolved(settings: Training) -> Training:
    """The settings with everything filled in that follows from others: alpha is twice the rank unless set."""
    lora = settings.lora
    return settings.model_copy(update={"lora": lora.model_copy(update={"alpha": lora.alpha or 2 * lora.rank})})


@dataclass(frozen=True)
class Plan:
    """How many sequences go where: per_device × accumulation × processes = effective. evaluate_every: in steps."""

    per_device: int
    accumulation: int
    processes: int
    steps: int
    evaluate_every: int

    @property
    def effective(self) -> int:
        """Sequences per optimiser step."""
        return self.per_device * self.accumulation * self.processes


def make_plan(settings: FineTuning, rows: int, batch_divisor: int = 1, processes: int = 1) -> Plan:
    """Batch sizes and number of optimiser steps; neither steps nor effective batch depend on memory or devices.

    batch_divisor: by how much the batch of one forward pass is divided (and the accumulation
    multiplied), after a job ran out of memory. When it does not divide the batch, the next
    smaller number that does is taken.
    processes: devices that share the accumulation; must divide it (InputError).
    """
    if settings.accumulation % processes:
        raise InputError(
            f"training.accumulation = {settings.accumulation}: must be a multiple of the number of GPUs ({processes}), "
            "which share the forward passes of a step"
        )
    divisor = max(d for d in range(1, min(batch_divisor, settings.batch_size) + 1) if settings.batch_size % d == 0)
    effective = settings.batch_size * settings.accumulation
    epoch = math.ceil(rows / effective)
    steps = max(1, math.floor(settings.epochs * epoch))
    return Plan(
        per_device=settings.batch_size // divisor,
        accumulation=settings.accumulation * divisor // processes,
        processes=processes,
        steps=min(steps, settings.max_steps or steps),
        evaluate_every=settings.evaluate_every or epoch,
    )
