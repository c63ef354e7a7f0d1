"""The train stage of the causal-LM studies: binds a task to the training engine, and writes the adapter folder."""

import logging
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from medtune.config import Generation, Tracking, Training
from medtune.errors import InputError
from medtune.files import fingerprint, make_writable, read_json, read_jsonl, write_json
from medtune.kinds.task import Task
from medtune.libraries import loading
from medtune.methods.adapter.checkpoint_figure import drawn, figure_name, validation_figure
from medtune.methods.adapter.folder import CONFIG, TEMPLATE, WEIGHTS, adapter_hashes, check_adapter, new_adapter
from medtune.models.model_record import read_record
from medtune.reporting.tracking import TrackedRun, Tracker, track
from medtune.state import open_state
from medtune.studies import get_task
from medtune.training.attempts import bring_to_end
from medtune.training.launch import Report, has_cuda, see_one_gpu
from medtune.training.preflight import Plan, Rows, check_answer_limit, check_rows, make_plan, resolved
from medtune.training.worker import started
from medtune.versions import library_versions

logger = logging.getLogger("medtune")

LOGGED_EXAMPLES = 20
MODEL_CARD = "README.md"


class Job(BaseModel):
    """What one training is made of; written as JSON for the workers where there are several.

    generation: of the answers later on, and of those that choose a checkpoint; it tells whether gold answers fit and
    how many rows go through the model at a time.
    start: folder of an adapter to go on from; none means a new adapter. earlier_record, earlier_adapter: training.json
    and adapter folder of an earlier run, which are copied when this one would repeat it.
    """

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    settings: Training
    generation: Generation = Field(default_factory=Generation)
    seed: int
    train: Path
    validation: Path
    base: Path
    batch_divisor: int = 1
    processes: int = 1
    start: Path | None = None
    earlier_record: Path | None = None
    earlier_adapter: Path | None = None


@dataclass(frozen=True)
class Material:
    """A job's task, data and plan, checked. examples: of the validation split. judged: those of them that are answered
    at each evaluation, none where the loss decides. base: the base model's record.
    """

    task: Task
    tokenizer: Any
    examples: list[dict]
    judged: list[dict]
    rows: Rows
    validation_rows: Rows
    plan: Plan
    base: dict


def train_adapter(
    job: Job, adapter: Path, record: Path, state: Path, tracking: Tracking, tracking_folder: Path, tracked: TrackedRun
) -> None:
    """Train the job's adapter, or resume a killed attempt, and write its folder and record.

    When an earlier run has the same fingerprint, its files are copied and nothing is trained.

    adapter: folder; its files are moved into place one by one, adapter_config.json last, and others in it are left.
    record: training.json. state: folder for unfinished work, removed when both are written.
    Raises InputError for bad rows or settings, for an adapter that training cannot go on from, and when the state is
    in use by another job; ends the process with status 143 when SIGTERM came (a checkpoint is kept).
    """
    if job.processes == 1:
        see_one_gpu()
    make_writable(adapter, record.parent)
    material = prepare(job)
    if material.rows.truncated:
        logger.warning(
            "%d of %d training rows were cut at the left to %d tokens",
            material.rows.truncated,
            len(material.rows),
            job.settings.max_tokens,
        )
    if material.rows.left_out:
        logger.warning(
            "%d of %d training rows have more than %d tokens and are left out",
            material.rows.left_out,
            len(material.rows) + material.rows.left_out,
            job.settings.max_tokens,
        )
    identity = _fingerprint(job, material)
    start = None if job.start is None else adapter_hashes(job.start)
    with open_state(state, fingerprint([identity, start])) as held:
        if not _copy_earlier(job, identity, adapter, record):
            checkpoints = held.folder / "checkpoints"
            with track(tracking, tracked, _tracked(job, material), tracking_folder) as tracker:
                _log_examples(tracker, material)
                alone = partial(run_training, job, material, checkpoints)
                bring_to_end(checkpoints, partial(started(__name__, alone, job, checkpoints), tracker.log))
                _write(job, material, identity, checkpoints, adapter, record, tracker)
        held.remove()


