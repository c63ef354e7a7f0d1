"""Reading and writing files: atomically, with errors that name file and line."""

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.scratch import scratch_beside

BYTE_ORDER_MARK = "\ufeff"
NOT_TEXT = {
    b"\x1f\x8b": "a file compressed with gzip: unpack it first (gunzip)",
    b"PK\x03\x04": "a ZIP archive: unpack it first (unzip)",
    b"BZh": "a file compressed with bzip2: unpack it first (bunzip2)",
    b"\xfd7zXZ\x00": "a file compressed with xz: unpack it first (unxz)",
    b"\xff\xfe": "text in UTF-16 or UTF-32: save it as UTF-8",
    b"\xfe\xff": "text in UTF-16: save it as UTF-8",
}
"""First bytes of files that are often given where text is expected."""
_HEAD = 1024
_PASSED = re.compile(r"\..*|.*~|#.*#", re.DOTALL)
"""Names of hidden files and of backups."""
_NO_NAME = ("Cc", "Zl", "Zp")
"""Categories of characters that a file name must not hold: control characters and ends of lines."""

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the body succeeds.

    The body may make a file or a folder there. An existing file or folder is replaced. On an
    exception the temporary is removed and `path` stays as it was.
    Raises InputError when the folder cannot be written to.
    """
    path = Path(path)
    with _scratch(path) as temporary:
        yield temporary
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        temporary.replace(path)


@contextlib.contextmanager
def filled(folder: Path, last: str) -> Iterator[Path]:
    """Yield a temporary folder, whose files go into `folder` when the body succeeds; other files there stay.

    They are moved one by one, the one named `last` at the end: where that is, all are.
    """
    with _scratch(folder) as temporary:
        temporary.mkdir()
        yield temporary
        folder.mkdir(exist_ok=True)
        for path in sorted(temporary.iterdir(), key=lambda path: (path.name == last, path.name)):
            path.replace(folder / path.name)


@contextlib.contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A path of the same name in a hidden folder beside it. Raises InputError when the folder cannot be written to."""
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = stack.enter_context(scratch_beside(path))
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror}); choose another results folder") from error
        yield temporary


def check_writable(folder: Path | str) -> None:
    """Raise InputError unless a folder is there and can be written to, or can be made."""
    parent = Path(folder).absolute()
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise InputError(f"{folder}: cannot be made, since {parent} is not a folder; choose another results folder")
    if not os.access(parent, os.W_OK):
        raise InputError(
            f"{folder}: {parent} is not writable; choose another results folder (`results:` in the config)"
        )


