"""What tests of a user's own data share: a study's section as the rules pass it, and its preparation."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl
from medtune.kinds.own_section import Own
from medtune.stages.prepare_own import prepare

SPLITS = ("train", "validation", "test")
NAMES = {
    "labels": {"labels": ["current", "former", "never"]},
    "spans": {"entities": ["Drug", "Problem"]},
    "relations": {
        "entities": ["Drug", "Problem"],
        "relations": {"treats": {"heads": ["Drug"], "tails": ["Problem"]}},
    },
    "answers": {},
}


def section(kind: str, path: Path, file: Path | None = None, names: dict | None = None, **data) -> dict:
    """What determines the data of a study, checked and dumped as in the workflow."""
    raw = {"kind": kind, "model": "m", "prompt": "{text}", "data": {"path": str(path), **data}}
    raw |= {"file": str(file)} if file else {}
    return TypeAdapter(Own).validate_python({**raw, **(NAMES[kind] if names is None else names)}).data_options()


def prepared(folder: Path, options: dict, seed: int = 42) -> tuple[dict[str, list[dict]], dict]:
    """Rows by split, and the manifest."""
    outputs = {**{split: folder / f"{split}.jsonl" for split in SPLITS}, "manifest": folder / "manifest.json"}
    prepare("mine", options, seed, outputs)
    return {split: read_jsonl(outputs[split]) for split in SPLITS}, read_json(outputs["manifest"])


def all_rows(splits: dict[str, list[dict]]) -> dict[str, dict]:
    """All rows by id."""
    return {row["id"]: row for rows in splits.values() for row in rows}


def refusal(folder: Path, options: dict) -> str:
    """The sentence of a preparation that must fail and leave nothing behind."""
    target = folder / "out"
    with pytest.raises(InputError) as caught:
        prepared(target, options)
    assert not target.exists()
    return str(caught.value)
