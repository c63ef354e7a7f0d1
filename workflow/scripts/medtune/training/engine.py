"""What the trainings of adapters and of encoders share: measuring, choosing, and going on after a kill."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate.utils import broadcast_object_list
from datasets.utils import disable_progress_bars
from transformers import EarlyStoppingCallback, PrinterCallback
from transformers.trainer_utils import EvalLoopOutput
from transformers.utils import is_torch_bf16_gpu_available

from medtune.config import FineTuning
from medtune.errors import InputError
from medtune.training.batches import LengthGroupedSampler
from medtune.training.callbacks import EndWithOwner, Meter, Report, SetEpoch, StopOnSigterm
from medtune.training.checkpoints import Progress, is_finished, last_checkpoint, progress_of
from medtune.training.preflight import Plan

logger = logging.getLogger("medtune")

SELECTION = "selection"
KEPT_CHECKPOINTS = 3
"""The best one, the last one, and the one before it, since the last may be incomplete."""

Reporter = Callable[[dict[str, float], int], None]
"""Called with the metrics of each step and evaluation, and the step."""


def no_report(metrics: dict[str, float], step: int) -> None:
    """Reports to nobody."""


class MeasuredTrainer:
    """Goes before a Trainer class: a seeded order of rows, a validation figure of our own, and a token count."""

    def __init__(
        self,
        *args: Any,
        sampler: LengthGroupedSampler,
        meter: Meter,
        validate: Callable[[Any], dict[str, float]] | None,
        selected_by: str | None,
        **kwargs: Any,
    ):
        """validate: figures of a model by name, none for the loss alone. selected_by: the one whose highest value is
        the best."""
        super().__init__(*args, **kwargs)
        self._sampler = sampler
        self._meter = meter
        self._validate = validate
        self._selected_by = selected_by

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        return self._sampler

    def compute_loss(self, model: Any, inputs: dict, *args: Any, **kwargs: Any) -> Any:
        """As the Trainer does; counts the tokens of training passes over all processes."""
        if self.model.training:
            processed = inputs["input_ids"].numel()
            useful = inputs["attention_mask"].sum() if "attention_mask" in inputs else processed
            counts = torch.tensor([int(useful), processed], device=inputs["input_ids"].device)
            self._meter.add_tokens(*self.accelerator.reduce(counts, "sum").tolist())
        return super().compute_loss(model, inputs, *args, **kwargs)

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> EvalLoopOutput:
        """As the Trainer does; adds our figures before callbacks and the choice of the best see them.

        Raises InputError when the loss is not finite: such a model has no answers to judge.
        """
        output = super().evaluation_loop(*args, **kwargs)
        loss = output.metrics["eval_loss"]
        if not math.isfinite(loss):
            raise InputError(
                f"training diverged: the validation loss at step {self.state.global_step} is {loss}; "
                "lower training.learning_rate"
            )
        if self._validate is None:
            return output
        # One process judges for all, or they might disagree in the last digit on when to stop.
        figures = [self._measured() if self.is_world_process_zero() else None]
        if self.args.world_size > 1:
            broadcast_object_list(figures)
        output.metrics.update({f"eval_{name}": value for name, value in figures[0].items()})
        # Figures of a small split tie often; then the lower loss wins: the second term stays below a millionth.
        tie_break = 1e-6 / (1 + loss)
        output.metrics[f"eval_{SELECTION}"] = round(figures[0][self._selected_by], 6) + tie_break
        return output

    def _measured(self) -> dict[str, float]:
        """Our figures of the model as it is now. Whatever random numbers they take, training continues with its own."""
        start = time.monotonic()
        with torch.random.fork_rng():
            figures = self._validate(self.model)
        self._meter.progress.validation_seconds += time.monotonic() - start
        return figures

    def floating_point_ops(self, inputs: dict) -> int:
        """Not counted: the Trainer walks through all modules for it, at every forward pass."""
        return 0

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the workflow writes the card itself, once the figures are known."""


