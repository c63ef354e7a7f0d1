"""Abstracts in the PubTator format with relations, as BioRED has them (Luo et al. 2022, doi 10.1093/bib/bbac282).

    14510914|t|Congenital hypothyroidism due to a new deletion …
    14510914|a|OBJECTIVE: Iodide transport defect (ITD) is …
    14510914<TAB>0<TAB>25<TAB>Congenital hypothyroidism<TAB>DiseaseOrPhenotypicFeature<TAB>D003409
    14510914<TAB>Association<TAB>C564766<TAB>D007454<TAB>No

The text is title, one space, abstract; offsets count its characters. Only the first two "|" of a text line part fields:
titles and concept ids ("c|DEL|1314_1328|") may hold more. Commas part the ids of a mention of several things, "-" is
none. Relations are between concept ids and said of the whole abstract. Whether a relation is new to the paper (Novel
or No) is not kept.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from medtune.data.related import (
    RelatedCorpus,
    RelatedDocument,
    RelatedEntity,
    Relation,
    concept_document,
    concept_ids,
)
from medtune.errors import InputError
from medtune.files import read_text

BIORED_RELATIONS = frozenset(
    {
        "Association",
        "Bind",
        "Comparison",
        "Conversion",
        "Cotreatment",
        "Drug_Interaction",
        "Negative_Correlation",
        "Positive_Correlation",
    }
)
"""Relation types of BioRED. None has a direction: a pair of concepts is named in either order."""

_TEXT = re.compile(r"([^\t|]+)\|([ta])\|(.*)")
_LAYOUT = (
    'expected "id|t|title", "id|a|abstract", or fields parted by tabs: id, start, end, text, type, concept of an '
    "entity; id, type, concept, concept of a relation"
)
_SHOWN = 40
_Line = tuple[int, str]


def read_pubtator(path: Path | str, symmetric: Collection[str] = BIORED_RELATIONS) -> RelatedCorpus:
    """All documents of a file, in its order. symmetric: relation types whose arguments have no order.

    Raises InputError naming file and line: a line that cannot be read, a document without abstract, an annotation of
    another document, offsets outside the text, a text that differs from what stands there, a relation with a concept
    that no entity has, an id that occurs again; or a file without documents.
    """
    documents: list[RelatedDocument] = []
    homes: dict[str, int] = {}
    left_out: Counter[str] = Counter()
    for block in _blocks(path):
        document = _document(block, path, left_out)
        first = homes.setdefault(document.id, block[0][0])
        if first != block[0][0]:
            raise InputError(f'{path}, line {block[0][0]}: the document "{document.id}" is that of line {first}, too')
        documents.append(document)
    if not documents:
        raise InputError(f'{path}: holds no document; expected lines such as "14510914|t|title"')
    return RelatedCorpus(tuple(documents), frozenset(symmetric), left_out=dict(left_out))


def _blocks(path: Path | str) -> Iterator[list[_Line]]:
    """The numbered lines of each document; a title begins one, whether or not a blank line stands before it."""
    block: list[_Line] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        text = _TEXT.fullmatch(line)
        if text and text[2] == "t":
            if block:
                yield block
            block = []
        elif not block:
            raise _unreadable(path, number, line)
        block.append((number, line))
    if block:
        yield block


def _document(block: list[_Line], path: Path | str, left_out: Counter[str]) -> RelatedDocument:
    """One document; `left_out` is added to."""
    (number, line), *rest = block
    identifier, _, title = _TEXT.fullmatch(line).groups()
    abstract = _TEXT.fullmatch(rest[0][1]) if rest else None
    if not abstract or abstract[2] != "a" or abstract[1] != identifier:
        raise InputError(f'{path}, line {number}: no abstract follows; expected the next line "{identifier}|a|…"')
    text = f"{title} {abstract[3]}"
    entities: list[RelatedEntity] = []
    relations: list[tuple[str, Relation]] = []
    for number, line in rest[1:]:
        name, *fields = line.split("\t")
        if len(fields) < 3:
            raise _unreadable(path, number, line)
        if name != identifier:
            raise InputError(
                f'{path}, line {number}: an annotation of document "{name}" among those of "{identifier}"; expected a '
                f'title line "{name}|t|…" before it'
            )
        if fields[0].isdecimal() and fields[1].isdecimal():
            entities.append(_entity(fields, text, f"{path}, line {number}"))
        elif len(fields) <= 4:
            relations.append((f"{path}, line {number}", Relation(*(field.strip() for field in fields[:3]))))
        else:
            raise _unreadable(path, number, line)
    return concept_document(identifier, text, entities, relations, left_out)


def _entity(fields: list[str], text: str, where: str) -> RelatedEntity:
    """The entity of a line. fields: those after the document's id."""
    start, end = int(fields[0]), int(fields[1])
    if len(fields) < 4 or not fields[3].strip():
        raise InputError(f"{where}: the entity has no type; {_LAYOUT}")
    if not start < end <= len(text):
        raise InputError(
            f"{where}: the span {start} to {end} is empty or outside the text, which has {len(text)} characters"
        )
    if text[start:end] != fields[2]:
        raise InputError(
            f'{where}: the entity is "{fields[2]}", but at {start} to {end} the text has "{text[start:end]}"'
        )
    return RelatedEntity(start, end, fields[3].strip(), fields[2], concept_ids(fields[4] if len(fields) > 4 else ""))


def _unreadable(path: Path | str, number: int, line: str) -> InputError:
    shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
    return InputError(f'{path}, line {number}: "{shown}" cannot be read; {_LAYOUT}')
