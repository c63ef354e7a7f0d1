"""Fit rules to the training split of a study, and answer other splits with them."""

import logging
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from medtune.errors import InputError
from medtune.files import read_jsonl, rounded, write_json, write_jsonl
from medtune.memory import peak_resident_mb
from medtune.methods.found import found_row
from medtune.methods.rules.fitting import Kind, fit
from medtune.studies import KIND, get_task
from medtune.versions import library_versions

logger = logging.getLogger(__name__)

DEVICE = "cpu"


class Job(BaseModel):
    """What rules are made of. options: of the kind's section in `config.rules`. train: JSON lines. splits: those to
    answer, by name. kind: of the task; None for that of a user's own study. text: the field of an example that is read.
    """

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    train: Path
    splits: dict[str, Path]
    kind: Kind | None = None
    text: str = "text"


def apply_rules(job: Job, predictions: Path, training: Path, answering: Path) -> None:
    """Write predictions.jsonl, and the records of training and answering. The same job gives the same predictions.

    predictions: one row for each example, in the order of the splits and their files. training: what was learnt, and
    what it took. answering: seconds (of answering alone) and documents.
    Raises InputError for an empty training split, an annotation that the task cannot write, and a missing library.
    """
    task = get_task(job.task, **job.task_options)
    train = _read(job.train, job.text)
    if not train:
        raise InputError(f"{job.train}: holds no example; expected at least one to learn from")
    for example in train:
        task.completion(example)
    start = time.perf_counter()
    rules = fit(job.kind or job.task.removeprefix(KIND), task, train, job.options)
    train_seconds = time.perf_counter() - start
    asked = [(split, example) for split, path in job.splits.items() for example in _read(path, job.text)]
    blind = [{name: value for name, value in example.items() if name not in task.annotation} for _, example in asked]
    start = time.perf_counter()
    found = rules.answer(blind)
    seconds = time.perf_counter() - start
    logger.info("rules of %d examples: %s; %d answers in %.1f s", len(train), rules.record, len(found), seconds)
    rows = [found_row(task, split, example, one) for (split, example), one in zip(asked, found, strict=True)]
    measured = {"peak_memory_mb": round(peak_resident_mb(), 1), "device": DEVICE}
    write_json(
        training,
        {
            "method": "rules",
            **rules.record,
            "examples": len(train),
            "trainable_parameters": 0,
            "train_seconds": rounded(train_seconds),
            **measured,
            "settings": job.options,
            "versions": library_versions(),
        },
    )
    # Rules can take less than a millisecond, which is no time of 0: costs are compared on a log axis.
    write_json(answering, {"seconds": rounded(seconds), "documents": len(asked), **measured})
    write_jsonl(predictions, rows)


def _read(path: Path, text: str) -> list[dict]:
    """Examples with what is read as `text`."""
    return [{**example, "text": example[text]} for example in read_jsonl(path)]
