"""Training with several processes, one per GPU (or on the CPU, with gloo), through `accelerate launch`."""

import gc
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import medtune
from medtune.files import read_json, write_json
from medtune.runtime import quieten
from medtune.training.attempts import bring_to_end

logger = logging.getLogger("medtune")

Report = Callable[[dict[str, float], int], None]
"""Takes metrics of a step."""
METRICS = "medtune-metrics "
"""Begins a line by which a worker hands metrics to the job: JSON of `metrics` and `step` follows."""


def launch(module: str, argument: str, processes: int, report: Report) -> None:
    """Run `python -m module argument` in `processes` processes that find each other, and wait for them.

    What they write goes to this job's log; lines made by `send_metrics` go to `report`.
    Raises RuntimeError when one of them fails.
    """
    library = str(Path(medtune.__file__).parents[1])
    path = os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH")]))
    # `--multi_gpu` is what makes accelerate start several processes (`--cpu` starts a single one); where there is no
    # CUDA the Trainer's arguments put them on the CPU. Port 0: any free one.
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_machines", "1"]
    command += ["--num_processes", str(processes), "--gpu_ids", "all", "--main_process_port", "0"]
    command += ["--mixed_precision", "no", "--dynamo_backend", "no", "--module", module, argument]
    last = ""
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith(METRICS):
                message = json.loads(line.removeprefix(METRICS))
                report(message["metrics"], message["step"])
            elif line.strip():
                logger.info("worker: %s", line.rstrip())
                # The launcher adds a long report of its own; the first exception is the one that tells.
                if not last and re.match(r"(\[rank\d+\]: )?[\w.]*(Error|Exception|Exit): ", line):
                    last = line.strip()
    if process.returncode:
        raise RuntimeError(f"training with {processes} processes ended with status {process.returncode}: {last}")


def train_to_end(
    module: str,
    job: dict[str, Any],
    checkpoints: Path,
    processes: int,
    train: Callable[[], object],
    report: Report,
) -> None:
    """Bring `checkpoints` to a finished training: with `train` in this process, or, where there are to be several, in
    processes of `module`; see `bring_to_end` and `launch_job`."""
    alone = processes == 1
    bring_to_end(checkpoints, train if alone else lambda: launch_job(module, job, checkpoints, processes, report))


def launch_job(module: str, job: dict[str, Any], checkpoints: Path, processes: int, report: Report) -> None:
    """Run a job in several processes of `module`, each of which learns of it by `launched_job`."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "job.json"
        write_json(spec, {"job": job, "checkpoints": str(checkpoints), "owner": os.getpid()})
        launch(module, str(spec), processes, report)


def launched_job() -> tuple[dict[str, Any], Path, int]:
    """In a worker: the job, the folder of its checkpoints, and the id of the process that launched it."""
    main = os.environ["RANK"] == "0"
    logging.basicConfig(level=logging.INFO if main else logging.WARNING, format="%(levelname)s: %(message)s")
    quieten()
    told = read_json(sys.argv[1])
    return told["job"], Path(told["checkpoints"]), told["owner"]


def work(
    job_type: type[BaseModel], run: Callable[[Any, Path, Callable[[dict[str, float], int], None], int], Any]
) -> None:
    """A worker from start to end. job_type: of the job that `launch_job` was given. run: trains, given the job, the
    folder of checkpoints, what takes metrics, and the id of the process that launched it."""
    told, checkpoints, owner = launched_job()
    run(job_type.model_validate(told), checkpoints, send_metrics, owner)
    leave()


def has_cuda() -> bool:
    """Whether torch finds a CUDA device that it can use."""
    import torch

    return torch.cuda.is_available()


def send_metrics(metrics: dict[str, float], step: int) -> None:
    """Hand metrics from a worker to the job that launched it."""
    print(METRICS + json.dumps({"metrics": metrics, "step": step}), flush=True)


def leave() -> None:
    """Take leave of the other processes: at the end of a worker, when its trainer is gone.

    While there still is one (as with `Trainer.end`), its wrapped model waits for them for ever.
    """
    import torch

    gc.collect()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def see_one_gpu() -> None:
    """Let a job with one process see one GPU only, since TRL refuses several. Before torch looks for them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = visible.split(",")[0]
