"""Questions as labelled texts, in the canonical form of their kind."""

from collections.abc import Iterator
from pathlib import Path

from medtune.files import read_jsonl

KINDS = ("labels",)


def plain_examples(path: Path | str, kind: str) -> Iterator[dict]:
    """Rows of one split as `kinds.labels` takes them: of a question that is asked with its abstract both are the text.
    kind: one of `KINDS`."""
    for row in read_jsonl(path):
        text = "\n\n".join(row[part] for part in ("context", "question") if part in row)
        yield {"id": row["id"], "text": text, "label": row["label"]}
