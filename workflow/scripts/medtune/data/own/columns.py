"""Records from tables with named columns: CSV, TSV, JSON lines, parquet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medtune.data.own.records import OwnRecord, OwnSource
from medtune.data.table_files import TableRecord, csv_records, field_of, json_records, listed_names
from medtune.errors import InputError

STRUCTURED = ("entities", "relations")
"""Fields that hold lists: as JSON where a cell can hold text alone."""


def read_csv(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """Rows of a CSV file with a header line."""
    return _records(csv_records(path, source.given.values()), source)


def read_tsv(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """The same with tabs for commas."""
    return _records(csv_records(path, source.given.values(), delimiter="\t"), source)


def read_jsonl(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """JSON lines, an object each."""
    return _records(json_records(path), source)


def read_parquet(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """Rows of a parquet file. Raises InputError for a file that is none, and for a column that is missing."""
    import pyarrow
    from pyarrow import parquet

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with parquet.ParquetFile(path) as file:
            there = file.schema_arrow.names
            for column in source.given.values():
                if column not in there:
                    raise InputError(f'{path}: no column "{column}"; its columns are {listed_names(there)}')
            rows = file.read(columns=list(source.given.values())).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as parquet ({str(error).splitlines()[0]})") from error
    numbered = (TableRecord(f"{path}, row {number}", number, row) for number, row in enumerate(rows, start=1))
    return _records(numbered, source)


def _records(rows: Iterator[TableRecord], source: OwnSource) -> Iterator[OwnRecord]:
    for row in rows:
        fields = {name: _value(name, field_of(row, column), row.where) for name, column in source.given.items()}
        yield OwnRecord(row.where, str(row.number), fields)


def _value(name: str, value: Any, where: str) -> Any:
    """A cell; of a field that holds a list, what its JSON says. Raises InputError for broken JSON."""
    if name not in STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value or "[]")
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: the {name} are not valid JSON ({error.msg}); expected a list of objects") from error
