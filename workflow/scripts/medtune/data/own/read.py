"""One entry to the user's data: the format is told, its reader called, the records made examples."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medtune.data.manifest import SourceDescription, describe_files
from medtune.data.own import columns as tables
from medtune.data.own import conll, doccano, label_studio, standoff
from medtune.data.own.examples import Examples, make_examples
from medtune.data.own.records import SPLITS, OwnRecord, OwnSource
from medtune.errors import InputError
from medtune.files import files_in

Reader = Callable[[Path, OwnSource], Iterator[OwnRecord]]
READERS: dict[str, Reader] = {
    "csv": tables.read_csv,
    "tsv": tables.read_tsv,
    "jsonl": tables.read_jsonl,
    "parquet": tables.read_parquet,
    "brat": standoff.read_brat_folder,
    "conll": conll.read_conll,
    "label_studio": label_studio.read_label_studio,
    "doccano": doccano.read_doccano,
}
ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".conll": "conll",
    ".iob": "conll",
    ".iob2": "conll",
}
ANNOTATED = ("spans", "relations")
"""Kinds that brat holds."""


@dataclass(frozen=True)
class OwnData:
    """What was read: the examples, and the source for the manifest."""

    examples: Examples
    description: SourceDescription


def read_own(source: OwnSource, license: str | None = None, given: Iterable[Any] | None = None) -> OwnData:
    """The examples of a study's data.

    given: what the user's own reader yields, in place of a format's records. A folder (of another format than brat)
    that holds a file for each split, train.csv and so on, gives the splits.
    Raises InputError for data that are not there, cannot be read or break a rule; see `make_examples`.
    """
    form = format_of(source) if given is None else "python"
    records = _records(Path(source.path), form, source) if given is None else _given(given, source.file)
    name = Path(source.path or source.file).name
    examples = make_examples(records, source, name)
    files = [file for path in (source.path, source.file) if path for file in _files(Path(path))]
    count = len(examples.rows) + len(examples.dropped)
    return OwnData(examples, SourceDescription(name, form, source.path, describe_files(files), license, count))


def _files(path: Path) -> list[Path]:
    """The files that the data are in; none where a path is something else to the user's own reader."""
    return [file for file in files_in(path) if file.is_file()] if path.is_dir() else [path] if path.is_file() else []


def _given(given: Iterable[Any], file: str | None) -> Iterator[OwnRecord]:
    """Records of what the user's reader yields, numbered."""
    for number, row in enumerate(given, start=1):
        where = f"{file}, example {number}"
        if not isinstance(row, Mapping):
            raise InputError(f"{where}: `read` yields {type(row).__name__}; expected a dictionary")
        absent = [name for name in ("id", "group", "split") if row.get(name, "") is None]
        yield OwnRecord(where, str(number), {key: value for key, value in row.items() if key not in absent})


def format_of(source: OwnSource) -> str:
    """The format, by the ending where it is not named. Raises InputError when nothing tells it."""
    if source.path is None:
        raise InputError(f"{source.file}: has no `read(path)`, and data.path is not set; expected one of both")
    path = Path(source.path)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; set data.path to where the data are")
    if source.format:
        return source.format
    if path.is_dir() and any(path.rglob("*.ann")):
        return "brat"
    endings = {file.suffix.lower() for file in parts_of(path).values()} if path.is_dir() else {path.suffix.lower()}
    if len(endings) > 1 or not endings <= set(ENDINGS):
        raise InputError(f"{path}: the ending does not tell the format; set data.format to one of {', '.join(READERS)}")
    return ENDINGS[endings.pop()]


def _records(path: Path, form: str, source: OwnSource) -> Iterator[OwnRecord]:
    if form == "brat" and source.kind not in ANNOTATED:
        raise InputError(f"{path}: brat holds entities and relations; expected the kind spans or relations")
    if form == "brat" or not path.is_dir():
        yield from READERS[form](path, source)
        return
    for split, file in parts_of(path).items():
        for record in READERS[form](file, source):
            yield replace(record, key=f"{split}/{record.key}", fields={**record.fields, "split": split})


def parts_of(folder: Path) -> dict[str, Path]:
    """The file of each split in a folder. Raises InputError unless there is one for each."""
    parts: dict[str, Path] = {}
    for split in SPLITS:
        found = [file for file in files_in(folder, below=False) if file.stem == split]
        if len(found) != 1:
            raise InputError(
                f"{folder}: {len(found)} files are named {split}; expected a file, or a folder with a file for each of "
                f"{', '.join(SPLITS)}"
            )
        parts[split] = found[0]
    return parts
