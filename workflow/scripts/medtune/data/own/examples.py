"""From records to canonical examples: every field checked, all problems told at once."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.data.dropped import Dropped
from medtune.data.own.records import SPLITS, Allowed, OwnRecord, OwnSource, Problems, one_of
from medtune.data.table_files import is_utf8

IGNORED = "its label is one of data.ignore"
REPEATED_ENTITY = "entities that stand twice in a record"
_COUNTED = re.compile("[a-z0-9]")
"""What tokens of ROUGE are of, see `metrics.text.rouge`."""
REPEATED_RELATION = "relations that stand twice in a record"
TRIMMED = "entities without the white space that they began or ended with"
IGNORED_ENTITY = "entities whose type is one of data.ignore"
IGNORED_RELATION = "relations whose type, or whose entity's type, is one of data.ignore"


@dataclass(frozen=True)
class Examples:
    """rows: canonical examples, each with `split` where splits are given. where: place of each, by id. dropped:
    records that are no example. left_out: what was left out within records, and how often."""

    rows: list[dict]
    where: dict[str, str]
    dropped: list[Dropped]
    left_out: dict[str, int]


class Faulty(Exception):
    """What is wrong with a record, without where it stands."""


def make_examples(records: Iterable[OwnRecord], source: OwnSource, name: str) -> Examples:
    """Check the records and make them examples, in their order. name: what they have as `source`.

    Raises InputError for faulty records: the first problem of each, the first three records, and how many there are.
    """
    problems = Problems(source.shown)
    rows: list[dict] = []
    dropped: list[Dropped] = []
    where: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    content = {"labels": _label, "answers": _answer, "spans": _entities, "relations": _relations}[source.kind]
    count = 0
    for record in records:
        count += 1
        if record.dropped:
            dropped.append(Dropped(name, record.key, record.dropped))
            continue
        try:
            row = _common(record, name)
            if row["id"] in where:
                raise Faulty(f'the id "{row["id"]}" is that of {where[row["id"]]}, too; expected each id once')
            where[row["id"]] = record.where
            found = content(record.fields, row["text"], source, left_out)
        except Faulty as error:
            problems.add(f"{record.where}: {error}")
            continue
        if found is None:
            dropped.append(Dropped(name, row["id"], IGNORED))
        else:
            rows.append({**row, **found})
            left_out.update({reason: number for reason, number in record.left_out.items() if number})
    if not count:
        problems.add(f"{source.shown}: holds no records")
    _check_types(rows, source, problems)
    _check_alphabet(rows, source, problems)
    problems.raise_if_any()
    return Examples(rows, where, dropped, {reason: number for reason, number in left_out.items() if number})


def _common(record: OwnRecord, name: str) -> dict:
    """Id, text, source, group and split."""
    fields = record.fields
    text = _text(fields, "text")
    identifier = _text(fields, "id") if "id" in fields else record.key
    row = {"id": identifier, "text": text, "source": name}
    if "group" in fields:
        row["group"] = _text(fields, "group")
    if "split" in fields:
        row["split"] = _text(fields, "split")
        if row["split"] not in SPLITS:
            raise Faulty(one_of("split", row["split"], SPLITS))
    return row


def _label(fields: Mapping, text: str, source: OwnSource, left_out: Counter[str]) -> dict | None:
    """The label, and its reason where one is taught; None for a label that is left out."""
    label = _text(fields, "label").strip()
    if source.ignores(label, source.labels):
        return None
    if label not in source.labels:
        raise Faulty(f"{one_of('label', label, source.labels)}; add it to `labels`, or to `data.ignore`")
    if "rationale" not in fields:
        return {"label": label}
    rationale = "" if _missing(fields["rationale"]) else _text(fields, "rationale").strip()
    return {"label": label, "rationale": rationale}


def _answer(fields: Mapping, text: str, source: OwnSource, left_out: Counter[str]) -> dict:
    return {"answer": _text(fields, "answer").strip()}


def _entities(fields: Mapping, text: str, source: OwnSource, left_out: Counter[str]) -> dict:
    """Entities, each once."""
    return {"entities": _kept_entities(fields, text, source, left_out)[0]}


def _kept_entities(
    fields: Mapping, text: str, source: OwnSource, left_out: Counter[str]
) -> tuple[list[dict], list[int | None]]:
    """The entities, each once, and the new place of each that was given; None for one that is left out."""
    entities: list[dict] = []
    places: list[int | None] = []
    for number, given in enumerate(_list(fields, "entities"), start=1):
        entity = _entity(given, f"entity {number}", text)
        left_out[TRIMMED] += (entity["start"], entity["end"]) != (given["start"], given["end"])
        if source.ignores(entity["type"], source.entities):
            left_out[IGNORED_ENTITY] += 1
            places.append(None)
            continue
        if entity["type"] not in source.entities:
            known = one_of("entity type", entity["type"], source.entities)
            raise Faulty(f"entity {number}: {known}; add it to `entities`, or to `data.ignore`")
        if entity in entities:
            left_out[REPEATED_ENTITY] += 1
        else:
            entities.append(entity)
        places.append(entities.index(entity))
    return entities, places


def _entity(given: Any, which: str, text: str) -> dict:
    if not isinstance(given, Mapping) or not {"start", "end", "type"} <= set(given):
        raise Faulty(f"{which}: {_shown(given)}; expected an object with start, end and type")
    start, end, kind = given["start"], given["end"], given["type"]
    if not all(isinstance(offset, int) and not isinstance(offset, bool) for offset in (start, end)):
        raise Faulty(f"{which}: start {_shown(start)}, end {_shown(end)}; expected whole numbers")
    if not 0 <= start < end <= len(text):
        raise Faulty(
            f"{which}: the span {start} to {end} is empty or outside the text; expected 0 <= start < end <= {len(text)}"
        )
    if not isinstance(kind, str):
        raise Faulty(f"{which}: the type is {_shown(kind)}; expected text")
    there, said = text[start:end], given.get("text")
    if isinstance(said, str) and said.split() != there.split():
        raise Faulty(f"{which}: the text from {start} to {end} is {_shown(there)}, not {_shown(said)}")
    if not there.strip():
        raise Faulty(f"{which}: the text from {start} to {end} is white space; expected an entity")
    start, there = start + len(there) - len(there.lstrip()), there.strip()  # an answer cannot say where space begins
    return {"start": start, "end": start + len(there), "type": kind, "text": there}


def _relations(fields: Mapping, text: str, source: OwnSource, left_out: Counter[str]) -> dict:
    """Entities and relations, each once; of a relation that may be turned round, the first way in which it stands."""
    entities, places = _kept_entities(fields, text, source, left_out)
    relations: list[dict] = []
    for number, given in enumerate(_list(fields, "relations"), start=1):
        which = f"relation {number}"
        if not isinstance(given, Mapping) or not {"head", "tail", "type"} <= set(given):
            raise Faulty(f"{which}: {_shown(given)}; expected an object with head, tail and type")
        head, tail = (_place(given[end], f"{which}: the {end}", places) for end in ("head", "tail"))
        kind = given["type"]
        if not isinstance(kind, str):
            raise Faulty(f"{which}: the type is {_shown(kind)}; expected text")
        if source.ignores(kind, source.relations) or head is None or tail is None:
            left_out[IGNORED_RELATION] += 1
            continue
        if kind not in source.relations:
            known = one_of("relation type", kind, source.relations)
            raise Faulty(f"{which}: {known}; add it to `relations`, or to `data.ignore`")
        if head == tail:
            raise Faulty(f"{which}: its head and tail are the same entity; expected two")
        _check_ends(which, kind, source.relations[kind], entities[head]["type"], entities[tail]["type"])
        relation, turned = ({"head": a, "tail": b, "type": kind} for a, b in ((head, tail), (tail, head)))
        if relation in relations or (source.relations[kind].symmetric and turned in relations):
            left_out[REPEATED_RELATION] += 1
        else:
            relations.append(relation)
    return {"entities": entities, "relations": relations}


def _place(value: Any, which: str, places: Sequence[int | None]) -> int | None:
    """New place of the entity that an end of a relation names."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < len(places):
        there = f"0 to {len(places) - 1}" if places else "an entity, of which there is none"
        raise Faulty(f"{which} names entity {_shown(value)}, which is not there; expected {there}")
    return places[value]


