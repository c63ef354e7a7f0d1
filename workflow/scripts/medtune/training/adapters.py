"""Training of one LoRA adapter on a causal language model, by TRL's SFTTrainer. Knows no task."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate.utils import broadcast_object_list
from bitsandbytes.nn import Linear4bit
from datasets import Dataset
from datasets.utils import disable_progress_bars
from peft import LoraConfig
from transformers import EarlyStoppingCallback, PrinterCallback
from transformers.trainer_utils import EvalLoopOutput
from transformers.utils import is_torch_bf16_gpu_available
from trl import SFTConfig, SFTTrainer

from medtune.config import Training
from medtune.training.batches import LengthGroupedSampler
from medtune.training.callbacks import EndWithOwner, Meter, Report, SetEpoch, StopOnSigterm
from medtune.training.checkpoints import Progress, is_finished, last_checkpoint, progress_of
from medtune.training.preflight import Plan, Rows, resolved

logger = logging.getLogger("medtune")

VALIDATION_ACCURACY = "validation_accuracy"
SELECTION = "selection"
KEPT_CHECKPOINTS = 3
"""The best one, the last one, and the one before it, since the last may be incomplete."""

Validate = Callable[[Any], dict[str, float]]
"""Figures of a model (in evaluation mode) on the validation split, `validation_accuracy` among them."""


class AdapterTrainer(SFTTrainer):
    """SFTTrainer with a seeded order of rows, a validation metric of our own, and a token count."""

    def __init__(
        self, *args: Any, sampler: LengthGroupedSampler, meter: Meter, validate: Validate | None, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self._sampler = sampler
        self._meter = meter
        self._validate = validate

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        return self._sampler

    def compute_loss(self, model: Any, inputs: dict, *args: Any, **kwargs: Any) -> Any:
        """As TRL does; counts the tokens of training passes over all processes."""
        if self.model.training:
            processed = inputs["input_ids"].numel()
            useful = inputs["attention_mask"].sum() if "attention_mask" in inputs else processed
            counts = torch.tensor([int(useful), processed], device=inputs["input_ids"].device)
            self._meter.add_tokens(*self.accelerator.reduce(counts, "sum").tolist())
        return super().compute_loss(model, inputs, *args, **kwargs)

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> EvalLoopOutput:
        """As the Trainer does; adds our figures before callbacks and the choice of the best see them."""
        output = super().evaluation_loop(*args, **kwargs)
        if self._validate is None:
            return output
        # One process judges for all, or they might disagree in the last digit on when to stop.
        figures = [self._validate(self.model) if self.is_world_process_zero() else None]
        if self.args.world_size > 1:
            broadcast_object_list(figures)
        output.metrics.update({f"eval_{name}": value for name, value in figures[0].items()})
        # Accuracies of a small split tie often; then the lower loss wins. The second term stays below the
        # smallest step of an accuracy over fewer than a million examples.
        tie_break = 1e-6 / (1 + output.metrics["eval_loss"])
        output.metrics[f"eval_{SELECTION}"] = output.metrics[f"eval_{VALIDATION_ACCURACY}"] + tie_break
        return output

    def floating_point_ops(self, inputs: dict) -> int:
        """Not counted: the Trainer walks through all modules for it, at every forward pass."""
        return 0

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the workflow writes the card itself, once the figures are known."""


