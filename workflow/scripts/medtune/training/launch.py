"""Training with several processes, one per GPU (or on the CPU, with gloo), through `accelerate launch`."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import medtune

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


def has_cuda() -> bool:
    """Whether torch finds a CUDA device that it can use."""
    import torch

    return torch.cuda.is_available()


def send_metrics(metrics: dict[str, float], step: int) -> None:
    """Hand metrics from a worker to the job that launched it."""
    print(METRICS + json.dumps({"metrics": metrics, "step": step}), flush=True)


def see_one_gpu() -> None:
    """Let a job with one process see one GPU only, since TRL refuses several. Before torch looks for them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = visible.split(",")[0]
