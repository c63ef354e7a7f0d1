"""The rows of the relations study: a document, and which part of its answer is asked for.

    {"id": "test-00007", "text": "Metformin treated gout.",
     "entities": [{"start": 0, "end": 9, "label": "Drug", "text": "Metformin", "concepts": []}, …],
     "relations": [{"type": "treats", "head": 0, "tail": 1}],
     "step": "joint", "given": null}

step: "joint" asks for entities and relations as one answer, "entities" and "relations" for one of them. given: entities
as [text, type] that the model is told, none otherwise; a joint row with them has its answer begun.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from medtune.data.related import RelatedDocument, faults, from_row, to_row
from medtune.errors import InputError
from medtune.files import read_jsonl
from medtune.kinds.relations.output import ENTITIES, write_output

Step = Literal["joint", "entities", "relations"]
STEPS: tuple[Step, ...] = get_args(Step)
Given = list[list[str]]
"""Entities as [text, type]."""

_ENTITY = {"start": int, "end": int, "label": str, "text": str, "concepts": list}


def row_of(document: RelatedDocument, step: Step = "joint", given: Given | None = None) -> dict:
    """The row of a document.

    Raises ValueError for given entities that do not fit the step: "relations" needs them, "entities" takes none.
    """
    if (fault := _misfit(step, given)) is not None:
        raise ValueError(fault)
    return {**to_row(document), "step": step, "given": given}


def document_of(row: Mapping[str, Any], where: str = "row") -> RelatedDocument:
    """The document of a row.

    where: what the row is called in messages. Raises InputError for missing fields and fields of another kind, entities
    that are not what the text has at their offsets, relations of entities or concepts that are not there, an unknown
    step, and given entities that do not fit it.
    """
    if (fault := _fault(row)) is not None:
        raise InputError(f"{where}: {fault}")
    document = from_row(row)
    for fault in faults(document):
        raise InputError(f'{where}, document "{document.id}": {fault}')
    return document


def read_rows(path: Path | str) -> list[dict]:
    """The rows of a JSON-lines file, checked. Raises InputError naming file and record, see `document_of`, and when a
    document has two rows for the same step."""
    rows = read_jsonl(path)
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, start=1):
        where = f"{path}, record {number}"
        key = document_of(row, where).id, row["step"]
        if key in seen:
            raise InputError(f'{where}: the document "{key[0]}" has two rows for the step "{key[1]}"; expected one')
        seen.add(key)
    return rows


def written_of(document: RelatedDocument) -> dict[str, list[dict[str, str]]]:
    """What a model should answer, by list; see `write_output`."""
    return json.loads(write_output(document))


def gold_given(document: RelatedDocument, step: Literal["joint", "relations"]) -> Given:
    """The document's own entities, as they are given for a step.

    A begun joint answer lists every mention, as whole ones do. The step "relations" is told each pair of text and type
    once, at inference too.
    """
    listed = [[entity["text"], entity["type"]] for entity in written_of(document)[ENTITIES]]
    return listed if step == "joint" else distinct(listed)


def distinct(given: Iterable[Sequence[str]]) -> Given:
    """Pairs of text and type, each once, in the order given."""
    return [list(pair) for pair in dict.fromkeys(map(tuple, given))]


def training_rows(documents: Iterable[RelatedDocument], two_steps: bool = False) -> list[dict]:
    """One row a document, or two: the entities, and the relations between the document's own entities."""
    if not two_steps:
        return [row_of(document) for document in documents]
    return [
        row
        for document in documents
        for row in (row_of(document, "entities"), row_of(document, "relations", gold_given(document, "relations")))
    ]


def _fault(row: Mapping[str, Any]) -> str | None:
    """What is wrong with the form of a row, as part of a sentence."""
    for name, kind in {"id": str, "text": str, "entities": list, "relations": list, "step": str}.items():
        if not isinstance(row.get(name), kind):
            return f'the field "{name}" is missing or no {"text" if kind is str else "list"}'
    for number, entity in enumerate(row["entities"], start=1):
        if not isinstance(entity, dict) or entity.keys() != _ENTITY.keys():
            return f"entity {number} has not exactly the fields {', '.join(_ENTITY)}"
        for name, kind in _ENTITY.items():
            if not _is(entity[name], kind):
                return f'entity {number}: the field "{name}" holds {entity[name]!r:.60}'
        if not all(isinstance(concept, str) for concept in entity["concepts"]):
            return f"entity {number}: its concepts are not all text"
    for number, relation in enumerate(row["relations"], start=1):
        if not isinstance(relation, dict) or relation.keys() != {"type", "head", "tail"}:
            return f"relation {number} has not exactly the fields type, head, tail"
        if not isinstance(relation["type"], str) or not all(
            _is(relation[end], str) or _is(relation[end], int) for end in ("head", "tail")
        ):
            return f"relation {number}: expected a type, and of both arguments the number of an entity or a concept id"
    given = row.get("given")
    if given is not None and not (
        isinstance(given, list)
        and all(isinstance(pair, list) and len(pair) == 2 and all(_is(part, str) for part in pair) for pair in given)
    ):
        return 'the field "given" is neither null nor a list of pairs of text and type'
    return _misfit(row["step"], given)


def _misfit(step: str, given: Given | None) -> str | None:
    """What is wrong with a step and the entities that are given for it."""
    if step not in STEPS:
        return f'the step is "{step}"; expected one of {", ".join(STEPS)}'
    if (step == "relations" and given is None) or (step == "entities" and given is not None):
        needs = "needs the entities in" if given is None else "takes no entities in"
        return f'the step "{step}" {needs} the field "given"'
    return None


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
