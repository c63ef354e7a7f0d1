"""The train stage of the encoder studies: from rows of tagged words to a model folder and its record."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from medtune.config import TaggerTraining, Tracking
from medtune.data.alignment import Layout, SubwordDocument, subwords
from medtune.files import fingerprint
from medtune.libraries import loading
from medtune.methods.encoder.checkpoint_figure import validation_figures
from medtune.methods.encoder.layout import layout_of
from medtune.methods.encoder.tagged_rows import read_rows, read_tags, tag_numbers
from medtune.models.model_record import read_record
from medtune.reporting.tracking import TrackedRun
from medtune.stages.train_parts import Part, train_parts
from medtune.training.launch import Report, has_cuda
from medtune.training.preflight import Plan, make_plan
from medtune.versions import library_versions


class Job(BaseModel):
    """What one training is made of; written as JSON for the workers where there are several.

    tags: tags.json. window_tokens: longest window, special tokens included. overlap_tokens: subwords that windows
    share when documents are tagged; in training each word is in one window.
    """

    settings: TaggerTraining
    seed: int
    train: Path
    validation: Path
    tags: Path
    base: Path
    window_tokens: int
    overlap_tokens: int
    batch_divisor: int = 1
    processes: int = 1


@dataclass(frozen=True)
class Material:
    """A job's data and plan, checked. rows, validation_rows: `LabelledWindows`. documents, gold: of the validation
    split, for its figures. words: of the training split. base: the base model's record. files: of the
    model's folder, none."""

    tags: list[str]
    tokenizer: Any
    layout: Layout
    rows: Any
    validation_rows: Any
    documents: list[SubwordDocument]
    gold: list[list[str]]
    words: int
    cut_words: int
    plan: Plan
    base: dict
    files: Mapping[str, Any] = field(default_factory=dict)


def train_tagger(
    job: Job, model: Path, record: Path, state: Path, tracking: Tracking, tracking_folder: Path, tracked: TrackedRun
) -> None:
    """Train the job's tagger, or resume a killed attempt, and write its folder and record; see `train_parts`."""
    parts = [Part("", sys.modules[__name__], job)]
    train_parts(parts, model, record, state, tracking, tracking_folder, tracked, itemgetter(0))


def prepare(job: Job) -> Material:
    """Read, cut and check what the job needs. Raises InputError, see `read_rows` and `make_plan`."""
    with loading():
        from medtune.methods.encoder.training import label_windows
    from medtune.models.loading import load_tagger_tokenizer

    tags = read_tags(job.tags)
    tokenizer = load_tagger_tokenizer(job.base)
    layout = layout_of(job.base, tokenizer, job.window_tokens, job.overlap_tokens)
    rows, documents, windows = {}, {}, {}
    cuttings = {"train": job.settings.cuttings, "validation": 1}
    for split, path in (("train", job.train), ("validation", job.validation)):
        rows[split] = read_rows(path)
        documents[split] = [subwords(row["words"], row["sentences"], tokenizer) for row in rows[split]]
        numbers = tag_numbers(rows[split], tags, path)
        cut = [own.rows(documents[split]) for own in layout.without_overlap().cuttings(cuttings[split], job.seed)]
        windows[split] = label_windows([row for rows_of_cut in cut for row in rows_of_cut], numbers)
    return Material(
        tags=tags,
        tokenizer=tokenizer,
        layout=layout,
        rows=windows["train"],
        validation_rows=windows["validation"],
        documents=documents["validation"],
        gold=[row["tags"] for row in rows["validation"]],
        words=sum(len(row["words"]) for row in rows["train"]),
        cut_words=sum(len(piece) > layout.room for document in documents["train"] for piece in document.pieces),
        plan=_plan(job, len(windows["train"])),
        base=read_record(job.base),
    )


def _plan(job: Job, rows: int) -> Plan:
    """An epoch is one pass over the documents, in any window layout. rows: of all layouts."""
    cuttings = job.settings.cuttings
    plan = make_plan(
        job.settings.model_copy(update={"epochs": job.settings.epochs / cuttings}),
        rows,
        job.batch_divisor,
        job.processes,
    )
    if job.settings.evaluate_every:
        return plan
    return replace(plan, evaluate_every=math.ceil(rows / cuttings / plan.effective))


def run_training(
    job: Job,
    material: Material,
    checkpoints: Path,
    report: Report,
    owner: int | None = None,
) -> None:
    """Run the engine in this process. owner: process id of the job, in a worker."""
    from medtune.methods.encoder.training import train
    from medtune.models.loading import load_with_new_head

    train(
        material.rows,
        material.validation_rows,
        job.settings,
        material.plan,
        partial(load_with_new_head, job.base, material.tags, job.seed, job.settings.freeze_embeddings),
        checkpoints,
        job.seed,
        validate=validation_figures(
            material.documents, material.gold, material.tags, material.layout, material.tokenizer.pad_token_id
        ),
        report=report,
        owner=owner,
    )


def record_of_job(job: Job, material: Material, checkpoints: Path) -> dict[str, Any]:
    """Content of training.json: see `record_of`; validation_*: figures of the best step. words_per_second: words of
    the training split that the optimiser steps went through in a second. cut_words: longer than a window."""
    from medtune.training.training_record import record_of

    counts = {
        "rows": len(material.rows),
        "validation_rows": len(material.validation_rows),
        "words": material.words,
        "cut_words": material.cut_words,
        "window_tokens": job.window_tokens,
        "overlap_tokens": job.overlap_tokens,
    }
    record = record_of(checkpoints, job.settings, material.plan, counts, job.seed, material.base)
    best = next(
        entry for entry in record["history"] if entry["step"] == record["best_step"] and "validation_f1" in entry
    )
    tokens_per_word = sum(map(len, material.rows.input_ids)) / (material.words * job.settings.cuttings)
    return {
        **{name: value for name, value in best.items() if name.startswith("validation_")},
        "chosen_by": "validation_f1",
        "judged_examples": len(material.gold),
        "words_per_second": round(record["tokens_per_second"] / tokens_per_word, 1),
        **record,
    }


def fingerprint_of(job: Job, material: Material) -> str:
    """Identifies all that determines the weights. Batch splits are not among it: they only change rounding."""
    return fingerprint(
        {
            "rows": [[rows.input_ids, rows.labels] for rows in (material.rows, material.validation_rows)],
            "gold": material.gold,
            "tags": material.tags,
            "windows": [job.window_tokens, job.overlap_tokens],
            "settings": job.settings.model_dump(mode="json"),
            "seed": job.seed,
            "base": material.base["fingerprint"],
            "processes": job.processes,
            "cuda": has_cuda(),
            "versions": library_versions(),
        }
    )


def tracked_facts(job: Job, material: Material) -> dict[str, Any]:
    """What a tracker may know of a job: settings and sizes, no text."""
    return {
        "base_model": material.base["name"],
        "seed": job.seed,
        "settings": job.settings.model_dump(mode="json"),
        "window_tokens": job.window_tokens,
        "tags": len(material.tags),
        "rows": len(material.rows),
        "validation_rows": len(material.validation_rows),
        "steps": material.plan.steps,
    }
