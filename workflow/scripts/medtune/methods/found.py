"""Answers of methods that are no language models, as rows of predictions.jsonl."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.files import rounded
from medtune.kinds.task import Task
from medtune.methods.answer_row import answer_row


@dataclass(frozen=True)
class Found:
    """What a method answers to one example.

    fields: those of the kind's canonical example that are annotation, all of them that an answer says:
    {"label": …}, {"entities": [{start, end, type, text}]}, {"entities": …, "relations": [{head, tail, type}]},
    {"answer": …}. Entities stand in the order of start, end and type, each once.
    confidence: in [0, 1], of the whole answer. label_log_likelihoods: of each label. parts: confidence in [0, 1] of
    each entity, in their order. None where the method has none.
    """

    fields: Mapping[str, Any]
    confidence: float | None = None
    label_log_likelihoods: Mapping[str, float] | None = None
    parts: Sequence[float] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for entities out of order, or parts that are not one for each."""
        entities = self.fields.get("entities", ())
        places = [(entity["start"], entity["end"], entity["type"]) for entity in entities]
        if places != sorted(set(places)):
            raise ValueError("entities are not in the order of start, end and type, each once")
        if self.parts is not None and len(self.parts) != len(entities):
            raise ValueError(f"{len(self.parts)} confidences of {len(entities)} entities")

    @property
    def all_parts(self) -> list[float | None] | None:
        """Confidences of the entities and, in the place of their list's end, of the answer; None where `parts` is."""
        return None if self.parts is None else [*self.parts, self.confidence]


def found_text(task: Task, example: Mapping[str, Any], found: Found) -> str:
    """The answer in the task's form. Nothing that is annotated in the example gets into it."""
    asked = {name: value for name, value in example.items() if name not in task.annotation}
    return task.completion({**asked, **found.fields})


def found_row(task: Task, split: str, example: dict, found: Found) -> dict:
    """A row of predictions.jsonl: what was found, written as the task's answer, and read again.

    Nothing that is annotated in the example gets into the answer. Label log-likelihoods stand in rows of tasks with a
    closed set of labels, part confidences in rows of tasks with parts: that of the answer is in the place of the list's
    end, about which the method says nothing else.
    """
    text = found_text(task, example, found)
    further: dict[str, Any] = {}
    if task.labels:
        likelihoods = found.label_log_likelihoods
        further["label_log_likelihoods"] = (
            None if likelihoods is None else {label: rounded(likelihoods[label]) for label in task.labels}
        )
    if task.parts(text) is not None:
        further["part_confidences"] = None if found.parts is None else list(map(_rounded, found.all_parts))
    return answer_row(task, split, example, text, confidence=_rounded(found.confidence), **further)


def _rounded(value: float | None) -> float | None:
    return None if value is None else rounded(value)
