"""Answers of a run as labels, in the form of their kind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medtune.files import read_jsonl
from medtune.kinds.task import Task
from medtune.methods.taken import Taken, tokens_of


def plain_answers(task: Task, files: Mapping[str, Sequence[Path]]) -> Iterator[Taken]:
    """Answers to all questions of all splits. task: of the kind labels; a label that it does not have is none.
    files: as `YesNoJobs.taken` names them."""
    for row in read_jsonl(files["predictions"][0]):
        label = row["value"] and row["value"]["label"]
        known = label in task.labels
        yield Taken(
            row["split"],
            row["id"],
            task.completion({"label": label}) if known else "",
            row["status"] if known else None,
            row["confidence"],
            row["label_log_likelihoods"],
            tokens=tokens_of(row),
        )


def training_documents(files: Mapping[str, Sequence[Path]]) -> int:
    """Questions that a run is trained on."""
    return sum(1 for _ in read_jsonl(files["train"][0]))
