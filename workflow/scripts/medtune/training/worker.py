"""One of several processes of a training: `python -m medtune.training.worker job.json`, started by `launch_stage`."""

import gc
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from medtune.files import read_json, write_json
from medtune.runtime import quieten
from medtune.training.launch import Report, launch, send_metrics


def launch_stage(stage: str, job: BaseModel, checkpoints: Path, processes: int, report: Report) -> None:
    """Run a stage's training in several processes. stage: a module with `Job`, `prepare(job)` and `run_training(job,
    material, checkpoints, report, owner)`. Raises RuntimeError as `launch` does."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "job.json"
        facts = {"stage": stage, "job": job.model_dump(mode="json"), "checkpoints": str(checkpoints)}
        write_json(told, {**facts, "owner": os.getpid()})
        launch(__name__, str(told), processes, report)


def started(stage: str, alone: Callable[[Report], None], job: Any, checkpoints: Path) -> Callable[[Report], None]:
    """How a stage's training is run: in this process, by `alone`, or in the job's several ones. Arguments: see
    `launch_stage`."""
    return alone if job.processes == 1 else partial(launch_stage, stage, job, checkpoints, job.processes)


def leave() -> None:
    """Take leave of the other processes: at the end of a worker, when its trainer is gone.

    While there still is one (as with `Trainer.end`), its wrapped model waits for them for ever.
    """
    import torch

    gc.collect()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def main(path: str) -> None:
    """A worker from start to end. path: of what `launch_stage` wrote."""
    main_one = os.environ["RANK"] == "0"
    logging.basicConfig(level=logging.INFO if main_one else logging.WARNING, format="%(levelname)s: %(message)s")
    quieten()
    told = read_json(path)
    stage = import_module(told["stage"])
    job = stage.Job.model_validate(told["job"])
    stage.run_training(job, stage.prepare(job), Path(told["checkpoints"]), send_metrics, owner=told["owner"])
    leave()


if __name__ == "__main__":
    main(sys.argv[1])
