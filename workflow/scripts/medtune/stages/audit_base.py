"""Audit of a base model before any training: are gold answers of the test split likelier to it than those of train?"""

import logging
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, Field

from medtune.config import Count
from medtune.errors import InputError
from medtune.files import read_jsonl, write_json
from medtune.kinds.task import Task
from medtune.libraries import loading
from medtune.metrics.drawn import drawn_of
from medtune.metrics.estimate import Estimate
from medtune.metrics.membership import independent_difference, lowest_mean
from medtune.models.model_record import read_record
from medtune.models.rendering import Rendered
from medtune.studies import get_task

logger = logging.getLogger(__name__)

SPLITS = ("train", "test")
SIGNALS = {"log_likelihood": np.mean, "lowest_20_percent": lowest_mean}
"""Of the log-likelihoods of an answer's tokens."""


class Job(BaseModel):
    """What an audit is of. splits: JSON-lines files of train and test. items: most answers of each that are looked at,
    drawn by the seed. base: folder. batch_tokens: changes speed only."""

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    splits: dict[Literal["train", "test"], Path]
    base: Path
    items: Count
    seed: int
    batch_tokens: Count
    quantization: Literal["none", "int8", "nf4"] = "none"
    double_quantization: bool = True


def audit_base(job: Job, output: Path | str) -> None:
    """Write the audit of a base model (JSON), which no training is needed for.

    base_model: its record. splits: of each of train and test the number of answers looked at (`answers`), of those left
    out since they do not fit the model with their prompt (`too_long`), and of tokens, and the two signals with 95 %
    intervals over what was drawn (groups, or items): `log_likelihood`, the mean over answers of the mean log-likelihood
    per token (natural logarithm), and `lowest_20_percent` (`lowest_mean`). differences: of each signal test less train,
    see `independent_difference`. An answer has the prompt of training before it, and no end-of-text token.
    Raises InputError for a split without answers or where none fits the model.
    """
    with loading():
        from medtune.inference.likelihood import completion_log_likelihoods
        from medtune.models.loading import load_base

    task = get_task(job.task, **job.task_options)
    examples = {split: _drawn(job.splits[split], job.items, job.seed) for split in SPLITS}
    model, tokenizer = load_base(job.base, job.quantization, job.double_quantization)
    context = getattr(model.config, "max_position_embeddings", None)
    splits, figures = {}, {}
    for split in SPLITS:
        rendered = [_rendered(task, example, tokenizer) for example in examples[split]]
        fitting = [place for place, one in enumerate(rendered) if _fits(one, context)]
        if not fitting:
            raise InputError(
                f"audit: {job.splits[split]}: of {len(rendered)} answers none has a token and fits, with its prompt, "
                f"the {context} positions of the base model; set `audit` to null"
            )
        found = completion_log_likelihoods(
            model,
            [rendered[place].prompt for place in fitting],
            [rendered[place].completion for place in fitting],
            job.batch_tokens,
            tokenizer.pad_token_id,
        )
        scores = [one.log_likelihoods for one in found]
        figures[split] = signals_of([examples[split][place] for place in fitting], scores)
        splits[split] = {
            "answers": len(fitting),
            "too_long": len(rendered) - len(fitting),
            "tokens": sum(map(len, scores)),
            **{name: figure.as_dict() for name, figure in figures[split].items()},
        }
        logger.info("%s: %d answers, %d left out", split, len(fitting), len(rendered) - len(fitting))
    write_json(
        output,
        {
            "base_model": read_record(job.base),
            "seed": job.seed,
            "splits": splits,
            "differences": differences(figures["test"], figures["train"]),
        },
    )


def signals_of(examples: Sequence[Mapping[str, Any]], scores: Sequence[Sequence[float]]) -> dict[str, Estimate]:
    """The signals of some answers, with intervals over what the examples were drawn as. scores: of each answer the
    log-likelihoods of its tokens."""
    drawn = drawn_of(examples, "items")
    return {name: drawn.amount([signal(one) for one in scores], least=None) for name, signal in SIGNALS.items()}


def differences(test: Mapping[str, Estimate], train: Mapping[str, Estimate]) -> dict[str, dict[str, Any] | None]:
    """Of each signal test less train: value, low, high, n and p_value; None where a split has a single unit."""
    found = {name: independent_difference(test[name], train[name]) for name in SIGNALS}
    return {name: None if one is None else vars(one) for name, one in found.items()}


def _drawn(path: Path, items: int, seed: int) -> list[dict]:
    """At most so many examples of a split, whatever their order in the file."""
    rows = sorted(read_jsonl(path), key=lambda row: row["id"])
    return random.Random(f"{seed}/audit").sample(rows, min(items, len(rows)))


def _rendered(task: Task, example: dict, tokenizer: Any) -> Rendered:
    """Prompt and gold answer, without the token that ends it: whether a model ends there is no matter of memory."""
    found = task.render(example, tokenizer)
    return Rendered(found.prompt, found.completion[:-1])


def _fits(one: Rendered, context: int | None) -> bool:
    return bool(one.completion) and (context is None or len(one.prompt) + len(one.completion) <= context)
