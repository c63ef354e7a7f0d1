"""Questions as labelled texts, in the canonical form of their kind."""

from collections.abc import Iterator
from pathlib import Path

from medtune.files import read_jsonl

KINDS = ("labels",)


def plain_examples(path: Path | str, kind: str) -> Iterator[dict]:
    """Rows of one split as `kinds.labels` takes them. kind: one of `KINDS`."""
    for row in read_jsonl(path):
        yield {"id": row["id"], "text": row["question"], "label": row["label"]}