def prepare(job: Job) -> Material:
    """Read, render and check what the job needs. Raises InputError, see `check_rows`, `make_plan`, `check_adapter` and
    `check_start`."""
    with loading():
        from medtune.methods.adapter.training import check_base
    from medtune.models.loading import load_tokenizer

    check_base(job.base, job.settings)
    task = get_task(job.task, **job.task_options)
    if job.start is not None:
        from medtune.methods.adapter.training import check_start

        check_adapter(job.start, job.base, task)
        check_start(job.start, job.base, job.settings)
    tokenizer = load_tokenizer(job.base)
    examples = {split: read_jsonl(path) for split, path in (("train", job.train), ("validation", job.validation))}
    rows = {
        split: check_rows(
            [task.render(example, tokenizer) for example in examples[split]],
            job.settings.max_tokens,
            tokenizer,
            str(path),
            task.whole_prompts,
        )
        for split, path in (("train", job.train), ("validation", job.validation))
    }
    # Longer answers in training, of other corpora mixed in say, still teach; held-out ones could never be right.
    for split, path, longer in (
        ("train", job.train, 1.0),
        ("validation", job.validation, job.generation.longer_answers),
    ):
        check_answer_limit(rows[split], job.generation.max_new_tokens, longer, str(path))
    judged = []
    if job.settings.checkpoint_by == "figure":
        judged = drawn(examples["validation"], job.settings.checkpoint_examples, job.seed)
    _check_positions(job, judged, [task.render_prompt(example, tokenizer) for example in judged])
    return Material(
        task=task,
        tokenizer=tokenizer,
        examples=examples["validation"],
        judged=judged,
        rows=rows["train"],
        validation_rows=rows["validation"],
        plan=make_plan(job.settings, len(rows["train"]), job.batch_divisor, job.processes),
        base=read_record(job.base),
    )


def _check_positions(job: Job, examples: list[dict], prompts: list[list[int]]) -> None:
    """Prompts and answers must fit the positions that the base model was made for."""
    answer_tokens = job.generation.max_new_tokens
    positions = read_json(job.base / "config.json").get("max_position_embeddings")
    for example, prompt in zip(examples, prompts, strict=True):
        if positions is not None and len(prompt) + answer_tokens > positions:
            raise InputError(
                f'{job.validation}, record "{example["id"]}": {len(prompt)} prompt tokens and up to {answer_tokens} '
                f"new ones exceed the {positions} positions of the base model; choose the checkpoint by loss "
                "(training.checkpoint_by), or leave the record out"
            )


