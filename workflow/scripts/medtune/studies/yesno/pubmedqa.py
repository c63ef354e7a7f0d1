"""PubMedQA: expert-labelled (`ori_pqal.json`) and artificial (`ori_pqaa.json`, or the hub's parquet).

Layout and license (MIT): github.com/pubmedqa/pubmedqa; Jin et al. 2019, arXiv:1909.06146.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.files import files_in, read_json, sha256_of
from medtune.studies.yesno.questions import Fields, Origin, Question, clean, sort_out

LICENSE = "MIT"
_RELEASED = frozenset({"8b3276be8942ebbd77f3ddcda12c1749bf0e490045a736fd8438ee40cf37a41d"})
"""sha256 of the released ori_pqal.json, whose license is known. Names tell nothing: anyone's file can have them."""
JSON_FIELDS = Fields(question="QUESTION", label="final_decision", rationale="LONG_ANSWER", context="CONTEXTS")
PARQUET_FIELDS = Fields(question="question", label="final_decision", rationale="long_answer", context="context")
PARQUET_KEY = "pubid"
PARQUET_SECTIONS = "contexts"
"""Where the structure in the column of the abstract has its sections."""


def read_pubmedqa(path: Path | str, source: str, abstracts: bool = False) -> tuple[list[Question], list[Dropped]]:
    """Read either part of PubMedQA from its JSON file, a parquet file or a folder of parquet files.

    source: name given to the questions. abstracts: whether each gets its abstract without the conclusion as `context`.
    The rationale is the first sentence of the long answer, which is the conclusion, that says more than the label.
    Raises InputError naming file and record for anything that is not in the layout.
    """
    path = Path(path)
    if path.is_dir() or path.suffix == ".parquet":
        return _read_parquet(path, source, _fields(PARQUET_FIELDS, abstracts))
    return _read_json(path, source, _fields(JSON_FIELDS, abstracts))


def parquet_files(folder: Path) -> list[Path]:
    """The parquet files right inside a folder, sorted. Raises InputError when there are none, and as
    `files_in` does."""
    files = list(files_in(folder, (".parquet",), below=False))
    if not files:
        raise InputError(f"{folder}: no parquet files in this folder; expected the hub's layout or a JSON file")
    return files


def _fields(fields: Fields, abstracts: bool) -> Fields:
    return fields if abstracts else replace(fields, context=None)


def _read_json(path: Path, source: str, fields: Fields) -> tuple[list[Question], list[Dropped]]:
    """{pubmed id: {QUESTION, CONTEXTS, LONG_ANSWER, final_decision, ...}}."""
    records = read_json(path)
    if not isinstance(records, dict):
        raise InputError(f"{path}: expected a JSON object of records by PubMed id, found {type(records).__name__}")
    if not records:
        raise InputError(f"{path}: the file holds no records")
    origin = Origin(str(path), source, fields)
    return sort_out([clean(record, key, origin) for key, record in records.items()])


def _read_parquet(path: Path, source: str, fields: Fields) -> tuple[list[Question], list[Dropped]]:
    """Columns pubid, question, long_answer, final_decision and, for abstracts, context; others are not read."""
    cleaned: list[Question | Dropped] = []
    for file in parquet_files(path) if path.is_dir() else [path]:
        origin = Origin(str(file), source, fields)
        for row, record in enumerate(_rows(file, fields), start=1):
            if record[PARQUET_KEY] is None:
                raise InputError(f'{file}, row {row}: no id; expected a value in the column "{PARQUET_KEY}"')
            cleaned.append(clean(record, str(record[PARQUET_KEY]), origin))
    if not cleaned:
        raise InputError(f"{path}: the file holds no records")
    return sort_out(cleaned)


def _rows(file: Path, fields: Fields) -> list[dict[str, Any]]:
    """The rows of one parquet file, as dictionaries; of an abstract its sections."""
    import pyarrow
    import pyarrow.parquet

    columns = [PARQUET_KEY, fields.question, fields.label, fields.rationale]
    columns += [fields.context] if fields.context else []
    try:
        present = pyarrow.parquet.read_schema(file).names
        missing = [column for column in columns if column not in present]
        if missing:
            raise InputError(f"{file}: no column {', '.join(missing)}; found {', '.join(present)}")
        rows = pyarrow.parquet.read_table(file, columns=columns).to_pylist()
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{file}: not a readable parquet file ({str(error).splitlines()[0]})") from error
    return [{**row, fields.context: _sections(row[fields.context])} for row in rows] if fields.context else rows


def _sections(abstract: Any) -> Any:
    """The sections in the structure of the hub; anything else as it is, for the message."""
    return abstract.get(PARQUET_SECTIONS) if isinstance(abstract, dict) else abstract


def license_of(files: Iterable[Path]) -> str | None:
    """The license of the data set where all files are its released ones; of others it is not known."""
    return LICENSE if all(sha256_of(file) in _RELEASED for file in files) else None
