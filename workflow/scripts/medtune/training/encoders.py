"""Training of all weights of an encoder on windows of documents, by transformers' Trainer. Knows no task."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import DataCollatorForTokenClassification, Trainer, TrainingArguments

from medtune.config import EncoderTraining
from medtune.training.engine import MeasuredTrainer, Reporter, fit, no_report, shared_arguments
from medtune.training.preflight import IGNORED, Plan

Validate = Callable[[Any], dict[str, float]]
"""Figures of a model (in evaluation mode) on the validation split."""


@dataclass(frozen=True)
class LabelledWindows:
    """Windows ready for training, one list each. labels: what is to be found at a token, `IGNORED` where nothing is."""

    input_ids: Sequence[Sequence[int]]
    labels: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return len(self.input_ids)


class EncoderTrainer(MeasuredTrainer, Trainer):
    """Trainer with our order of rows, validation and measurements."""

    selected_by = "validation_f1"

    def __init__(self, *args: Any, head_factor: float = 1.0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._head_factor = head_factor

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """As the Trainer does; weights outside the encoder, which start at random, learn faster by `head_factor`."""
        optimizer = super().create_optimizer(model)
        if self._head_factor != 1:
            body = {id(parameter) for parameter in self.model.base_model.parameters()}
            for group in list(optimizer.param_groups):
                head = [parameter for parameter in group["params"] if id(parameter) not in body]
                group["params"] = [parameter for parameter in group["params"] if id(parameter) in body]
                optimizer.add_param_group({**group, "params": head, "lr": group["lr"] * self._head_factor})
        return optimizer


def train_encoder(
    rows: LabelledWindows,
    validation_rows: LabelledWindows,
    settings: EncoderTraining,
    plan: Plan,
    load: Callable[[], tuple[Any, Any]],
    checkpoints: Path,
    seed: int,
    loss: Callable[..., torch.Tensor] | None = None,
    validate: Validate | None = None,
    report: Reporter = no_report,
    owner: int | None = None,
) -> bool:
    """Train an encoder, or go on with it, until `checkpoints` holds a finished training; see `fit`.

    load: gives the model in float32, its head drawn from the seed, and its tokenizer; called only when there is
    something left to train.
    loss: of outputs and labels; none means the model's own.
    validate: called at each evaluation; the best checkpoint is the one with the highest `validation_f1` (ties: lower
    loss). Without it, the one with the lowest loss.
    """

    def build(**measuring: Any) -> EncoderTrainer:
        model, tokenizer = load()
        return EncoderTrainer(
            model=model,
            args=TrainingArguments(**shared_arguments(settings, plan, checkpoints, seed, judged=validate is not None)),
            train_dataset=_dataset(rows),
            eval_dataset=_dataset(validation_rows, by_length=True),
            processing_class=tokenizer,
            data_collator=DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED),
            compute_loss_func=loss,
            validate=validate,
            head_factor=settings.head_factor,
            **measuring,
        )

    return fit(build, [len(ids) for ids in rows.input_ids], settings, plan, checkpoints, seed, report, owner)


def _dataset(rows: LabelledWindows, by_length: bool = False) -> Dataset:
    """The rows as a data set. by_length: in that order, which saves padding."""
    pairs = list(zip(rows.input_ids, rows.labels, strict=True))
    if by_length:
        pairs.sort(key=lambda pair: len(pair[0]))
    return Dataset.from_dict({"input_ids": [ids for ids, _ in pairs], "labels": [labels for _, labels in pairs]})