def make_writable(*folders: Path) -> None:
    """Make folders, and say at once, rather than after hours of work, where that cannot be. Raises InputError."""
    for folder in folders:
        check_writable(folder)
        folder.mkdir(parents=True, exist_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write text as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path | str, value: Any) -> None:
    """Write JSON atomically: two-space indent, non-ASCII as it is, NaN refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path | str) -> Any:
    """Read a JSON file. Raises InputError when it is missing, not UTF-8 or broken, with the line; a key twice."""
    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=unique_keys(str(path)))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON ({error.msg})") from error


def unique_keys(where: str) -> Callable[[list[tuple[str, Any]]], dict]:
    """For `object_pairs_hook` of json.loads, which keeps the last of two values of a key in silence: that is refused.

    where: file, and line where it is known, for the message.
    """

    def checked(pairs: list[tuple[str, Any]]) -> dict:
        content = dict(pairs)
        if len(content) < len(pairs):
            key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise InputError(f"{where}: the key {json.dumps(key)} stands twice in one object; expected each key once")
        return content

    return checked


def read_text(path: Path | str) -> str:
    """Read a UTF-8 file, without a byte-order mark and with line ends of one character.

    Raises InputError when it is missing, a folder, or not UTF-8.
    """
    text = read_exact(path).removeprefix(BYTE_ORDER_MARK)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_exact(path: Path | str) -> str:
    """Read a UTF-8 file as it stands, for offsets that count its characters: byte-order mark and line ends are kept."""
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return decode(content, path)


def decode(content: bytes, path: Path | str, offset: int = 0) -> str:
    """The text of some bytes that stand at an offset in a file.

    Raises InputError when they are not UTF-8; of compressed files and of UTF-16 it says so.
    """
    kind = _not_text(content) if offset == 0 else None
    if kind:
        raise InputError(f"{path}: this is {kind}; expected UTF-8 text")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {offset + error.start})") from error


def _not_text(content: bytes) -> str | None:
    """What the first bytes of a file say that it is, where that is no UTF-8 text."""
    for start, kind in NOT_TEXT.items():
        if content.startswith(start):
            return kind
    head = content[:_HEAD]
    # Without a mark: of Latin letters in UTF-16 every second byte is zero, which UTF-8 text never has.
    if max(head[0::2].count(0), head[1::2].count(0)) > len(head) / 4:
        return "text in UTF-16: save it as UTF-8"
    return None


def files_in(folder: Path | str, suffixes: Collection[str] | None = None, below: bool = True) -> Iterator[Path]:
    """The files of a folder, and of those in it where `below`: folder by folder, each in the order of names.

    suffixes: those wanted, in small letters; files are compared without regard to case. Hidden files and folders
    (.name) and backups that editors leave (name~, #name#) are passed over, and the log says so.
    Raises InputError for a folder that cannot be read, and for a name that `check_name` refuses.
    """
    root = Path(folder)
    passed: list[str] = []
    for parent, folders, names in os.walk(root, onerror=_refuse):
        hidden = [name for name in folders if _PASSED.fullmatch(name)] if below else []
        folders[:] = sorted(set(folders) - set(hidden)) if below else []
        passed += hidden
        for name in sorted(names):
            plain = name.removesuffix("~").strip("#")
            if suffixes is not None and Path(plain).suffix.lower() not in suffixes:
                continue
            path = Path(parent, name)
            if _PASSED.fullmatch(name):
                passed.append(str(path.relative_to(root)))
            elif path.is_file() or path.is_symlink():
                check_name(path)
                yield path
    if passed:
        logger.info(
            "%s: %s passed over: hidden or a backup, such as %s",
            folder,
            "1 entry is" if len(passed) == 1 else f"{len(passed)} entries are",
            _shown(min(passed)),
        )


def _refuse(error: OSError) -> None:
    raise InputError(f"{_shown(str(error.filename))}: cannot be read ({error.strerror})") from error


def check_name(path: Path | str) -> None:
    """Raise InputError for a file name that cannot be an id: control characters, bytes that are not UTF-8."""
    shown = _shown(str(path))
    if shown != str(path):
        raise InputError(f'"{shown}": control characters or bytes that are not UTF-8 in the name of a file; rename it')


def _shown(name: str) -> str:
    """A name for messages: control characters, ends of lines and bytes that are no text as escapes."""
    text = os.fsencode(name).decode(errors="backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) in _NO_NAME else character
        for character in text
    )


def write_jsonl(path: Path | str, rows: Iterable[dict]) -> None:
    """Write JSON lines atomically."""
    with atomic(path) as temporary, open(temporary, "w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def read_jsonl(path: Path | str) -> list[dict]:
    """Read JSON lines; blank lines are passed over. Raises InputError naming file and line."""
    rows = []
    # Split at "\n" alone: splitlines() would also cut inside strings at U+2028 and the like.
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=unique_keys(f"{path}, line {number}"))
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {number}: not valid JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number}: expected a JSON object, found {type(row).__name__}")
        rows.append(row)
    return rows


def sha256_of(path: Path | str) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """Hexadecimal sha256 of a JSON-able value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def rounded(value: float) -> float:
    """Six significant digits: what is beyond depends on the machine."""
    return float(f"{value:.6g}")
