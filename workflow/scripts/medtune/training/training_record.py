"""The record of a training (training.json), made from its last checkpoint."""

import os
import platform
from pathlib import Path
from typing import Any

import torch

from medtune.config import FineTuning, Training
from medtune.training.callbacks import history_entry
from medtune.training.checkpoints import last_checkpoint, progress_of, trainer_state_of
from medtune.training.preflight import Plan, Rows, resolved
from medtune.versions import library_versions


def hardware() -> dict[str, Any]:
    """What the training ran on. No host name: records are published with the adapter."""
    cuda = torch.cuda.is_available()
    return {
        "device": torch.cuda.get_device_name(0) if cuda else "cpu",
        "gpus": torch.cuda.device_count() if cuda else 0,
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def best_checkpoint(checkpoints: Path) -> Path:
    """The checkpoint with the best validation metric of a finished training."""
    return checkpoints / f"checkpoint-{trainer_state_of(last_checkpoint(checkpoints))['best_global_step']}"


def training_record(
    checkpoints: Path, settings: Training, plan: Plan, rows: Rows, validation_rows: Rows, seed: int, base: dict
) -> dict[str, Any]:
    """Everything worth knowing about a finished training of an adapter, for training.json; see `record_of`.

    truncated_rows: whose prompts were cut to `max_tokens`, which the prompts of generation are not. longest_answer: in
    tokens, EOS included.
    base: the base model's own record.
    """
    counts = {
        "rows": len(rows),
        "validation_rows": len(validation_rows),
        "truncated_rows": rows.truncated,
        "truncated_validation_rows": validation_rows.truncated,
        "left_out_rows": rows.left_out,
        "left_out_validation_rows": validation_rows.left_out,
        "longest_answer": max(rows.answer_lengths()),
        "longest_validation_answer": max(validation_rows.answer_lengths()),
    }
    return record_of(checkpoints, resolved(settings), plan, counts, seed, base)


def record_of(
    checkpoints: Path, settings: FineTuning, plan: Plan, counts: dict[str, int], seed: int, base: dict
) -> dict[str, Any]:
    """The record of any training. counts: of its rows.

    train_seconds: wall-clock time behind the weights, over all attempts (work that a kill undid is not counted).
    validation_seconds: of these, what the figures took that a checkpoint is chosen by.
    tokens_per_second: without padding, of optimiser steps alone.
    useful_token_share: share of tokens that are not padding in all training forward passes.
    """
    last = last_checkpoint(checkpoints)
    state, progress = trainer_state_of(last), progress_of(last)
    history = [entry for entry in map(history_entry, state["log_history"]) if entry is not None]
    return {
        "base_model": base,
        "trainable_parameters": progress.trainable_parameters,
        "steps": state["global_step"],
        "best_step": state["best_global_step"],
        "train_seconds": round(progress.seconds, 3),
        "validation_seconds": round(progress.validation_seconds, 3),
        "peak_memory_mb": round(progress.peak_memory_mb, 1),
        "tokens_per_second": round(progress.useful_tokens / progress.step_seconds, 1),
        "useful_token_share": round(progress.useful_tokens / progress.processed_tokens, 4),
        **counts,
        "effective_batch": plan.effective,
        "per_device_batch": plan.per_device,
        "accumulation": plan.accumulation,
        "processes": plan.processes,
        "resumed": progress.resumed,
        "seed": seed,
        "settings": settings.model_dump(mode="json"),
        "versions": library_versions(),
        "hardware": hardware(),
        "history": history,
    }
