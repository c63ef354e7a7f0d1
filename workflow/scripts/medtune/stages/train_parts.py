"""Training of the encoders of one method, one after the other, in one state folder."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from medtune.config import Tracking
from medtune.files import filled, fingerprint, make_writable, write_json
from medtune.reporting.tracking import TrackedRun, Tracker, track
from medtune.state import open_state
from medtune.training.attempts import bring_to_end
from medtune.training.launch import Report, see_one_gpu
from medtune.training.preflight import Plan
from medtune.training.worker import started

logger = logging.getLogger("medtune")


class Material(Protocol):
    """A job's data and plan, checked. files: further ones of the model's folder, content by name, as JSON."""

    tokenizer: Any
    plan: Plan
    files: Mapping[str, Any]


class Stage(Protocol):
    """A module that trains one encoder; workers load it by its name, see `training.worker`."""

    __name__: str

    def prepare(self, job: Any) -> Material:
        """Read, cut and check what the job needs. Raises InputError."""

    def run_training(self, job: Any, material: Any, checkpoints: Path, report: Report) -> None:
        """Run the engine in this process."""

    def fingerprint_of(self, job: Any, material: Any) -> str:
        """Identifies all that determines the weights."""

    def record_of_job(self, job: Any, material: Any, checkpoints: Path) -> dict[str, Any]:
        """Content of training.json."""

    def tracked_facts(self, job: Any, material: Any) -> dict[str, Any]:
        """What a tracker may know of a job: settings and sizes, no text."""


@dataclass(frozen=True)
class Part:
    """One encoder. name: of its folder in the model's; empty where it is the only one. stage: as `Stage` says. job:
    the stage's own."""

    name: str
    stage: Any
    job: BaseModel


def train_parts(
    parts: Sequence[Part],
    model: Path,
    record: Path,
    state: Path,
    tracking: Tracking,
    tracking_folder: Path,
    tracked: TrackedRun,
    summed_up: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> None:
    """Train all parts, or resume a killed attempt, and write their folders and the record.

    model: folder, or with several parts that of their folders; files are moved into place one by one, config.json last,
    and others there are left. record: training.json: what `summed_up` makes of the records of the parts.
    state: folder for unfinished work, removed when both are written.
    Raises InputError for bad rows or settings, and when the state is in use by another job; ends the
    process with status 143 when SIGTERM came (a checkpoint is kept).
    """
    if all(part.job.processes == 1 for part in parts):
        see_one_gpu()
    make_writable(model, record.parent)
    materials = [part.stage.prepare(part.job) for part in parts]
    for part, material in zip(parts, materials, strict=True):
        _warn_of_warmup(part, material)
    prints = [part.stage.fingerprint_of(part.job, material) for part, material in zip(parts, materials, strict=True)]
    with open_state(state, fingerprint(prints)) as held:
        folders = [held.folder / "checkpoints" / part.name for part in parts]
        facts = [part.stage.tracked_facts(part.job, material) for part, material in zip(parts, materials, strict=True)]
        with track(tracking, tracked, facts[0], tracking_folder) as tracker:
            done = 0
            for part, material, checkpoints in zip(parts, materials, folders, strict=True):
                checkpoints.mkdir(parents=True, exist_ok=True)
                alone = partial(part.stage.run_training, part.job, material, checkpoints)
                report = partial(_report, tracker, done)
                bring_to_end(checkpoints, partial(started(part.stage.__name__, alone, part.job, checkpoints), report))
                done += material.plan.steps
            _write(parts, materials, folders, model, record, tracker, summed_up)
        held.remove()


def _report(tracker: Tracker, done: int, metrics: dict[str, float], step: int) -> None:
    """done: steps of the parts before, since a tracker's steps must grow."""
    tracker.log(metrics, done + step)


def _warn_of_warmup(part: Part, material: Material) -> None:
    if part.job.settings.warmup >= max(1, material.plan.steps):
        logger.warning(
            "warm-up takes %g steps and training %d: the learning rate stays below its peak",
            part.job.settings.warmup,
            material.plan.steps,
        )


def _write(
    parts: Sequence[Part],
    materials: Sequence[Any],
    folders: Sequence[Path],
    model: Path,
    record: Path,
    tracker: Tracker,
    summed_up: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> None:
    """Put model folders and record into place."""
    from medtune.training.training_record import best_checkpoint

    records, files = [], []
    for part, material, checkpoints in zip(parts, materials, folders, strict=True):
        records.append(part.stage.record_of_job(part.job, material, checkpoints))
        home = model / part.name
        with filled(home, last="config.json") as scratch:
            best = best_checkpoint(checkpoints)
            material.tokenizer.save_pretrained(scratch)
            for name, content in material.files.items():
                write_json(scratch / name, content)
            shutil.copyfile(best / "model.safetensors", scratch / "model.safetensors")
            shutil.copyfile(best / "config.json", scratch / "config.json")
            files += [home / path.name for path in sorted(scratch.iterdir())]
    facts = summed_up(records)
    write_json(record, facts)
    tracker.finish(facts, files)
