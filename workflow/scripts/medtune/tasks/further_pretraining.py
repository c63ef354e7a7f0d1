"""The further pre-training of an encoder on a study's own documents: a model folder that stands for the base model."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from medtune.alignment import Layout, SubwordDocument, subwords
from medtune.config import MaskedWords, Tracking
from medtune.errors import InputError
from medtune.files import check_writable, fingerprint, read_json, write_json
from medtune.models.record import read_record, write_record
from medtune.state import open_state
from medtune.tasks.tagged_rows import read_rows
from medtune.tasks.tagger_training import layout_of, plan_of, put_in_place, warn_of_warmup
from medtune.tracking import track
from medtune.training.attempts import bring_to_end
from medtune.training.launch import see_one_gpu
from medtune.training.preflight import Plan

logger = logging.getLogger("medtune")

RECORD = "pretraining.json"


class Job(BaseModel):
    """What one pre-training is made of. train, validation: rows of words; their tags are not looked at.
    window_tokens: longest window, special tokens included. It uses one device."""

    settings: MaskedWords
    seed: int
    train: Path
    validation: Path
    base: Path
    window_tokens: int
    batch_divisor: int = 1


@dataclass(frozen=True)
class Material:
    """A job's data and plan. rows, validation_rows: `LabelledWindows`. base: the base model's record."""

    tokenizer: Any
    rows: Any
    validation_rows: Any
    plan: Plan
    base: dict[str, Any]


def pretrain_encoder(
    job: Job, model: Path, state: Path, tracking: Tracking, tracking_folder: Path, run_name: str
) -> None:
    """Pre-train the job's encoder further, or go on where a killed attempt left off, and write its folder.

    model: folder that is made; as that of a base model it has a record.json, and besides pretraining.json.
    state: folder for unfinished work, removed when all is written.
    Raises InputError for bad rows or settings, for an encoder that cannot guess masked words, and when the state is in
    use by another job; ends the process with status 143 when SIGTERM came (a checkpoint is kept).
    """
    see_one_gpu()
    check_writable(model)
    model.mkdir(parents=True, exist_ok=True)
    material = prepare(job)
    warn_of_warmup(job.settings, material.plan)
    with open_state(state, _fingerprint(job, material)) as held:
        checkpoints = held.folder / "checkpoints"
        told = {"base_model": material.base["name"], "seed": job.seed, "settings": job.settings.model_dump(mode="json")}
        with track(tracking, run_name, told, tracking_folder) as tracker:
            bring_to_end(checkpoints, lambda: _train(job, material, checkpoints, tracker.log))
            facts = _write(job, material, checkpoints, model)
            tracker.summarize({name: value for name, value in facts.items() if isinstance(value, int | float)})
        held.remove()


def prepare(job: Job) -> Material:
    """Read, cut and mask. Raises InputError, see `read_rows`, `layout_of` and `make_plan`."""
    from medtune.models.loading import load_tagger_tokenizer

    tokenizer = load_tagger_tokenizer(job.base)
    if tokenizer.mask_token_id is None:
        raise InputError(f"{job.base}: its tokenizer has no mask; leave pretraining unset")
    layout = layout_of(job.base, tokenizer, job.window_tokens, 0)
    vocabulary = read_json(job.base / "config.json")["vocab_size"]
    rows = {}
    for split, path, cuttings in (("train", job.train, job.settings.cuttings), ("validation", job.validation, 1)):
        documents = [subwords(row["words"], row["sentences"], tokenizer) for row in read_rows(path)]
        rows[split] = _masked(documents, layout, cuttings, job, tokenizer.mask_token_id, vocabulary)
    return Material(
        tokenizer=tokenizer,
        rows=rows["train"],
        validation_rows=rows["validation"],
        plan=plan_of(job.settings, len(rows["train"]), job.batch_divisor),
        base=read_record(job.base),
    )


def _masked(
    documents: Sequence[SubwordDocument], layout: Layout, cuttings: int, job: Job, mask_id: int, vocabulary: int
) -> Any:
    """Masked windows of all cuttings, each with masks of its own."""
    from medtune.training.masked_words import mask_windows

    windows = [row for own in layout.cuttings(cuttings, job.seed) for row in own.rows(documents)]
    rng = np.random.default_rng(job.seed)
    return mask_windows(windows, len(layout.after), job.settings.mask_share, mask_id, vocabulary, rng)


def _train(job: Job, material: Material, checkpoints: Path, report: Any) -> None:
    from medtune.training.masked_words import train

    train(
        material.rows,
        material.validation_rows,
        job.settings,
        material.plan,
        job.base,
        checkpoints,
        job.seed,
        report=report,
    )


def _write(job: Job, material: Material, checkpoints: Path, model: Path) -> dict[str, Any]:
    """Put the model folder and its records into place; record.json last. Returns pretraining.json."""
    from medtune.training.record import best_checkpoint, record_of

    put_in_place(model, best_checkpoint(checkpoints), material.tokenizer)
    counts = {"rows": len(material.rows), "validation_rows": len(material.validation_rows)}
    record = record_of(checkpoints, job.settings, material.plan, counts, job.seed, material.base)
    losses = [entry["validation_loss"] for entry in record["history"] if "validation_loss" in entry]
    facts = {"validation_loss": min(losses), **record}
    write_json(model / RECORD, facts)
    source = {
        name: value
        for name, value in material.base.items()
        if name not in ("name", "licence", "architecture", "parameters", "fingerprint")
    }
    write_record(
        model,
        material.base["name"],
        source,
        material.base["licence"],
        pretrained=f"{record['steps']} steps on masked words of the training documents, seed {job.seed}",
    )
    return facts


def _fingerprint(job: Job, material: Material) -> str:
    """Identifies all that determines the weights. Batch splits are not among it: they only change rounding."""
    from medtune.training.record import library_versions

    return fingerprint(
        {
            "rows": [[rows.input_ids, rows.labels] for rows in (material.rows, material.validation_rows)],
            "settings": job.settings.model_dump(mode="json"),
            "seed": job.seed,
            "base": material.base["fingerprint"],
            "versions": library_versions(),
        }
    )
