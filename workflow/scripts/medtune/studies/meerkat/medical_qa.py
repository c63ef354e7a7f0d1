"""Medical questions and answers by specialty: a folder of `dataset_with_answers_{specialty}.json` files."""

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medtune.data.deduplication import drop_repeats, normalise
from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.files import files_in, read_text, unique_keys
from medtune.studies.provenance import missing

PREFIX = "dataset_with_answers_"
LAYOUT = f"{PREFIX}{{specialty}}.json"
SPECIALTY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
ALL = "ALL"
"""Stands for all specialties in tables."""
WITHIN = "repeated {text}"
ACROSS = "{text} repeated from another specialty"


@dataclass(frozen=True)
class MedicalQuestion:
    """A question with its reference answer. specialty: as in its file's name. key: where it stands in the file.
    question: on one line. extra: the record's other fields, as they are."""

    specialty: str
    key: str
    question: str
    answer: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The specialty and a hash of the question: the same wherever the record stands in its file."""
        digest = hashlib.sha256(normalise(self.question).encode()).hexdigest()
        return f"{self.specialty}/{digest[:16]}"

    def row(self) -> dict[str, str]:
        """As it is written to a split. The extra fields are JSON text: their types may differ from file to file."""
        extra = json.dumps(self.extra, ensure_ascii=False, sort_keys=True)
        return {
            "id": self.id,
            "specialty": self.specialty,
            "question": self.question,
            "answer": self.answer,
            "extra": extra,
        }


def check_specialty(name: str, where: str) -> str:
    """The name, when it can stand in a path. Raises InputError, which begins with `where`, when it cannot."""
    if not SPECIALTY.fullmatch(name):
        raise InputError(
            f'{where}: the specialty "{name}" cannot be used in file names; expected up to 100 letters (a-z), digits, '
            "dashes and underscores, such as internal_medicine"
        )
    if name.casefold() == ALL.casefold():
        raise InputError(f'{where}: a specialty cannot be named "{name}"; in tables {ALL} stands for all of them')
    return name


def check_known(names: Collection[str], known: Collection[str], where: str) -> None:
    """Raise InputError, which begins with `where`, when a name is not that of a known specialty."""
    for name in sorted(names):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"expected one of {', '.join(sorted(known))}"
            raise InputError(f'{where}: unknown specialty "{name}"; {hint}')


def specialty_files(folder: Path | str) -> dict[str, Path]:
    """The folder's files by specialty, in order of name. Files that are not JSON are passed over, and
    those that `files_in` passes over.

    Raises InputError when there are none, when a JSON file has another name or a folder has one like theirs, when a
    specialty cannot stand in a path, and when two differ in case alone: on some file systems they would be one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise missing(folder, f"folder (of files {LAYOUT})", "meerkat", "files")
    files: dict[str, Path] = {}
    folded: dict[str, Path] = {}
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    for path in [*folders, *files_in(folder, below=False)]:
        if not (path.name.startswith(PREFIX) or path.suffix.lower() == ".json"):
            continue
        if path.is_dir() or not path.name.startswith(PREFIX) or path.suffix != ".json" or path.stem == PREFIX:
            raise InputError(f"{path}: wrong file name; expected {LAYOUT}")
        specialty = check_specialty(path.stem.removeprefix(PREFIX), str(path))
        twin = folded.setdefault(specialty.casefold(), path)
        if twin is not path:
            raise InputError(
                f"{path}: the specialty differs from that of {twin.name} in case alone; merge the files or rename one"
            )
        files[specialty] = path
    if not files:
        raise InputError(f"{folder}: no files {LAYOUT} in this folder")
    return files


def read_specialties(folder: Path | str, least: int) -> dict[str, list[MedicalQuestion]]:
    """All records by specialty, as they stand in the files.

    least: fewest records of a file. Raises InputError, see `specialty_files` and `read_questions`.
    """
    return {specialty: read_questions(path, specialty, least) for specialty, path in specialty_files(folder).items()}


