"""Corpora in brat's standoff layout: a text in a .txt file, its annotation in the .ann file of the same name.

Of the annotation only the text-bound lines (T) are used here; `data.brat_relations` reads relations, too:

    T1<TAB>Sign_symptom 78 90<TAB>palpitations
    T2<TAB>Biological_structure 10 14;25 28<TAB>left arm

Events, relations, attributes, normalisations and notes are counted and left alone, and so are lines that are no
annotation. A line that looks like one and cannot be read is refused: left out, its words would be trained as no entity.
Fields parted by spaces instead of tabs, as some editors leave them, are read where the text confirms the surface.
Fragments with nothing but white space between them, as brat writes a mention across a line break, are one span.
Offsets count code points, as brat itself and Python do (not bytes, not UTF-16 units), end exclusive; the surface text
that stands beside them is compared with the text, so that offsets counted in another way do not go unnoticed.
Layout: https://brat.nlplab.org/standoff.html
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten

from medtune.data.annotated import AnnotatedDocument, Corpus, Mention, pmid_in
from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.files import BYTE_ORDER_MARK, files_in, read_exact

logger = logging.getLogger(__name__)

EMPTY = "no text"
NOT_ANNOTATED = "no .ann file"
UNKNOWN = "unknown"
SUFFIXES = (".txt", ".ann")

_KIND = re.compile(r"([TERAMN])[\w.-]*\d[\w.-]*|(#)\S*|(\*)")
"""brat numbers its ids, and keeps what stands before and behind the number (its annotation.py)."""
_SPACED = re.compile(r"(T\S*)\s+(\S+ \d+ \d+(?:;\d+ \d+)*)\s+(\S.*)|(\S+)\s+(\S.*)")
"""Fields that are not parted by tabs: those of a text-bound line, or the id and the rest."""
_EXPECTED = "expected id, tab, type and offsets, tab, text (T1<TAB>Age 8 10<TAB>28)"
_LIKE_ANNOTATION = re.compile(r"\s*(?:[TERAMN]\d|[TERAMN#*](?:\S*\d\S*)?(?:\s|$)|(?:\S+\s+){1,3}\d+\s+\d+)|.*:[TE]\d")
"""An id, whole or cut off, also with other separators; a type with offsets; an argument (Arg1:T1)."""
_TARGET = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")


@dataclass(frozen=True)
class BratFile:
    """One document as read. annotation: what its .ann file holds. where: that file. kinds: its lines by kind."""

    document: AnnotatedDocument
    annotation: str
    where: str
    kinds: Counter[str]


def read_brat(folder: Path | str, source: str) -> Corpus:
    """All documents of a folder and of the folders in it, in the order of their paths; a path without ".txt" is the id.

    A text file without annotation file (a README) or without text is dropped, with the reason.
    Raises InputError naming file and line: an annotation without its text, offsets outside the text, a surface that is
    not the text's, a text-bound line that cannot be read or has the id of another one, files that are not UTF-8; or a
    folder without any document.
    """
    files, dropped = read_brat_files(folder, source)
    lines = sum((file.kinds for file in files), Counter())
    return Corpus(tuple(file.document for file in files), dropped, dict(lines))


def read_brat_files(folder: Path | str, source: str) -> tuple[list[BratFile], tuple[Dropped, ...]]:
    """What `read_brat` reads, with the annotation of each document as it stands; raises as that does."""
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected one with .txt and .ann files")
    files: list[BratFile] = []
    dropped: list[Dropped] = []
    for path in brat_files(root):
        name = path.relative_to(root).with_suffix("").as_posix()
        annotation = path.with_suffix(".ann")
        if path == annotation:
            if not path.with_suffix(".txt").is_file():
                raise InputError(f"{path}: there is no {path.stem}.txt beside it; expected the annotated text")
            continue
        if not annotation.is_file():
            dropped.append(Dropped(source, name, NOT_ANNOTATED))
            logger.warning("%s: left out, since there is no %s beside it", path, annotation.name)
            continue
        content = read_exact(annotation)
        document, kinds = parse_brat(name, read_exact(path), content, str(annotation))
        if not document.text.strip():
            dropped.append(Dropped(source, name, EMPTY))
            logger.warning("%s: left out, since it holds no text", path)
            continue
        files.append(BratFile(document, content, str(annotation), kinds))
    if not files:
        raise InputError(f"{root}: holds no annotated document; expected .txt files with .ann files of the same names")
    return files, tuple(dropped)


def brat_files(folder: Path) -> list[Path]:
    """The .txt and .ann files of a folder and of the folders in it, sorted; see `files_in`.

    Raises InputError for one whose suffix is in capitals: it would be left out in silence.
    """
    files = sorted(files_in(folder, SUFFIXES))
    for path in files:
        if path.suffix not in SUFFIXES:
            raise InputError(f"{path}: rename it; expected the suffix {path.suffix.lower()} in small letters")
    return files


def parse_brat(name: str, text: str, annotation: str, where: str) -> tuple[AnnotatedDocument, Counter[str]]:
    """One document, and its lines of annotation by kind: the letter of the id, or "unknown".

    text, annotation: as they stand in the files, line ends included. Where the text has "\\r\\n" or a byte-order mark,
    offsets may count these characters or not: the first way in which all surfaces fit is taken, and the document's text
    is the one in which its offsets hold. where: the annotation file, for messages.
    """
    kinds: Counter[str] = Counter()
    found: dict[str, tuple[int, Mention, str]] = {}
    for number, kind, key, line in annotation_lines(annotation):
        kinds[kind] += 1
        if kind == UNKNOWN:
            if "\t" in line or _LIKE_ANNOTATION.match(line):
                shown = shorten(line, 60, placeholder="…")
                raise InputError(f'{where}, line {number}: "{shown}" cannot be read; {_EXPECTED}')
            if kinds[UNKNOWN] == 1:
                logger.warning("%s, line %d: no annotation, left alone; further ones are counted", where, number)
        if kind != "T":
            continue
        if key in found:
            raise InputError(f'{where}, line {number}: the id "{key}" is that of line {found[key][0]}, too')
        found[key] = (number, *_text_bound(line, f"{where}, line {number}"))
    problem: str | None = None
    for reading in _readings(text):
        fault = next(_faults(reading, found.values(), where), None)
        if fault is None:
            mentions = tuple(_joined(mention, reading) for _, mention, _ in found.values())
            return AnnotatedDocument(name, reading, mentions, pmid_in(name)), kinds
        problem = problem or fault
    raise InputError(problem)


def annotation_lines(annotation: str) -> Iterator[tuple[int, str, str, str]]:
    """The lines of an .ann file that are not blank: number, kind (letter of the id, or "unknown"), id, line in tabs."""
    for number, line in enumerate(annotation.removeprefix(BYTE_ORDER_MARK).split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        line = _with_tabs(line)
        key = line.split("\t", 1)[0].strip()
        match = _KIND.fullmatch(key) if "\t" in line else None
        yield number, match[match.lastindex or 0] if match else UNKNOWN, key, line


def _joined(mention: Mention, text: str) -> Mention:
    """The mention with fragments that only white space parts made one."""
    fragments = list(mention.fragments[:1])
    for start, end in mention.fragments[1:]:
        if text[fragments[-1][1] : start].strip():
            fragments.append((start, end))
        else:
            fragments[-1] = (fragments[-1][0], end)
    return replace(mention, fragments=tuple(fragments))


def _with_tabs(line: str) -> str:
    """A line whose fields are parted by spaces, in the layout; others as they are."""
    # A tab may stand in one of the two places alone. Where both are there, further spaces are the surface's.
    match = None if line.count("\t") >= (2 if line.startswith("T") else 1) else _SPACED.fullmatch(line.strip())
    if not match or not _KIND.fullmatch(match[1] or match[4]):
        return line
    return "\t".join(field for field in match.groups() if field)


def _text_bound(line: str, where: str) -> tuple[Mention, str]:
    """Mention and surface of a T line; what follows another tab is a comment."""
    key, target, surface, *_ = [*line.split("\t"), "", ""]
    match = _TARGET.fullmatch(target.strip())
    if not match or not surface:
        raise InputError(f"{where}: cannot be read; {_EXPECTED}")
    fragments: list[tuple[int, int]] = []
    for part in match[2].split(";"):
        start, end = (int(number) for number in part.split())
        if start >= end:
            raise InputError(f"{where}: the span {part} is empty; expected a start before the end")
        if fragments and start < fragments[-1][1]:
            raise InputError(f"{where}: the parts {match[2]} overlap or are out of order; expected them as in the text")
        fragments.append((start, end))
    return Mention(tuple(fragments), match[1], key.strip()), surface


def _readings(text: str) -> list[str]:
    """The text as it stands, and as it is without a byte-order mark and with line ends of one character."""
    bare = text.removeprefix(BYTE_ORDER_MARK)
    return list(dict.fromkeys([text, bare, text.replace("\r\n", "\n"), bare.replace("\r\n", "\n")]))


def _faults(text: str, found: Iterable[tuple[int, Mention, str]], where: str) -> Iterator[str]:
    """What is wrong with the offsets of a document. found: line number, mention and surface."""
    for number, mention, surface in found:
        if mention.end > len(text):
            yield (
                f"{where}, line {number}: {mention.key} ends at {mention.end}, past the end of the text, which has "
                f"{len(text)} characters"
            )
            continue
        there = " ".join(text[start:end] for start, end in mention.fragments)
        if _spaced(there) != _spaced(surface):
            hint = "; offsets must count code points" if any(ord(character) > 0xFFFF for character in text) else ""
            place = f"{mention.start} to {mention.end}"
            yield f'{where}, line {number}: {mention.key} is "{surface}", but at {place} the text has "{there}"{hint}'


def _spaced(text: str) -> str:
    """brat writes line breaks of the text as spaces."""
    return re.sub(r"\s", " ", text)
