"""What happens beside the Trainer's loop: measuring, sealing checkpoints, reporting, stopping in time."""

import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from accelerate import PartialState
from transformers import TrainerCallback

from medtune.errors import InputError
from medtune.memory import peak_memory_mb
from medtune.training.batches import LengthGroupedSampler
from medtune.training.checkpoints import Progress, seal

logger = logging.getLogger("medtune")


class SetEpoch(TrainerCallback):
    """Tells the sampler the epoch, also when training resumes in the middle of one."""

    def __init__(self, sampler: LengthGroupedSampler) -> None:
        self.sampler = sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Before the sampler is asked for its first row."""
        self.sampler.epoch = int(state.epoch)


class Meter(TrainerCallback):
    """Measures time, tokens and memory, and seals each checkpoint together with the figures."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._clock = 0.0
        self._step_clock = 0.0

    def add_tokens(self, useful: int, processed: int) -> None:
        """Count the tokens of a training forward pass."""
        self.progress.useful_tokens += useful
        self.progress.processed_tokens += processed

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock."""
        self._clock = time.monotonic()
        self.progress.resumed += state.global_step > 0

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock of the optimiser step."""
        self._step_clock = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop the clock of the optimiser step."""
        self.progress.step_seconds += time.monotonic() - self._step_clock

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Seal the checkpoint, once every process has written its part."""
        now = time.monotonic()
        self.progress.seconds += now - self._clock
        self._clock = now
        self.progress.peak_memory_mb = max(self.progress.peak_memory_mb, peak_memory_mb())
        PartialState().wait_for_everyone()
        if state.is_world_process_zero:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.progress)


class Report(TrainerCallback):
    """Passes the metrics on, logs a line per evaluation, and ends a training that has diverged."""

    def __init__(self, report: Callable[[dict[str, float], int], None]) -> None:
        self.report = report
        self._loss = math.nan

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
        """Called with the loss of each step and the metrics of each evaluation."""
        entry = history_entry({**logs, "step": state.global_step})
        if not state.is_world_process_zero or entry is None:
            return
        self._loss = entry.get("loss", self._loss)
        if not math.isfinite(self._loss):
            raise InputError(
                f"training diverged: the loss at step {state.global_step} is {self._loss}; lower training.learning_rate"
            )
        self.report({name: value for name, value in entry.items() if name != "step"}, state.global_step)
        if "validation_loss" in entry:
            figures = "".join(f", {name} {value:.4f}" for name, value in entry.items() if name.startswith("validation"))
            logger.info("step %d of %d: loss %.4f%s", state.global_step, state.max_steps, self._loss, figures)


def history_entry(log: dict) -> dict | None:
    """One entry of the Trainer's log history under the names of training.json, or None for its summaries."""
    if "loss" in log:
        return {name: log[name] for name in ("step", "loss", "learning_rate", "grad_norm") if name in log}
    if "eval_loss" in log:
        validation = {name.removeprefix("eval_"): log[name] for name in log if name.startswith("eval_validation_")}
        return {"step": log["step"], "validation_loss": log["eval_loss"], **validation}
    return None


class StopOnSigterm(TrainerCallback):
    """On SIGTERM (time limit, preemption, cancellation) saves after the running step and stops.

    The one of transformers (`enable_jit_checkpoint`) may save in the middle of a step, when random numbers of
    that step are used up already: resuming from it would not give the same weights.
    """

    def __init__(self) -> None:
        self.received = False
        self._previous: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Listen to SIGTERM."""
        self._previous = signal.signal(signal.SIGTERM, self._receive)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ask for a checkpoint and the end of training."""
        if self.received:
            control.should_save = True
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Listen no longer."""
        signal.signal(signal.SIGTERM, self._previous)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True


class EndWithOwner(TrainerCallback):
    """Ends a worker whose job was killed, so that none of them writes to the state of its successor."""

    def __init__(self, owner: int) -> None:
        self.owner = owner

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Signal 0 only asks whether the process is there."""
        try:
            os.kill(self.owner, 0)
        except ProcessLookupError:
            sys.exit(f"the job that started this worker (pid {self.owner}) has ended")