def read_questions(path: Path | str, specialty: str, least: int) -> list[MedicalQuestion]:
    """The records of one file: {question: answer}, or a list of {"question": …, "answer": …} with any other fields.

    A question that an object repeats counts each time. Raises InputError when the file is not UTF-8 or not such JSON,
    when it is empty or has fewer than `least` records, or when a record lacks its question or answer.
    """
    content = read_text(path).removeprefix("\ufeff")
    if not content.strip():
        raise InputError(f"{path}: the file is empty; expected questions with answers as JSON")
    questions = [_question(specialty, *found) for found in _records(_parsed(content, path), path)]
    if len(questions) < least:
        raise InputError(
            f"{path}: {len(questions)} records are too few; expected at least {least}, one more than the holdout takes"
        )
    return questions


def distinct_questions(
    specialties: Mapping[str, Sequence[MedicalQuestion]],
) -> tuple[dict[str, list[MedicalQuestion]], list[Dropped]]:
    """Drop repeated questions, within specialties and across. Answers may repeat: "A" answers many questions.

    Kept is the record of the smaller specialty (by records, then by name), which can spare it least; within one that
    with the longer answer. The order of the input does not matter. Returns what is kept by specialty, sorted by id, and
    the others with the reason; every given specialty is there, if need be without records.
    """
    items = sorted(
        (item for found in specialties.values() for item in found),
        key=lambda item: (len(specialties[item.specialty]), item.specialty, -len(item.answer), *item.row().values()),
    )
    kept, repeats = drop_repeats(items, {"question": _question_of})
    by_specialty: dict[str, list[MedicalQuestion]] = {specialty: [] for specialty in sorted(specialties)}
    for item in sorted(kept, key=lambda item: item.id):
        by_specialty[item.specialty].append(item)
    dropped = [
        Dropped(item.specialty, item.key, (WITHIN if item.specialty == twin.specialty else ACROSS).format(text=text))
        for item, text, twin in repeats
    ]
    return by_specialty, dropped


class _Object(dict):
    """A JSON object that remembers the pairs it was written with, repeated keys included."""

    pairs: list[tuple[str, Any]]


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    value = _Object(pairs)
    value.pairs = pairs
    return value


def _parsed(content: str, path: Path | str) -> Any:
    def refuse(constant: str) -> None:
        raise InputError(f"{path}: {constant} is not JSON; expected a number, text or null")

    try:
        return json.loads(content, object_pairs_hook=_object, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON ({error.msg})") from error


def _records(value: Any, path: Path | str) -> Iterator[tuple[str, str, Any, Any, dict]]:
    """(where, key, question, answer, extra) of each record; key: its number, from 1."""
    if isinstance(value, _Object):
        for number, (question, answer) in enumerate(value.pairs, start=1):
            yield f"{path}, record {number}", str(number), question, answer, {}
    elif isinstance(value, list):
        for number, record in enumerate(value, start=1):
            where = f"{path}, record {number}"
            if not isinstance(record, _Object):
                raise InputError(f'{where}: expected an object with "question" and "answer", found {record!r:.40}')
            unique_keys(where)(record.pairs)
            extra = {name: item for name, item in record.items() if name not in ("question", "answer")}
            yield where, str(number), record.get("question"), record.get("answer"), extra
    else:
        raise InputError(f"{path}: expected {{question: answer}} or a list of records, found {value!r:.40}")


def _question(specialty: str, where: str, key: str, question: Any, answer: Any, extra: dict) -> MedicalQuestion:
    question = " ".join(_text(question, "question", where).split())
    shown = question if len(question) <= 60 else f"{question[:60]}…"
    answer = _text(answer, "answer", f'{where} ("{shown}")')
    item = MedicalQuestion(specialty, key, question, answer.strip(), extra)
    try:
        json.dumps(item.row(), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{where}: half of a surrogate pair, which is no character; expected Unicode text") from error
    return item


def _text(value: Any, name: str, where: str) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise InputError(f"{where}: no {name}; expected text")
    if not isinstance(value, str):
        raise InputError(f"{where}: the {name} is {value!r:.40}; expected text")
    return value


def _question_of(item: MedicalQuestion) -> str:
    return item.question
