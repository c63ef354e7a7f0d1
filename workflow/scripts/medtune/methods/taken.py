"""Answers of a run of one of the five studies as rows of predictions.jsonl of a kind."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.files import rounded
from medtune.kinds.task import Task
from medtune.methods.answer_row import answer_row


@dataclass(frozen=True)
class Taken:
    """What a run answered to one example.

    split, id: of the example. text: the answer in the form of the kind; empty for one that could not be read. status:
    of the answer as the run wrote it; None: as `text` is read. confidence: in [0, 1], of the whole answer.
    label_log_likelihoods: of each label. part_confidences: of each listed entity, then of the list's end. tokens, as
    `answer_row` takes them: {"prompt_tokens", "output_tokens", "finish"}. None where the run has none.
    """

    split: str
    id: str
    text: str
    status: str | None = None
    confidence: float | None = None
    label_log_likelihoods: Mapping[str, float] | None = None
    part_confidences: Sequence[float | None] | None = None
    tokens: Mapping[str, Any] | None = None


def taken_row(task: Task, split: str, example: dict, taken: Taken) -> dict:
    """A row of predictions.jsonl, with the columns that those of other methods have."""
    further: dict[str, Any] = {}
    if task.labels:
        known = taken.label_log_likelihoods or {}
        asked = {label: rounded(known[label]) for label in task.labels if label in known}
        further["label_log_likelihoods"] = asked if len(asked) == len(task.labels) else None
    if task.parts(taken.text) is not None:
        further["part_confidences"] = taken.part_confidences and [
            one and rounded(one) for one in taken.part_confidences
        ]
    tokens = taken.tokens or {}
    row = answer_row(task, split, example, taken.text, confidence=taken.confidence, **tokens, **further)
    return row if taken.status is None else {**row, "status": taken.status}


def tokens_of(prediction: Mapping[str, Any]) -> dict[str, Any]:
    """Of a row of predictions.jsonl."""
    return {name: prediction[name] for name in ("prompt_tokens", "output_tokens", "finish")}


def listed(**lists: Iterable[Mapping[str, str]]) -> str:
    """An answer that lists entities, or relations: compact JSON, as tasks write it."""
    return json.dumps({name: list(items) for name, items in lists.items()}, ensure_ascii=False, separators=(",", ":"))