def train(
    rows: Rows,
    validation_rows: Rows,
    settings: Training,
    plan: Plan,
    load_base: Callable[[], tuple[Any, Any]],
    checkpoints: Path,
    seed: int,
    validate: Callable[[Any, Any], dict[str, float]] | None = None,
    report: Callable[[dict[str, float], int], None] = lambda metrics, step: None,
    owner: int | None = None,
) -> bool:
    """Train an adapter, or go on with it, until `checkpoints` holds a finished training.

    load_base: gives the frozen model, quantised as the settings say, and its tokenizer; called only
    when there is something left to train.
    checkpoints: folder of the state; the last complete checkpoint in it is resumed from.
    validate: figures of (model, tokenizer) at each evaluation, `validation_accuracy` among them; the best
    checkpoint is the one with the highest (ties: lower loss). Without it, the one with the lowest loss.
    report: called with the metrics of each step and evaluation.
    owner: in a process started by another one, the id of the job; training ends when the job has.

    Returns False when SIGTERM came: a checkpoint was saved, and training goes on at the next call.
    Raises InputError when the loss is no longer finite.
    """
    last = last_checkpoint(checkpoints)
    if last is not None and is_finished(last):
        logger.info("training was finished at %s; nothing to train", last.name)
        return True
    transformers.logging.set_verbosity_error()
    disable_progress_bars()
    cuda = torch.cuda.is_available()
    model, tokenizer = load_base()
    _keep_layout_of_4bit_weights(model)
    meter = Meter(progress_of(last) if last else Progress())
    sampler = LengthGroupedSampler([len(ids) for ids in rows.input_ids], settings.batch_size, seed)
    sigterm = StopOnSigterm()
    callbacks: list[Any] = [SetEpoch(sampler), meter, Report(report)]
    if plan.processes == 1:
        # Several processes would not hear it between the same two steps, and wait for each other for ever.
        callbacks.append(sigterm)
    if owner is not None:
        callbacks.append(EndWithOwner(owner))
    if settings.patience is not None:
        callbacks.append(EarlyStoppingCallback(settings.patience))
    trainer = AdapterTrainer(
        model=model,
        args=trainer_arguments(settings, plan, checkpoints, seed, cuda, judged=validate is not None),
        train_dataset=_dataset(rows),
        eval_dataset=_dataset(validation_rows, by_length=True),
        processing_class=tokenizer,
        peft_config=lora_config(settings),
        callbacks=callbacks,
        sampler=sampler,
        meter=meter,
        validate=None if validate is None else lambda model: validate(model, tokenizer),
    )
    trainer.remove_callback(PrinterCallback)
    meter.progress.trainable_parameters = _trainable_in_float32(trainer.model)
    logger.info(
        "training %d parameters on %d rows: %d steps of %d sequences%s",
        meter.progress.trainable_parameters,
        len(rows),
        plan.steps,
        plan.effective,
        f", from {last.name}" if last else "",
    )
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    finished = last_checkpoint(checkpoints)
    return finished is not None and is_finished(finished)


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


def trainer_arguments(
    settings: Training, plan: Plan, checkpoints: Path, seed: int, cuda: bool, judged: bool
) -> SFTConfig:
    """The Trainer's arguments. judged: there is a validation metric beside the loss.

    Mixed precision with bfloat16 on GPUs that have it, else float32. On CUDA batches are padding-free: with
    `attention_mask=None`, position ids and no cache, SDPA keeps the sequences of a row apart
    (`transformers.masking_utils.find_packed_sequence_indices`).
    """
    return SFTConfig(
        output_dir=str(checkpoints),
        max_steps=plan.steps,
        per_device_train_batch_size=plan.per_device,
        gradient_accumulation_steps=plan.accumulation,
        # Not divided after running out of memory: the loss is a mean over batches, and evaluation needs little.
        per_device_eval_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        activation_checkpointing=settings.gradient_checkpointing,
        gradient_checkpointing=None,
        seed=seed,
        data_seed=seed,
        bf16=cuda and is_torch_bf16_gpu_available(),
        use_cpu=not cuda,
        ddp_backend="gloo" if plan.processes > 1 and not cuda else None,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=cuda,
        padding_free=cuda,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        eval_strategy="steps",
        eval_steps=settings.evaluate_every,
        save_strategy="steps",
        save_steps=settings.evaluate_every,
        save_total_limit=KEPT_CHECKPOINTS,
        metric_for_best_model=SELECTION if judged else "loss",
        greater_is_better=judged,
        restore_callback_states_from_checkpoint=True,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
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


def _trainable_in_float32(model: Any) -> int:
    """Hold the adapter in float32 and count its parameters.

    TRL casts adapters of quantised models to bfloat16, whose 8 bits lose small updates.
    """
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.data = parameter.data.float()
    return sum(parameter.numel() for parameter in trainable)
