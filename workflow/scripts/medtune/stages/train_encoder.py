"""The train stage of the method `encoder`: from examples of a study to a model folder and a record."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from medtune.config import TaggerTraining, Tracking
from medtune.data.bio import tag_list
from medtune.errors import InputError
from medtune.files import make_writable, read_jsonl, write_json, write_jsonl
from medtune.methods.encoder.entity_rows import entity_rows
from medtune.models.purpose import check_encoder
from medtune.reporting.tracking import TrackedRun
from medtune.scratch import scratch_beside
from medtune.stages import train_classifier, train_tagger
from medtune.stages.train_parts import Part, train_parts
from medtune.training.launch import has_cuda

logger = logging.getLogger("medtune")

METHOD = "encoder"
TAGGER, PAIRS = "tagger", "pairs"
"""Folders of the two encoders that find relations, in the model's."""
SPLITS = ("train", "validation")


class Job(BaseModel):
    """What one training is made of.

    kind: of the study. labels, entities, relations: its labels or types. train, validation: canonical examples.
    base: folder of the encoder. window_tokens: longest window, special tokens included. overlap_tokens: shared by
    windows of a longer text.
    """

    kind: Literal["labels", "spans", "relations"]
    labels: list[str] = []
    entities: list[str] = []
    relations: dict[str, Any] = {}
    settings: TaggerTraining
    seed: int
    train: Path
    validation: Path
    base: Path
    window_tokens: int
    overlap_tokens: int
    batch_divisor: int = 1
    processes: int = 1

    @property
    def shared(self) -> dict[str, Any]:
        """What the jobs of all parts have."""
        names = ("settings", "seed", "base", "window_tokens", "overlap_tokens", "batch_divisor", "processes")
        return {name: getattr(self, name) for name in names}


def train_encoder(
    job: Job, model: Path, record: Path, state: Path, tracking: Tracking, tracking_folder: Path, tracked: TrackedRun
) -> None:
    """Train the job's encoder, or resume a killed attempt, and write its folder and record, see `train_parts`.

    record: that of the training with `method`, `examples` (training documents), `device` and, where entities are
    tagged, `entities`: by split how many flat tags hold and why others are left out. Of relations, those of the two
    encoders are in `parts`.
    Raises InputError for a base model that is no encoder, and for bad examples or settings.
    """
    make_writable(model, record.parent)
    check_encoder(job.base)
    examples = {split: read_examples(getattr(job, split)) for split in SPLITS}
    with scratch_beside(record.parent / "rows") as rows:
        rows.mkdir()
        facts = {
            "method": METHOD,
            "examples": len(examples["train"]),
            "device": "cuda" if has_cuda() else "cpu",
        }
        if job.kind == "labels":
            parts = [_classifier(job)]
        else:
            facts["entities"] = _write_rows(job, examples, rows)
            parts = (
                [_tagger(job, rows)] if job.kind == "spans" else [_tagger(job, rows, TAGGER), _classifier(job, PAIRS)]
            )
        names = [part.name for part in parts]
        train_parts(
            parts,
            model,
            record,
            state,
            tracking,
            tracking_folder,
            tracked,
            lambda records: {**summed_up(dict(zip(names, records, strict=True))), **facts},
        )


def summed_up(records: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The record of a method, from those of its parts by name: that of the only one, or what they took together."""
    if len(records) == 1:
        return next(iter(records.values()))
    parts = list(records.values())
    return {
        "trainable_parameters": sum(part["trainable_parameters"] for part in parts),
        "train_seconds": round(sum(part["train_seconds"] for part in parts), 3),
        "peak_memory_mb": max(part["peak_memory_mb"] for part in parts),
        "resumed": max(part["resumed"] for part in parts),
        **{name: parts[0][name] for name in ("base_model", "seed", "settings", "versions", "hardware")},
        "parts": dict(records),
    }


def read_examples(path: Path) -> list[dict]:
    """The examples of a file. Raises InputError where it has none."""
    examples = read_jsonl(path)
    if not examples:
        raise InputError(f"{path}: no examples; expected at least one")
    return examples


def _write_rows(job: Job, examples: Mapping[str, Sequence[dict]], folder: Path) -> dict[str, dict[str, int]]:
    """Write rows of tagged words and tags.json. Returns by split what became of the entities."""
    counts = {}
    for split, of_split in examples.items():
        found = entity_rows(of_split)
        write_jsonl(folder / f"{split}.jsonl", found.rows)
        counts[split] = found.counts
        if found.left_out:
            logger.warning(
                "%s: %d of %d entities overlap a longer one or hold no word; flat tags cannot hold them, and they are "
                "left out",
                getattr(job, split),
                found.left_out,
                found.left_out + found.counts["kept"],
            )
    write_json(folder / "tags.json", {"tags": tag_list(job.entities)})
    return counts


def _classifier(job: Job, name: str = "") -> Part:
    names = ("kind", "labels", "entities", "relations", *SPLITS)
    settings = job.settings
    if job.kind == "relations":
        settings = settings.model_copy(update={"cuttings": 1})  # which are of the tagger
    own = {**job.shared, "settings": settings, **{field: getattr(job, field) for field in names}}
    return Part(name, train_classifier, train_classifier.Job(**own))


def _tagger(job: Job, rows: Path, name: str = "") -> Part:
    files = {split: rows / f"{split}.jsonl" for split in SPLITS}
    return Part(name, train_tagger, train_tagger.Job(**job.shared, **files, tags=rows / "tags.json"))
