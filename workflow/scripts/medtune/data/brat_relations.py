"""Relations of corpora in brat's standoff layout, between the mentions that `data.brat` reads.

    T1<TAB>Medication 0 7<TAB>aspirin
    E1<TAB>Sign_symptom:T2
    R1<TAB>CAUSE Arg1:T1 Arg2:E1

The roles of a relation may have other names, as an annotation.conf can give them: the first that is written is the
head, but of Arg1 and Arg2 it is Arg1, wherever it stands. An argument that is an event stands for its trigger, the
mention before which the event's type is named. Roles within events, equivalences (*) and attributes (negation and the
like) are no relations between two mentions: they are left out, and counted.
"""

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from medtune.data.brat import BratFile, annotation_lines, read_brat_files
from medtune.data.related import (
    DISCONTINUOUS,
    REPEATED,
    RelatedCorpus,
    RelatedDocument,
    RelatedEntity,
    Relation,
    unique,
)
from medtune.errors import InputError

ROLES = "roles within events are no relations between two mentions"
ASIDE = {
    "A": "attributes are no part of this study",
    "M": "attributes are no part of this study",
    "*": "equivalences are no relations between two mentions",
}
"""Reason by kind of line for what is left out and counted."""

_EVENT = re.compile(r"\S+:(T\S+)(?:\s+(\S.*))?")
_RELATION = re.compile(r"(\S+)\s+([^\s:]+):(\S+)\s+([^\s:]+):(\S+)")


def read_brat_relations(folder: Path | str, source: str, symmetric: Collection[str] = ()) -> RelatedCorpus:
    """All documents of a folder with their relations, which are between indices of entities.

    symmetric: relation types whose arguments have no order. A discontinuous mention is taken as the range around its
    parts, and counted. Raises InputError as `read_brat` does, and for a relation or an event that cannot be read or
    names what is not there.
    """
    files, dropped = read_brat_files(folder, source)
    left_out: Counter[str] = Counter()
    documents = tuple(_document(file, left_out) for file in files)
    return RelatedCorpus(documents, frozenset(symmetric), dropped, dict(left_out))


def _document(file: BratFile, left_out: Counter[str]) -> RelatedDocument:
    """One document; `left_out` is added to."""
    text = file.document.text
    places = {mention.key: index for index, mention in enumerate(file.document.mentions)}
    found: list[tuple[str, re.Match]] = []
    aside: Counter[str] = Counter()
    for number, kind, key, line in annotation_lines(file.annotation):
        if kind in ASIDE:
            aside[ASIDE[kind]] += 1
        where = f"{file.where}, line {number}"
        content = line.split("\t")[1].strip() if kind in "ER" else ""
        if kind == "E":
            event = _EVENT.fullmatch(content)
            if not event:
                raise InputError(f"{where}: cannot be read; expected id, tab, type and trigger (E1<TAB>Finding:T1)")
            places[key] = _index(event[1], key, places, where)
            aside[ROLES] += len((event[2] or "").split())
        elif kind == "R":
            relation = _RELATION.fullmatch(content)
            if not relation:
                raise InputError(
                    f"{where}: cannot be read; expected id, tab, type and two arguments with their roles (R1<TAB>CAUSE "
                    "Arg1:T1 Arg2:T2)"
                )
            found.append((where, relation))
    # An event may stand below a relation that names it, so that relations come last.
    relations, repeated = unique(
        Relation(match[1], *(_index(key, match[1], places, where) for key in _arguments(match)))
        for where, match in found
    )
    entities = tuple(
        RelatedEntity(mention.start, mention.end, mention.label, text[mention.start : mention.end])
        for mention in file.document.mentions
    )
    notes = {
        DISCONTINUOUS: sum(mention.discontinuous for mention in file.document.mentions),
        REPEATED: repeated,
        **aside,
    }
    left_out.update({reason: count for reason, count in notes.items() if count})
    return RelatedDocument(file.document.id, text, entities, relations)


def _arguments(relation: re.Match) -> tuple[str, str]:
    """Ids of head and tail."""
    _, first, head, second, tail = relation.groups()
    return (tail, head) if (first, second) == ("Arg2", "Arg1") else (head, tail)


def _index(key: str, holder: str, places: dict[str, int], where: str) -> int:
    """Index of the entity that an id stands for."""
    if key not in places:
        raise InputError(f'{where}: "{holder}" names {key}, which is not in the file')
    return places[key]
