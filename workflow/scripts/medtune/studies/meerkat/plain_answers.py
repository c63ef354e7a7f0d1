"""Answers of an iteration in words, in the form of their kind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medtune.files import read_jsonl
from medtune.kinds.task import Task
from medtune.methods.taken import Taken, tokens_of

SPLITS = {"evaluation": "validation", "holdout": "test"}
"""The sets of questions as splits, see `MeerkatJobs.examples`."""


def plain_answers(task: Task, files: Mapping[str, Sequence[Path]]) -> Iterator[Taken]:
    """Answers to all questions. task: of the kind answers, as which they are read. files: as `MeerkatJobs.taken` names
    them."""
    for row in read_jsonl(files["predictions"][0]):
        text = f" {row['value']}" if row["value"] else ""
        yield Taken(SPLITS[row["split"]], row["id"], text, None, row["confidence"], tokens=tokens_of(row))


def training_documents(files: Mapping[str, Sequence[Path]]) -> int:
    """Questions of the training split of an iteration."""
    return sum(1 for _ in read_jsonl(files["train"][0]))
