"""Abstracts with relations in BioC's JSON, as BioRED has them (Luo et al. 2022, doi 10.1093/bib/bbac282).

    {"documents": [{"id": "14510914",
      "passages": [{"offset": 0, "text": "…", "annotations": [{"id": "0",
        "infons": {"identifier": "D003409", "type": "DiseaseOrPhenotypicFeature"},
        "text": "…", "locations": [{"offset": 0, "length": 25}]}]}],
      "relations": [{"id": "R0", "infons": {"entity1": "D050033", "entity2": "D007454", "type": "Association"}}]}]}

The text of a document is its passages at their offsets, with spaces between them; all offsets count its characters.
Ids, relations and what is not kept are as in `pubtator`: the two forms of a corpus give the same documents.
"""

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from medtune.data.related import (
    DISCONTINUOUS,
    RelatedCorpus,
    RelatedDocument,
    RelatedEntity,
    Relation,
    concept_document,
    concept_ids,
)
from medtune.errors import InputError
from medtune.files import read_json
from medtune.studies.relations.pubtator import BIORED_RELATIONS


def read_bioc_json(path: Path | str, symmetric: Collection[str] = BIORED_RELATIONS) -> RelatedCorpus:
    """All documents of a file, in its order. symmetric: relation types whose arguments have no order.

    A mention of several parts is taken as the range around them, and counted.
    Raises InputError naming file and document: fields that are missing or of another kind, passages that overlap,
    offsets outside the text, a text that differs from what stands there, a relation with a concept that no entity has,
    an id that occurs again; or a file without documents.
    """
    documents: list[RelatedDocument] = []
    left_out: Counter[str] = Counter()
    seen: set[str] = set()
    for number, record in enumerate(_field(read_json(path), "documents", list, str(path)), start=1):
        identifier = _field(record, "id", str, f"{path}, document {number}")
        if identifier in seen:
            raise InputError(f'{path}: the document "{identifier}" occurs more than once; ids must be unique')
        seen.add(identifier)
        documents.append(_document(identifier, record, f'{path}, document "{identifier}"', left_out))
    if not documents:
        raise InputError(f'{path}: holds no document; expected a list of them in the field "documents"')
    return RelatedCorpus(tuple(documents), frozenset(symmetric), left_out=dict(left_out))


def _document(identifier: str, record: dict, where: str, left_out: Counter[str]) -> RelatedDocument:
    """One document; `left_out` is added to."""
    passages = _field(record, "passages", list, where)
    text = _text(passages, where)
    entities = [
        _entity(annotation, text, where, left_out)
        for passage in passages
        for annotation in _field(passage, "annotations", list, where)
    ]
    relations = []
    for number, value in enumerate(_field(record, "relations", list, where), start=1):
        place = f"{where}, relation {number}"
        infons = _field(value, "infons", dict, place)
        names = (_field(infons, name, str, place).strip() for name in ("type", "entity1", "entity2"))
        relations.append((place, Relation(*names)))
    return concept_document(identifier, text, entities, relations, left_out)


def _text(passages: list, where: str) -> str:
    """The passages at their offsets."""
    text = ""
    for number, passage in enumerate(passages, start=1):
        offset = _field(passage, "offset", int, f"{where}, passage {number}")
        if offset < len(text):
            raise InputError(
                f"{where}, passage {number}: starts at {offset}, before the end of the text so far ({len(text)})"
            )
        text += " " * (offset - len(text)) + _field(passage, "text", str, f"{where}, passage {number}")
    return text


def _entity(annotation: Any, text: str, where: str, left_out: Counter[str]) -> RelatedEntity:
    """The entity of an annotation, over the range of its locations."""
    place = f"{where}, annotation {json.dumps(annotation.get('id') if isinstance(annotation, dict) else annotation)}"
    infons = _field(annotation, "infons", dict, place)
    spans = []
    for location in _field(annotation, "locations", list, place):
        start, length = (_field(location, name, int, place) for name in ("offset", "length"))
        if start < 0 or length < 1 or start + length > len(text):
            raise InputError(
                f"{place}: the span {start} to {start + length} is empty or outside the text, which has {len(text)} "
                "characters"
            )
        spans.append((start, start + length))
    if not spans:
        raise InputError(f'{place}: no location; expected an offset and a length in the field "locations"')
    surface, there = _field(annotation, "text", str, place), " ".join(text[start:end] for start, end in sorted(spans))
    start, end = min(spans)[0], max(end for _, end in spans)
    if surface != there:
        raise InputError(f'{place}: the entity is "{surface}", but at {start} to {end} the text has "{there}"')
    left_out.update([DISCONTINUOUS] * (len(spans) > 1))
    label = _field(infons, "type", str, place)
    return RelatedEntity(start, end, label, text[start:end], concept_ids(str(infons.get("identifier") or "")))


def _field(value: Any, name: str, kind: type, where: str) -> Any:
    """A field of an object, of the kind expected; true and false are no numbers, and a list may be left out."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected a JSON object, found {type(value).__name__}")
    found = value.get(name, [] if kind is list and name in ("annotations", "relations") else None)
    if not isinstance(found, kind) or isinstance(found, bool):
        words = {str: "text", int: "a whole number", list: "a list", dict: "an object"}
        raise InputError(f'{where}: the field "{name}" holds {json.dumps(found)[:60]}; expected {words[kind]}')
    return found