def _check_ends(which: str, kind: str, allowed: Allowed, head: str, tail: str) -> None:
    """Raise Faulty unless the relation can hold between entities of these types."""
    ways = [(head, tail), (tail, head)] if allowed.symmetric else [(head, tail)]
    if not any(one in allowed.heads and other in allowed.tails for one, other in ways):
        raise Faulty(
            f'{which}: "{kind}" from {head} to {tail}; expected a head of type {" or ".join(allowed.heads)} and a tail '
            f"of type {' or '.join(allowed.tails)}"
        )


def _check_types(rows: Sequence[dict], source: OwnSource, problems: Problems) -> None:
    """Every label and type that the study names must occur; told only where the records themselves are in order."""
    if problems.found:
        return
    of_rows: dict[str, tuple[Iterable[str], Callable[[dict], Iterable[str]]]] = {
        "labels": (source.labels, lambda row: [row["label"]] if "label" in row else []),
        "entities": (source.entities, lambda row: [entity["type"] for entity in row.get("entities", [])]),
        "relations": (source.relations, lambda row: [relation["type"] for relation in row.get("relations", [])]),
    }
    for key, (names, types_of) in of_rows.items():
        there = {kind for row in rows for kind in types_of(row)}
        for name in names:
            if name not in there:
                problems.add(f'{source.shown}: no record has "{name}", which `{key}` names; remove it or add examples')


def _check_alphabet(rows: Sequence[dict], source: OwnSource, problems: Problems) -> None:
    """Most answers must have what ROUGE counts, or whatever a model says is 0."""
    answers = [row["answer"] for row in rows if "answer" in row]
    without = sum(not _COUNTED.search(answer.lower()) for answer in answers)
    if without > len(answers) / 2:
        problems.add(
            f"{source.shown}: {without} of {len(answers)} answers have neither a letter from a to z nor a digit, so "
            "that their ROUGE-L, by which runs are chosen, is 0 whatever a model says; expected answers in the Latin "
            "alphabet"
        )


def _list(fields: Mapping, name: str) -> list:
    value = fields.get(name)
    if not isinstance(value, list):
        raise Faulty(f"the {name} are {_shown(value)}; expected a list of objects")
    return value


def _text(fields: Mapping, name: str) -> str:
    """A field that must hold text; numbers are taken as they are written."""
    value = fields.get(name)
    if _missing(value):
        raise Faulty(f"the {name} is empty; expected text")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Faulty(f"the {name} is {_shown(value)}; expected text")
    if not is_utf8(str(value)):
        raise Faulty(f"the {name} holds half of a surrogate pair, which is not text")
    return str(value)


def _missing(value: Any) -> bool:
    """Whether a cell holds nothing: null, NaN or white space."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or not str(value).strip()


def _shown(value: Any) -> str:
    """A value for messages, as short as it must be."""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
