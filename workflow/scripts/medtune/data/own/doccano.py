"""Records from doccano's exports in JSON lines.

    {"id": 1, "text": "Never smoked.", "label": ["never"]}
    {"id": 2, "text": "Aspirin for pain", "label": [[0, 7, "Drug"]]}
    {"id": 3, "text": "Aspirin for pain", "entities": [{"id": 8, "label": "Drug", "start_offset": 0, "end_offset": 7},
     {"id": 9, "label": "Problem", "start_offset": 12, "end_offset": 16}],
     "relations": [{"id": 1, "from_id": 8, "to_id": 9, "type": "treats"}]}

Layout: data_export/pipeline of github.com/doccano/doccano. The id is the export's own, and the text "text" (before
version 1.5 "data"), unless a column of that name is set and there; group and split are metadata of the texts.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medtune.data.own.records import NOT_LABELLED, OwnRecord, OwnSource
from medtune.data.table_files import TableRecord, field_of, json_records
from medtune.errors import InputError

LABELS = ("label", "labels", "cats")
TEXTS = ("text", "data")


def read_doccano(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """A record a line; a text without label or answer is dropped, one without entities is not.

    Raises InputError naming the line for what is not in the layout, and for several labels or answers.
    """
    for row in json_records(path):
        key = str(row.values.get("id", row.number))
        content = _content(row, source)
        if content is None:
            yield OwnRecord(row.where, key, dropped=NOT_LABELLED)
            continue
        fields = {
            name: field_of(row, column) for name in ("id", "group", "split") if (column := source.columns.get(name))
        }
        text = _first(row.values, (source.columns["text"] or "text", *TEXTS))
        if text is None:
            raise InputError(f'{row.where}: no field "text"; expected an export of doccano in JSON lines')
        yield OwnRecord(row.where, key, {**fields, "text": row.values[text], **content})


def _content(row: TableRecord, source: OwnSource) -> dict[str, Any] | None:
    """The fields of a kind; None where there is no label or answer."""
    if source.kind in ("labels", "answers"):
        name = _first(row.values, LABELS)
        if name is None:
            raise InputError(f'{row.where}: no field "label"; expected an export of doccano in JSON lines')
        found = row.values[name] if isinstance(row.values[name], list) else [row.values[name]]
        if len(found) > 1:
            raise InputError(f"{row.where}: {len(found)} labels, {', '.join(map(str, found))}; expected one")
        return {"label" if source.kind == "labels" else "answer": found[0]} if found else None
    name = _first(row.values, ("entities", *LABELS[:2]))
    if name is None or not isinstance(row.values[name], list):
        raise InputError(f'{row.where}: no list "label" or "entities"; expected an export of doccano in JSON lines')
    entities = [_entity(item, f"{row.where}, entity {n}") for n, item in enumerate(row.values[name], start=1)]
    if source.kind == "spans":
        return {"entities": entities}
    places = {item.get("id"): n for n, item in enumerate(row.values[name]) if isinstance(item, Mapping)}
    given = row.values.get("relations")
    if not isinstance(given, list) or (entities and not places):
        raise InputError(
            f'{row.where}: no relations; expected the export "JSONL(relation)" of a project with relations'
        )
    return {"entities": entities, "relations": [_relation(item, places, row.where) for item in given]}


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in values), None)


def _entity(item: Any, where: str) -> dict[str, Any]:
    if isinstance(item, list) and len(item) == 3:
        return dict(zip(("start", "end", "type"), item, strict=True))
    if isinstance(item, Mapping) and {"start_offset", "end_offset", "label"} <= set(item):
        return {"start": item["start_offset"], "end": item["end_offset"], "type": item["label"]}
    raise InputError(f"{where}: {item}; expected [start, end, type], or start_offset, end_offset and label")


def _relation(item: Any, places: Mapping[Any, int], where: str) -> dict[str, Any]:
    if not isinstance(item, Mapping) or not {"from_id", "to_id", "type"} <= set(item):
        raise InputError(f"{where}: the relation {item}; expected from_id, to_id and type")
    for end in ("from_id", "to_id"):
        if item[end] not in places:
            raise InputError(f"{where}: a relation names the entity {item[end]}, which is not there")
    return {"head": places[item["from_id"]], "tail": places[item["to_id"]], "type": item["type"]}
