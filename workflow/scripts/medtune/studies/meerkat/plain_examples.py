"""Questions with their answers, in the canonical form of their kind."""

from collections.abc import Iterator
from pathlib import Path

from medtune.files import read_jsonl

KINDS = ("answers",)


def plain_examples(path: Path | str, kind: str) -> Iterator[dict]:
    """Rows of one set as `kinds.answers` takes them. kind: one of `KINDS`."""
    for row in read_jsonl(path):
        yield {"id": row["id"], "text": row["question"], "answer": row["answer"]}
