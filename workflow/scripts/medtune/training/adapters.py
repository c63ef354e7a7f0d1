"""Training of one LoRA adapter on a causal language model, by TRL's SFTTrainer. Knows no task."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bitsandbytes.nn import Linear4bit
from datasets import Dataset
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer

from medtune.config import Training
from medtune.training.engine import MeasuredTrainer, Reporter, fit, no_report, shared_arguments
from medtune.training.preflight import Plan, Rows, resolved

Validate = Callable[[Any, Any], dict[str, float]]
"""Figures of (model, tokenizer) on the validation split, `validation_accuracy` among them. The model is in
evaluation mode."""


class AdapterTrainer(MeasuredTrainer, SFTTrainer):
    """SFTTrainer with our order of rows, validation and measurements."""

    selected_by = "validation_accuracy"


def train(
    rows: Rows,
    validation_rows: Rows,
    settings: Training,
    plan: Plan,
    load_base: Callable[[], tuple[Any, Any]],
    checkpoints: Path,
    seed: int,
    validate: Validate | None = None,
    report: Reporter = no_report,
    owner: int | None = None,
) -> bool:
    """Train an adapter, or go on with it, until `checkpoints` holds a finished training; see `fit`.

    load_base: gives the frozen model, quantised as the settings say, and its tokenizer; called only
    when there is something left to train.
    validate: called at each evaluation; the best checkpoint is the one with the highest accuracy (ties: lower
    loss). Without it, the one with the lowest loss.
    """

    def build(**measuring: Any) -> AdapterTrainer:
        model, tokenizer = load_base()
        _keep_layout_of_4bit_weights(model)
        trainer = AdapterTrainer(
            model=model,
            args=trainer_arguments(settings, plan, checkpoints, seed, judged=validate is not None),
            train_dataset=_dataset(rows),
            eval_dataset=_dataset(validation_rows, by_length=True),
            processing_class=tokenizer,
            peft_config=lora_config(settings),
            validate=None if validate is None else lambda model: validate(model, tokenizer),
            **measuring,
        )
        _hold_in_float32(trainer.model)
        return trainer

    return fit(build, [len(ids) for ids in rows.input_ids], settings, plan, checkpoints, seed, report, owner)


def lora_config(settings: Training) -> LoraConfig:
    """The adapter that the settings describe."""
    lora = resolved(settings).lora
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
        bias="none",
        task_type="CAUSAL_LM",
    )


def trainer_arguments(settings: Training, plan: Plan, checkpoints: Path, seed: int, judged: bool) -> SFTConfig:
    """The Trainer's arguments. judged: there is a validation metric beside the loss.

    On CUDA batches are padding-free: with `attention_mask=None`, position ids and no cache, SDPA keeps the
    sequences of a row apart (`transformers.masking_utils.find_packed_sequence_indices`).
    """
    shared = shared_arguments(settings, plan, checkpoints, seed, judged)
    return SFTConfig(
        **shared, padding_free=not shared["use_cpu"], max_length=None, dataset_kwargs={"skip_prepare_dataset": True}
    )


def _dataset(rows: Rows, by_length: bool = False) -> Dataset:
    """The rows as a data set that TRL leaves as it is. by_length: in that order, which saves padding."""
    pairs = list(zip(rows.input_ids, rows.labels, strict=True))
    if by_length:
        pairs.sort(key=lambda pair: len(pair[0]))
    return Dataset.from_dict({"input_ids": [ids for ids, _ in pairs], "labels": [labels for _, labels in pairs]})


def _keep_layout_of_4bit_weights(model: Any) -> None:
    """Stop bitsandbytes from repacking 4-bit weights on some CPUs (AVX512-BF16) in the first evaluation.

    The repacked weights are for inference: later training steps would compute in bfloat16, without a gradient.
    """
    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _hold_in_float32(model: Any) -> None:
    """Hold the adapter in float32: TRL casts adapters of quantised models to bfloat16, whose 8 bits lose small
    updates."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
