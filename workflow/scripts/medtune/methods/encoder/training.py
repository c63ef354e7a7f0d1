"""Training of an encoder with a head for words or for whole windows, by transformers' Trainer. Knows no study."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import DataCollatorForTokenClassification, DataCollatorWithPadding, Trainer, TrainingArguments

from medtune.config import TaggerTraining
from medtune.data.alignment import WindowRow
from medtune.training.engine import MeasuredTrainer, Reporter, fit, no_report, shared_arguments
from medtune.training.preflight import IGNORED, Plan

Validate = Callable[[Any], dict[str, float]]
"""Figures of a model (in evaluation mode) on the validation split, by names that begin with `validation_`."""


@dataclass(frozen=True)
class LabelledWindows:
    """Windows ready for training, one list each. labels: the tag's number at the first subword of each word, `IGNORED`
    elsewhere; or the number of the window's class."""

    input_ids: list[list[int]]
    labels: list[list[int]] | list[int]

    def __len__(self) -> int:
        return len(self.input_ids)


class EncoderTrainer(MeasuredTrainer, Trainer):
    """Trainer with our order of rows, validation and measurements."""

    def __init__(self, *args: Any, head_factor: float = 1.0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._head_factor = head_factor

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """As the Trainer does; the head's weights, which start at random, learn faster by `head_factor`."""
        optimizer = super().create_optimizer(model)
        if self._head_factor != 1:
            head = {id(parameter) for parameter in self.model.classifier.parameters()}
            for group in list(optimizer.param_groups):
                own = [parameter for parameter in group["params"] if id(parameter) in head]
                group["params"] = [parameter for parameter in group["params"] if id(parameter) not in head]
                optimizer.add_param_group({**group, "params": own, "lr": group["lr"] * self._head_factor})
        return optimizer


def label_windows(rows: Sequence[WindowRow], tags: Sequence[Sequence[int]]) -> LabelledWindows:
    """Labels for each window. tags: by document, the number of each word's tag."""
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
    selected_by: str = "validation_f1",
) -> bool:
    """Train an encoder, or resume its training, until `checkpoints` holds a finished training; see `fit`.

    load: gives the model in float32, its head drawn from the seed, and its tokenizer; called only when there is
    something left to train.
    validate: called at each evaluation; the best checkpoint is the one with the highest figure `selected_by` (ties:
    lower loss). Without it, the one with the lowest loss.
    """
    of_words = not rows.labels or isinstance(rows.labels[0], list)

    def build(**measuring: Any) -> EncoderTrainer:
        model, tokenizer = load()
        return EncoderTrainer(
            model=model,
            args=TrainingArguments(**shared_arguments(settings, plan, checkpoints, seed, judged=validate is not None)),
            train_dataset=_dataset(rows),
            eval_dataset=_dataset(validation_rows, by_length=True),
            processing_class=tokenizer,
            data_collator=DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED)
            if of_words
            else DataCollatorWithPadding(tokenizer),
            compute_loss_func=partial(class_loss, smoothing=settings.label_smoothing),
            validate=validate,
            selected_by=selected_by,
            head_factor=settings.head_factor,
            **measuring,
        )

    return fit(build, [len(ids) for ids in rows.input_ids], settings, plan, checkpoints, seed, report, owner)


def class_loss(
    outputs: Any,
    labels: torch.Tensor,
    num_items_in_batch: torch.Tensor | int | None = None,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Cross-entropy per word or window. outputs: with `logits` (rows, tokens, tags) or (rows, classes). labels: (rows,
    tokens) or (rows,).

    smoothing: share of the target that is spread over all classes (Szegedy et al. 2016), in training; never in
    evaluation.

    num_items_in_batch: words or windows of the whole optimiser step, over all forward passes and processes; none means
    those of `labels`. (The models' own loss is a mean over one forward pass, which the Trainer takes for one over the
    step.)
    """
    items = (labels != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
    logits = outputs["logits"].float()
    total = torch.nn.functional.cross_entropy(
        logits.flatten(0, -2),
        labels.flatten(),
        ignore_index=IGNORED,
        reduction="sum",
        label_smoothing=smoothing if torch.is_grad_enabled() else 0.0,
    )
    return total / items


def _dataset(rows: LabelledWindows, by_length: bool = False) -> Dataset:
    """The rows as a data set. by_length: in that order, which saves padding."""
    pairs = list(zip(rows.input_ids, rows.labels, strict=True))
    if by_length:
        pairs.sort(key=lambda pair: len(pair[0]))
    return Dataset.from_dict({"input_ids": [ids for ids, _ in pairs], "labels": [labels for _, labels in pairs]})
