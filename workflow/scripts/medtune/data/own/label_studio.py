"""Records from Label Studio's export "JSON": a list of tasks with their annotations.

    [{"id": 1, "data": {"text": "Aspirin for pain"}, "annotations": [{"result": [
        {"id": "a", "type": "labels", "value": {"start": 0, "end": 7, "text": "Aspirin", "labels": ["Drug"]}},
        {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["treats"]},
        {"type": "choices", "from_name": "status", "value": {"choices": ["never"]}},
        {"type": "textarea", "from_name": "why", "value": {"text": ["It says so."]}}]}]}]

Layout: https://labelstud.io/guide/task_format and its page on results. Columns are fields of a task's `data`; label,
rationale and answer name the control (`from_name`), where there are several. Offsets count code points, or in exports
before version 1.5 units of UTF-16: the way in which the stated texts fit is taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.data.own.records import NOT_LABELLED, OwnRecord, OwnSource
from medtune.errors import InputError
from medtune.files import read_json

NOT_ANNOTATED = "task without an annotation that was submitted"
FURTHER = "further annotations of a task: the ground truth is taken, else the first"
IN_DATA = ("text", "id", "group", "split")


def read_label_studio(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """A record a task; one without a submitted annotation, or whose annotation has no label or answer, is dropped.

    Raises InputError naming file and task for what is not in the layout, several choices or texts in place of one,
    regions of anything but plain text, and relations without a label or between regions that are not there.
    """
    tasks = read_json(path)
    if not isinstance(tasks, list):
        raise InputError(f'{path}: expected a list of tasks, as Label Studio\'s export "JSON" gives it')
    for number, task in enumerate(tasks, start=1):
        key = str(task.get("id", number)) if isinstance(task, dict) else str(number)
        where = f"{path}, task {key}"
        if (
            not isinstance(task, dict)
            or not isinstance(task.get("data"), dict)
            or not _objects(task.get("annotations"))
        ):
            raise InputError(f'{where}: no data or annotations; expected Label Studio\'s export "JSON", not "JSON-MIN"')
        submitted = [item for item in task["annotations"] if not item.get("was_cancelled")]
        if not submitted:
            yield OwnRecord(where, key, dropped=NOT_ANNOTATED)
            continue
        chosen = next((item for item in submitted if item.get("ground_truth")), submitted[0])
        if not _objects(chosen.get("result")):
            raise InputError(f"{where}: its annotation has no list of results; expected an export that is whole")
        fields = _of_data(task["data"], source, where)
        fields |= _of_results(chosen["result"], fields["text"], source, where)
        empty = any(name in fields and fields[name] is None for name in ("label", "answer"))
        yield OwnRecord(
            where, key, fields, dropped=NOT_LABELLED if empty else None, left_out={FURTHER: len(submitted) - 1}
        )


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _of_data(data: Mapping[str, Any], source: OwnSource, where: str) -> dict[str, Any]:
    fields = {}
    for name in IN_DATA:
        column = source.columns.get(name)
        if column is not None:
            if column not in data:
                there = ", ".join(f'"{key}"' for key in data) or "none"
                raise InputError(f'{where}: no field "{column}" in its data; its fields are {there}')
            fields[name] = data[column]
    return fields


def _of_results(results: Sequence[Mapping], text: Any, source: OwnSource, where: str) -> dict[str, Any]:
    """The fields of a kind."""
    columns = source.columns
    if source.kind == "labels":
        fields = {"label": _one(results, "choices", "choices", columns["label"], where)}
        if columns.get("rationale"):
            fields["rationale"] = _one(results, "textarea", "text", columns["rationale"], where, named=True)
        return fields
    if source.kind == "answers":
        return {"answer": _one(results, "textarea", "text", columns["answer"], where)}
    entities, places = _regions(results, text, where)
    relations = [relation for item in results for relation in _relations(item, places, source, where)]
    return {"entities": entities} if source.kind == "spans" else {"entities": entities, "relations": relations}


def _one(results: Sequence[Mapping], kind: str, key: str, control: str, where: str, named: bool = False) -> str | None:
    """What a control says, None for nothing: the one of that name or, unless `named`, the only one of its kind."""
    found = [item for item in results if item.get("type") == kind]
    names = list(dict.fromkeys(str(item.get("from_name")) for item in found))
    if named or len(names) > 1:
        found = [item for item in found if item.get("from_name") == control]
        if not found and not named:
            raise InputError(f"{where}: {kind} of {' and '.join(names)}; name one of them in data.columns")
    said = [value for item in found for value in _listed((item.get("value") or {}).get(key))]
    if len(said) > 1:
        raise InputError(f"{where}: {len(said)} {kind}, {', '.join(map(str, said))}; expected one")
    return said[0] if said else None


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _regions(results: Sequence[Mapping], text: Any, where: str) -> tuple[list[dict], dict[str, int]]:
    """Entities, one for each label of a region, and the place of each region's first."""
    entities: list[dict] = []
    places: dict[str, int] = {}
    for item in results:
        value = item.get("value") or {}
        labels = value.get("labels") or value.get("hypertextlabels")
        if item.get("type") == "relation" or not labels:
            continue
        if not isinstance(value.get("start"), int) or not isinstance(value.get("end"), int):
            raise InputError(f'{where}, region "{item.get("id")}": no offsets in plain text; expected labels of a Text')
        places[str(item.get("id"))] = len(entities)
        said = {"text": value["text"]} if isinstance(value.get("text"), str) else {}
        entities += [{"start": value["start"], "end": value["end"], "type": label, **said} for label in labels]
    if isinstance(text, str) and not _fit(entities, text):
        units = _code_points(text)
        turned = [{**e, "start": units.get(e["start"], -1), "end": units.get(e["end"], -1)} for e in entities]
        entities = turned if _fit(turned, text) else entities
    return entities, places


def _fit(entities: Sequence[Mapping], text: str) -> bool:
    """Whether all stated texts stand where their offsets say; white space does not count."""
    return all(text[e["start"] : e["end"]].split() == e["text"].split() for e in entities if "text" in e)


def _code_points(text: str) -> dict[int, int]:
    """Place in code points by place in units of UTF-16."""
    places, units = {0: 0}, 0
    for index, character in enumerate(text, start=1):
        units += 2 if ord(character) > 0xFFFF else 1
        places[units] = index
    return places


def _relations(item: Mapping, places: Mapping[str, int], source: OwnSource, where: str) -> list[dict]:
    """The relations that a result says: none, one for each label; both ways for an arrow with two heads."""
    if item.get("type") != "relation" or source.kind != "relations":
        return []
    for end in ("from_id", "to_id"):
        if str(item.get(end)) not in places:
            raise InputError(f'{where}: a relation names the region "{item.get(end)}", which is not there or no entity')
    if not item.get("labels"):
        raise InputError(f"{where}: a relation has no label; expected one of {', '.join(source.relations)}")
    head, tail = places[str(item["from_id"])], places[str(item["to_id"])]
    ways = {"left": [(tail, head)], "bi": [(head, tail), (tail, head)]}.get(item.get("direction"), [(head, tail)])
    return [{"head": a, "tail": b, "type": label} for label in item["labels"] for a, b in ways]
