"""Records from CoNLL files: a token a line with its tag last (IOB2, or BIOES), blank lines between sentences.

    -DOCSTART- -X- O O

    Aspirin NN B-Drug
    for     IN O
    pain    NN B-Problem

Lines that begin with -DOCSTART- begin documents, which are the records; without any, sentences are. The text is made of
the tokens: a space between them, a line break between sentences.
Layout: Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 shared task".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from medtune.data.bio import RULE, repair, spans_of
from medtune.data.own.records import OwnRecord, OwnSource, check_no_columns
from medtune.data.table_files import lines_of
from medtune.errors import InputError

DOCUMENT = "-DOCSTART-"
REPAIRED = f"tags that were repaired: {RULE}"
_CELLS = re.compile(r"[^ \t\r\n]+")
"""Other white space, such as no-break spaces, is of a token."""
_PREFIXES = {"B": "B", "I": "I", "S": "B", "E": "I"}
"""Of BIOES, a span of one word and the last word of one."""


@dataclass
class _Sentence:
    """line: of its first token."""

    line: int
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def read_conll(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """A record a document, or a sentence where the file has no documents.

    Raises InputError for columns, and naming the line: a token without a tag, what is no tag.
    """
    check_no_columns(source, "conll")
    if source.kind != "spans":
        raise InputError(f"{path}: a conll file holds entities alone; expected the kind spans, not {source.kind}")
    documents, marked = _documents(path)
    parts = documents if marked else [[sentence] for sentences in documents for sentence in sentences]
    number = 0
    for sentences in parts:
        if sentences:
            number += 1
            yield _record(path, number, sentences)


def _documents(path: Path) -> tuple[list[list[_Sentence]], bool]:
    """Sentences by document, and whether the file marks documents."""
    documents: list[list[_Sentence]] = [[]]
    marked, within = False, False
    for number, line in enumerate(lines_of(path), start=1):
        cells = _CELLS.findall(line)
        if cells and cells[0] == DOCUMENT:
            documents.append([])
            marked = True
        if not cells or cells[0] == DOCUMENT:
            within = False
            continue
        where = f"{path}, line {number}"
        if len(cells) < 2:
            raise InputError(f'{where}: "{cells[0]}" stands alone; expected a token and, last in the line, its tag')
        if not within:
            documents[-1].append(_Sentence(number))
            within = True
        documents[-1][-1].tokens.append(cells[0])
        documents[-1][-1].tags.append(_tag(cells[-1], where))
    return documents, marked


def _tag(tag: str, where: str) -> str:
    """The tag in IOB2."""
    if tag == "O":
        return tag
    prefix, dash, name = tag.partition("-")
    if not dash or not name or prefix not in _PREFIXES:
        raise InputError(f'{where}: "{tag}" is no tag; expected O, or B- or I- and an entity type, such as B-Drug')
    return f"{_PREFIXES[prefix]}-{name}"


def _record(path: Path, number: int, sentences: list[_Sentence]) -> OwnRecord:
    """The text of the tokens, with the spans of the tags in its characters."""
    text, entities, repaired = "", [], 0
    for sentence in sentences:
        text += "\n" if text else ""
        places = []
        for index, token in enumerate(sentence.tokens):
            text += " " if index else ""
            places.append((len(text), len(text) + len(token)))
            text += token
        repaired += repair(sentence.tags)[1]
        entities += [
            {"start": places[span.start][0], "end": places[span.end - 1][1], "type": span.label}
            for span in spans_of(sentence.tags)
        ]
    where = f"{path}, line {sentences[0].line}"
    return OwnRecord(where, str(number), {"text": text, "entities": entities}, left_out={REPAIRED: repaired})
