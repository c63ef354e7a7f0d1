"""Take over what a run of one of the five studies answered, as a method of a study of the user's own."""

import csv
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, read_text, write_json, write_jsonl
from medtune.methods.taken import taken_row
from medtune.studies import get_task, part_of

logger = logging.getLogger(__name__)

WITH_LOADING = "with loading"
ANSWERING = "answering alone"


class Job(BaseModel):
    """What is taken. task, task_options: of the own study. splits: files of its examples by name. study, run: what is
    taken from. files: of the run by name, see `StudyJobs.taken`. options: how the study reads its answers."""

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    splits: dict[str, Path]
    study: str
    run: str
    files: dict[str, list[Path]]
    options: dict[str, Any] = Field(default_factory=dict)


def take_run(job: Job, predictions: Path, training: Path, answering: Path) -> None:
    """Write predictions.jsonl, and the records of training and answering.

    predictions: one row for each example, in the order of the splits and their files. training: what the study's record
    says, of all its models together. answering: seconds of all answers of the run, and documents, those of other splits
    among them. Raises InputError where the run has no answer to an example.
    """
    task, reader = get_task(job.task, **job.task_options), part_of(job.study, "plain_answers")
    examples = {split: read_jsonl(path) for split, path in job.splits.items()}
    taken = list(reader.plain_answers(task, job.files, **job.options))
    own = {(one.split, one.id): one for one in taken}
    rows = []
    for split, members in examples.items():
        for example in members:
            if (split, example["id"]) not in own:
                raise InputError(
                    f'{job.splits[split]}, id "{example["id"]}": not answered by the run "{job.run}" of study '
                    f"{job.study}; prepare both again"
                )
            rows.append(taken_row(task, split, example, own[split, example["id"]]))
    records = [read_json(path) for path in job.files.get("record", ())]
    trained = training_record(records, reader.training_documents(job.files) if records else 0)
    logger.info("%s %s: %d answers, %d of them to examples of this study", job.study, job.run, len(taken), len(rows))
    write_json(training, {**trained, "study": job.study, "run": job.run})
    write_json(answering, answering_record(job.files, records, len(taken)))
    write_jsonl(predictions, rows)


def training_record(records: Sequence[Mapping[str, Any]], examples: int) -> dict[str, Any]:
    """The record of a method (training.json). records: those of the models that answer together; none of a base model
    without training, which took nothing. examples: documents that they are trained on."""
    return {
        "method": "trained",
        "trainable_parameters": sum(record["trainable_parameters"] for record in records),
        "train_seconds": sum(record["train_seconds"] for record in records),
        "peak_memory_mb": max((record["peak_memory_mb"] for record in records), default=0.0),
        "device": _device(records),
        "examples": examples,
    }


def answering_record(
    files: Mapping[str, Sequence[Path]], records: Sequence[Mapping[str, Any]], documents: int
) -> dict[str, Any]:
    """What answering took (answering.json). The study's own record where it has one; else Snakemake's benchmarks of the
    jobs, whose seconds are with loading. Seconds are null where the answers were copied from those of an earlier run.
    Memory is that of the jobs; null on a GPU, whose memory they do not count."""
    if "answering" in files:
        record = read_json(files["answering"][0])
        known = {name: record[name] for name in ("seconds", "peak_memory_mb", "device")}
        return {**known, "documents": documents, "measured": ANSWERING}
    jobs = [_benchmark(path) for path in files["benchmark"]]
    device = _device(records)
    copied = any("copied_from" in record for record in records)
    return {
        "seconds": None if copied else round(sum(job["s"] for job in jobs), 3),
        "documents": documents,
        "peak_memory_mb": max(job["max_rss"] for job in jobs) if device == "cpu" and not copied else None,
        "device": device,
        "measured": None if copied else WITH_LOADING,
    }


def _device(records: Sequence[Mapping[str, Any]]) -> str | None:
    """That of training, where answers were generated, too; None of a base model, which has no record."""
    return records[0]["hardware"]["device"] if records else None


def _benchmark(path: Path) -> dict[str, float]:
    """Seconds (s) and memory (max_rss, MB) of a job by Snakemake's benchmark, a table with tabs."""
    row = next(csv.DictReader(read_text(path).splitlines(), delimiter="\t"), {})
    try:
        return {name: float(row[name]) for name in ("s", "max_rss")}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: expected a benchmark of Snakemake, with columns s and max_rss") from error
