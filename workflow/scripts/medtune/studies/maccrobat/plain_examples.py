"""Case reports with their entities, in the canonical form of their kind."""

from collections.abc import Iterator
from pathlib import Path

from medtune.data.bio import spans_of
from medtune.files import read_jsonl

KINDS = ("spans",)


def plain_examples(path: Path | str, kind: str) -> Iterator[dict]:
    """Rows of one split as `kinds.spans` takes them: the entities that tags can say, which taggers are scored on.
    kind: one of `KINDS`."""
    for row in read_jsonl(path):
        entities = [
            {"start": row["offsets"][span.start][0], "end": row["offsets"][span.end - 1][1], "type": span.label}
            for span in spans_of(row["tags"])
        ]
        yield {"id": row["id"], "text": row["text"], "entities": entities}
