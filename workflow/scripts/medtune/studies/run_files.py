"""What summaries read of a scored model's files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl


def with_keys(path: Path | str, keys: Sequence[str], remedy: str) -> dict[str, Any]:
    """A JSON record. Raises InputError where it lacks one of the keys. remedy: what to do then."""
    content = read_json(path)
    missing = [key for key in keys if key not in content]
    if missing:
        raise InputError(f"{path}: has no {', '.join(missing)}; {remedy}")
    return content


def answers_to(
    items: Sequence[Mapping[str, str]], path: Path | str, items_path: Path | str
) -> dict[tuple[str, str], dict]:
    """Rows of predictions.jsonl by (split, id). items: rows of items.csv. Raises InputError where one has no answer."""
    answers = {(row["split"], row["id"]): row for row in read_jsonl(path)}
    for item in items:
        if (item["split"], item["id"]) not in answers:
            raise InputError(f'{path}: no answer to id "{item["id"]}", which {items_path} has; score again')
    return answers