def fit(
    build: Callable[..., MeasuredTrainer],
    lengths: list[int],
    settings: FineTuning,
    plan: Plan,
    checkpoints: Path,
    seed: int,
    report: Reporter = no_report,
    owner: int | None = None,
) -> bool:
    """Train, or resume training, until `checkpoints` holds a finished training.

    build: makes the trainer from the keyword arguments `callbacks`, `sampler` and `meter`; called only when there is
    something left to train.
    lengths: tokens of each training row.
    checkpoints: folder of the state; the last complete checkpoint in it is resumed from.
    owner: in a process started by another one, the id of the job; training ends when the job has.

    Returns False when SIGTERM came: a checkpoint was saved, and training resumes at the next call.
    Raises InputError when the loss is no longer finite.
    """
    last = last_checkpoint(checkpoints)
    if last is not None and is_finished(last):
        logger.info("training was finished at %s; nothing to train", last.name)
        return True
    transformers.logging.set_verbosity_error()
    disable_progress_bars()
    meter = Meter(progress_of(last) if last else Progress())
    sampler = LengthGroupedSampler(lengths, settings.batch_size, seed)
    callbacks: list[Any] = [SetEpoch(sampler), meter, Report(report)]
    if plan.processes == 1:
        # Several processes would not hear it between the same two steps, and wait for each other for ever.
        callbacks.append(StopOnSigterm())
    if owner is not None:
        callbacks.append(EndWithOwner(owner))
    if settings.patience is not None:
        callbacks.append(EarlyStoppingCallback(settings.patience))
    trainer = build(callbacks=callbacks, sampler=sampler, meter=meter)
    trainer.remove_callback(PrinterCallback)
    meter.progress.trainable_parameters = sum(
        parameter.numel() for parameter in trainer.model.parameters() if parameter.requires_grad
    )
    logger.info(
        "training %d parameters on %d rows: %d steps of %d sequences%s",
        meter.progress.trainable_parameters,
        len(lengths),
        plan.steps,
        plan.effective,
        f", from {last.name}" if last else "",
    )
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    finished = last_checkpoint(checkpoints)
    return finished is not None and is_finished(finished)


def shared_arguments(settings: FineTuning, plan: Plan, checkpoints: Path, seed: int, judged: bool) -> dict[str, Any]:
    """The Trainer's arguments that do not depend on what is trained. judged: there is a figure beside the loss.

    bfloat16 is mixed precision: weights and sums stay float32.
    """
    cuda = torch.cuda.is_available()
    return {
        "output_dir": str(checkpoints),
        "max_steps": plan.steps,
        "per_device_train_batch_size": plan.per_device,
        "gradient_accumulation_steps": plan.accumulation,
        # Not divided after running out of memory: the loss is a mean over batches, and evaluation needs little.
        "per_device_eval_batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.schedule,
        "warmup_steps": settings.warmup,
        "weight_decay": settings.weight_decay,
        "activation_checkpointing": settings.gradient_checkpointing,
        "gradient_checkpointing": None,
        "seed": seed,
        "data_seed": seed,
        "bf16": settings.precision == "bfloat16"
        or (settings.precision == "auto" and cuda and is_torch_bf16_gpu_available()),
        "use_cpu": not cuda,
        "ddp_backend": "gloo" if plan.processes > 1 and not cuda else None,
        "ddp_find_unused_parameters": False,
        "dataloader_pin_memory": cuda,
        "eval_strategy": "steps",
        "eval_steps": plan.evaluate_every,
        "save_strategy": "steps",
        "save_steps": plan.evaluate_every,
        "save_total_limit": KEPT_CHECKPOINTS,
        "metric_for_best_model": SELECTION if judged else "loss",
        "greater_is_better": judged,
        "restore_callback_states_from_checkpoint": True,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
    }
