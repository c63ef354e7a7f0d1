"""Texts with their entities and relations, in the canonical form of their kind."""

from collections.abc import Iterator
from pathlib import Path

from medtune.data.related import from_row
from medtune.files import read_jsonl

KINDS = ("spans", "relations")


def plain_examples(path: Path | str, kind: str) -> Iterator[dict]:
    """Rows of one split as `kinds.spans` and `kinds.relations` take them. kind: one of `KINDS`."""
    for document in map(from_row, read_jsonl(path)):
        entities = [{"start": e.start, "end": e.end, "type": e.label} for e in document.entities]
        relations = [{"head": r.head, "tail": r.tail, "type": r.type} for r in document.relations]
        row = {"id": document.id, "text": document.text, "entities": entities}
        yield row | ({"relations": relations} if kind == "relations" else {})
