"""Rows of words with BIO tags, as the encoder stages read them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl

FIELDS = ("id", "words", "sentences", "tags")


def read_tags(path: Path) -> list[str]:
    """The tags of tags.json; the id of a tag is its place. Raises InputError when they are not there."""
    tags = read_json(path).get("tags")
    if not tags:
        raise InputError(f'{path}: no "tags"; prepare the data again')
    return tags


def read_rows(path: Path) -> list[dict]:
    """Documents, each with its `id`, `words`, `sentences` and one tag per word.

    Raises InputError naming file and record for one that lacks a field, has no words, or another number of tags.
    """
    rows = read_jsonl(path)
    if not rows:
        raise InputError(f"{path}: no documents")
    for number, row in enumerate(rows, start=1):
        missing = [field for field in FIELDS if field not in row]
        if missing:
            raise InputError(f'{path}, record {number}: no "{missing[0]}"')
        if not row["words"]:
            raise InputError(f'{path}, record "{row["id"]}": no words')
        if len(row["tags"]) != len(row["words"]):
            raise InputError(f'{path}, record "{row["id"]}": {len(row["tags"])} tags for {len(row["words"])} words')
    return rows


def tag_numbers(rows: Sequence[Mapping], tags: Sequence[str], path: Path) -> list[list[int]]:
    """For each document the numbers of its tags. Raises InputError for a tag that is not among `tags`."""
    number_of = {tag: number for number, tag in enumerate(tags)}
    for row in rows:
        unknown = set(row["tags"]) - number_of.keys()
        if unknown:
            raise InputError(f'{path}, record "{row["id"]}": unknown tag "{min(unknown)}"; prepare the data again')
    return [[number_of[tag] for tag in row["tags"]] for row in rows]