def run_training(
    job: Job,
    material: Material,
    checkpoints: Path,
    report: Report,
    owner: int | None = None,
) -> None:
    """Run the engine in this process. owner: process id of the job, in a worker."""
    from medtune.methods.adapter.training import train
    from medtune.models.loading import load_base

    settings = job.settings
    judged = settings.checkpoint_by == "figure"
    answering = job.generation.model_copy(
        update={"batch_tokens": max(1, job.generation.batch_tokens // job.batch_divisor)}
    )
    device = f"cuda:{os.environ['LOCAL_RANK']}" if owner is not None and has_cuda() else None
    train(
        material.rows,
        material.validation_rows,
        settings,
        material.plan,
        partial(load_base, job.base, settings.quantization, settings.double_quantization, device=device),
        checkpoints,
        job.seed,
        validate=validation_figure(material.task, material.judged, answering) if judged else None,
        selected_by=figure_name(material.task) if judged else None,
        report=report,
        owner=owner,
        start=job.start,
    )


def _copy_earlier(job: Job, identity: str, adapter: Path, record: Path) -> bool:
    """Put the earlier run's files into place if it has the same fingerprint. Tells whether it has."""
    if job.earlier_record is None or job.earlier_adapter is None:
        return False
    facts = read_json(job.earlier_record)
    if facts.get("fingerprint") != identity:
        return False
    logger.info("%s is of the same data and settings: its adapter is copied, nothing is trained", job.earlier_record)
    with new_adapter(adapter) as scratch:
        for path in job.earlier_adapter.iterdir():
            # The model card is another rule's output.
            if path.is_file() and path.name != MODEL_CARD:
                shutil.copyfile(path, scratch / path.name)
    write_json(record, {**facts, "copied_from": str(job.earlier_record)})
    return True


def _write(
    job: Job,
    material: Material,
    identity: str,
    checkpoints: Path,
    adapter: Path,
    record: Path,
    tracker: Tracker,
) -> None:
    """Put adapter folder and record into place. identity: the training's fingerprint."""
    from medtune.training.training_record import best_checkpoint, training_record

    facts = training_record(
        checkpoints, job.settings, material.plan, material.rows, material.validation_rows, job.seed, material.base
    )
    facts |= {
        "chosen_by": figure_name(material.task) if material.judged else "validation_loss",
        "judged_examples": len(material.judged),
        # Answers as the model is taught them: Meerkat's are cut to whole sentences first.
        "max_new_tokens": job.generation.max_new_tokens,
        "longer_answers": material.rows.longer_answers(job.generation.max_new_tokens),
        "longer_validation_answers": material.validation_rows.longer_answers(job.generation.max_new_tokens),
        "fingerprint": identity,
        "started_from": None if job.start is None else str(job.start),
    }
    with new_adapter(adapter) as scratch:
        best = best_checkpoint(checkpoints)
        material.tokenizer.save_pretrained(scratch)
        shutil.copyfile(best / WEIGHTS, scratch / WEIGHTS)
        config = read_json(best / CONFIG)
        config["base_model_name_or_path"] = str(job.base)
        # PEFT writes a set, in no fixed order.
        config["target_modules"] = sorted(config["target_modules"])
        write_json(scratch / CONFIG, config)
        write_json(
            scratch / TEMPLATE,
            {
                "template_hash": material.task.template_hash,
                "base_fingerprint": material.base["fingerprint"],
                "base_model": material.base["name"],
                "base_path": str(job.base),
            },
        )
        names = sorted(path.name for path in scratch.iterdir())
    write_json(record, facts)
    tracker.finish(facts, [adapter / name for name in names])


def _fingerprint(job: Job, material: Material) -> str:
    """Identifies all that determines the weights. Batch splits are not among it: they only change rounding.

    Where training starts is not either: a run that continues from an adapter with the data that this was trained on has
    nothing to add to it.
    """
    return fingerprint(
        {
            "template": material.task.template_hash,
            "rows": [[rows.input_ids, rows.labels, rows.weights] for rows in (material.rows, material.validation_rows)],
            "judged": material.judged,
            # With less, an answer that breaks off may be read as another, and another checkpoint be chosen.
            "answer_tokens": job.generation.max_new_tokens if material.judged else None,
            "settings": resolved(job.settings).model_dump(mode="json"),
            "seed": job.seed,
            "base": material.base["fingerprint"],
            "processes": job.processes,
            "cuda": has_cuda(),
            "versions": library_versions(),
        }
    )


def _tracked(job: Job, material: Material) -> dict[str, Any]:
    """What a tracker may know of a job: settings and sizes, no text."""
    return {
        "task": job.task,
        "base_model": material.base["name"],
        "seed": job.seed,
        "settings": resolved(job.settings).model_dump(mode="json"),
        "rows": len(material.rows),
        "validation_rows": len(material.validation_rows),
        "steps": material.plan.steps,
    }


def _log_examples(tracker: Tracker, material: Material) -> None:
    """Some validation examples as text; the tracker lets them through only where allowed."""
    task, examples = material.task, material.examples[:LOGGED_EXAMPLES]
    tracker.log_texts(
        "examples", [{"prompt": task.prompt(example), "completion": task.completion(example)} for example in examples]
    )
