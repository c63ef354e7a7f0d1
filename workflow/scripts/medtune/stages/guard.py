"""The guard stage: general questions and test items of other studies, to a base model and to an adapter on it."""

import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, Field

from medtune.data.general_questions import general_questions
from medtune.errors import InputError
from medtune.files import read_jsonl, rounded, write_json
from medtune.inert import inert
from medtune.libraries import loading
from medtune.metrics.forgetting import GuardItem, forgetting_rows
from medtune.models.rendering import Rendered, render
from medtune.studies import get_task
from medtune.versions import library_versions

logger = logging.getLogger(__name__)

GENERAL = "general questions"


class Source(BaseModel):
    """Another study, whose test items are asked in its own prompt. test: JSON lines."""

    study: str
    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    test: Path


class Job(BaseModel):
    """What is asked of whom. items: general questions. study_items: test items of each source. train: what the adapter
    was trained on, of which no item of a source is asked. batch_tokens: changes speed only."""

    items: int
    study_items: int = 0
    sources: list[Source] = Field(default_factory=list)
    train: Path | None = None
    base: Path
    adapter: Path
    seed: int
    batch_tokens: int
    quantization: Literal["none", "int8", "nf4"] = "none"
    double_quantization: bool = True


@dataclass(frozen=True)
class Asked:
    """An item as token ids, without EOS: to stop is a habit of form, which the base model need not have."""

    source: str
    id: str
    prompt: list[int]
    answer: list[int]


def measure_forgetting(job: Job, output: Path | str) -> None:
    """Ask both models the same items, and write guard.json: `sources`, as `forgetting_rows` gives them; `items`, one by
    one; `left_out`, by source how many test items were not asked, and why.

    Raises InputError when a source has fewer items than are to be asked.
    """
    with loading():
        from medtune.models.loading import load_with_adapter

    model, tokenizer = load_with_adapter(job.base, job.adapter, job.quantization, job.double_quantization)
    trained = {_plain(row.get("text", "")) for row in (read_jsonl(job.train) if job.train else ())}
    asked, left_out = list(_general(job.items, tokenizer)), {}
    for source in job.sources:
        found, left_out[source.study] = _of_study(source, job, tokenizer, trained, _context(model))
        asked += found
    items = _answered(model, asked, job.batch_tokens, tokenizer.pad_token_id)
    rows = forgetting_rows(items, job.seed)
    for row in rows:
        logger.info("%s: loss %.3f nats per token, n = %d: %s", row["source"], row["loss"], row["n"], row["verdict"])
    shown = [{**asdict(item), "base": rounded(item.base), "adapter": rounded(item.adapter)} for item in items]
    write_json(output, {"sources": rows, "left_out": left_out, "items": shown, "versions": library_versions()})


def _general(number: int, tokenizer: Any) -> Iterator[Asked]:
    for question in general_questions(number):
        yield _asked(GENERAL, question.id, render(question.prompt, f" {question.answer}", tokenizer))


def _of_study(
    source: Source, job: Job, tokenizer: Any, trained: set[str], context: int | None
) -> tuple[list[Asked], dict[str, int]]:
    """Items of a study, drawn by the seed, and how many were left out by reason. At most one of a group, such as a
    patient, so that items are independent. context: positions of the base model; None: not known."""
    task = get_task(source.task, **source.task_options)
    examples = read_jsonl(source.test)
    unseen = [example for example in examples if _plain(example["text"]) not in trained]
    rendered = [(example, _asked(source.study, example["id"], task.render(example, tokenizer))) for example in unseen]
    fitting = [
        (example, item) for example, item in rendered if context is None or len(item.prompt + item.answer) <= context
    ]
    first = {example.get("group") or example["id"]: item for example, item in reversed(fitting)}
    if len(first) < job.study_items:
        raise InputError(
            f'{source.test}: {len(first)} items of the study "{source.study}" can be asked ({len(examples)} test items '
            f"in all), and guard.study_items = {job.study_items}; set it to {len(first)} or less"
            if first
            else f'{source.test}: no item of the study "{source.study}" can be asked: all of its {len(examples)} test '
            "items are trained on or are too long; leave it out of guard.studies"
        )
    chosen = set(random.Random(job.seed).sample(sorted(first), job.study_items))
    counts = {"in_training": len(examples) - len(unseen), "too_long": len(unseen) - len(fitting)}
    return [item for key, item in sorted(first.items()) if key in chosen], counts


def _asked(source: str, key: str, item: Rendered) -> Asked:
    return Asked(source, key, item.prompt, item.completion[:-1])


def _answered(model: Any, asked: Sequence[Asked], batch_tokens: int, pad_id: int) -> list[GuardItem]:
    """Of both: the same batches, the adapter's weights switched off for the base model."""
    from medtune.inference.likelihood import completion_log_likelihoods

    given = [item.prompt for item in asked], [item.answer for item in asked], batch_tokens, pad_id
    adapted = completion_log_likelihoods(model, *given)
    with model.disable_adapter():
        base = completion_log_likelihoods(model, *given)
    return [
        GuardItem(
            item.source,
            item.id,
            len(item.answer),
            float(np.mean(before.log_likelihoods)),
            float(np.mean(after.log_likelihoods)),
            bool(before.greedy.all()),
            bool(after.greedy.all()),
        )
        for item, before, after in zip(asked, base, adapted, strict=True)
    ]


def _context(model: Any) -> int | None:
    """The positions that the model was made for; None where it does not say."""
    return getattr(model.config, "max_position_embeddings", None)


def _plain(text: str) -> str:
    """A text by which two are the same for a model."""
    return inert(text).strip()
