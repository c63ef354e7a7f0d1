"""Checkpoints that are complete, and what they tell.

The Trainer writes a checkpoint file by file, so a killed job can leave half of one. A checkpoint counts
only when `seal` has been called for it: the seal lists the size of every file.
"""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from medtune.files import read_json, write_json

SEAL = "complete.json"


@dataclass
class Progress:
    """What was spent on the weights of a checkpoint, over all attempts.

    seconds: wall-clock time of training with evaluation and saving. step_seconds: of the optimiser steps alone.
    validation_seconds: of the figures that a checkpoint is chosen by. useful_tokens: tokens that are not padding.
    processed_tokens: all tokens of the training forward passes. resumed: how often training resumed from a checkpoint.
    """

    seconds: float = 0.0
    step_seconds: float = 0.0
    validation_seconds: float = 0.0
    useful_tokens: int = 0
    processed_tokens: int = 0
    peak_memory_mb: float = 0.0
    trainable_parameters: int = 0
    resumed: int = 0


def seal(checkpoint: Path, progress: Progress) -> None:
    """Declare a checkpoint complete."""
    sizes = {path.name: path.stat().st_size for path in sorted(checkpoint.iterdir()) if path.name != SEAL}
    write_json(checkpoint / SEAL, {"files": sizes, "progress": asdict(progress)})


def last_checkpoint(folder: Path) -> Path | None:
    """The complete checkpoint of the latest step, or None."""
    return max(filter(_is_complete, folder.glob("checkpoint-*")), key=step_of, default=None)


def remove_incomplete(folder: Path) -> None:
    """Delete what a killed job left half-written. Not while a training runs."""
    for checkpoint in folder.glob("checkpoint-*"):
        if not _is_complete(checkpoint):
            shutil.rmtree(checkpoint)


def step_of(checkpoint: Path) -> int:
    """Optimiser steps behind a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])


def progress_of(checkpoint: Path) -> Progress:
    """What was spent on a complete checkpoint."""
    return Progress(**read_json(checkpoint / SEAL)["progress"])


def trainer_state_of(checkpoint: Path) -> dict:
    """The Trainer's own state: log_history, global_step, max_steps, best_global_step and so on."""
    return read_json(checkpoint / "trainer_state.json")


def is_finished(checkpoint: Path) -> bool:
    """Whether training ended with this checkpoint: all steps done, or patience at its end.

    The Trainer does not look at this itself: resumed from its last checkpoint, it would do another step.
    """
    state = trainer_state_of(checkpoint)
    stopper = state["stateful_callbacks"].get("EarlyStoppingCallback")
    out_of_patience = stopper is not None and (
        stopper["attributes"]["early_stopping_patience_counter"] >= stopper["args"]["early_stopping_patience"]
    )
    return state["global_step"] >= state["max_steps"] or out_of_patience


def _is_complete(checkpoint: Path) -> bool:
    if not (checkpoint / SEAL).is_file():
        return False
    sizes = read_json(checkpoint / SEAL)["files"]
    return all((checkpoint / name).is_file() and (checkpoint / name).stat().st_size == sizes[name] for name in sizes)
