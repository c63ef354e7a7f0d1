"""RadGraph-XL as on PhysioNet: JSON lines in DyGIE's layout (Wadden et al. 2019), turned into that of RadGraph."""

import json
from collections.abc import Iterator
from typing import Any

from medtune.errors import InputError


def is_dygie(text: str) -> bool:
    """Whether the first line that is not empty is a whole record of its own with tokenised sentences."""
    line = next((line for line in text.split("\n") if line.strip()), "")
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return False
    return isinstance(record, dict) and isinstance(record.get("sentences"), list)


def from_dygie(record: dict, where: str) -> tuple[str, dict]:
    """The id of a report and the report in RadGraph's layout. where: file and line, for messages.

    Tokens are joined by spaces. A relation's ends are the first entities with their spans.
    Raises InputError for what is not in the layout; labels and bounds are left to RadGraph's own reader.
    """
    key = record.get("doc_key")
    if not isinstance(key, str) or not key:
        raise InputError(f'{where}: no id; expected a text in the field "doc_key".')
    where = f'{where}, report "{key}"'
    tokens = list(_inner(record, "sentences", where))
    for token in tokens:
        if not isinstance(token, str) or token.split() != [token]:
            raise InputError(f"{where}: the token {json.dumps(token)} is not a text without white space.")
    entities: dict[str, dict] = {}
    by_span: dict[tuple[int, int], str] = {}
    for entry in _inner(record, "ner", where):
        first, last, label = _fields(entry, 2, where, "an entity", "[first, last, label]")
        number = str(len(entities) + 1)
        entities[number] = {
            "tokens": " ".join(tokens[max(first, 0) : last + 1]),
            "label": label,
            "start_ix": first,
            "end_ix": last,
            "relations": [],
        }
        by_span.setdefault((first, last), number)
    for entry in _inner(record, "relations", where):
        *ends, kind = _fields(entry, 4, where, "a relation", "[first, last, first, last, type]")
        head, tail = tuple(ends[:2]), tuple(ends[2:])
        for span in (head, tail):
            if span not in by_span:
                raise InputError(f'{where}: a relation "{kind}" names tokens {span[0]} to {span[1]}, no entity\'s.')
        entities[by_span[head]]["relations"].append([kind, by_span[tail]])
    return key, {"text": " ".join(tokens), "entities": entities, "data_source": record.get("dataset")}


def _inner(record: dict, name: str, where: str) -> Iterator[Any]:
    """The members of a list of lists; a field that is missing has none."""
    outer = record.get(name, [])
    if not isinstance(outer, list) or not all(isinstance(inner, list) for inner in outer):
        raise InputError(f'{where}: "{name}" is not a list with a list for each sentence.')
    return (member for inner in outer for member in inner)


def _fields(entry: Any, numbers: int, where: str, what: str, form: str) -> tuple:
    """`numbers` token indices, and the name after them."""
    if (
        not isinstance(entry, list)
        or len(entry) != numbers + 1
        or not all(isinstance(index, int) and not isinstance(index, bool) for index in entry[:numbers])
        or not isinstance(entry[numbers], str)
    ):
        raise InputError(f"{where}: {json.dumps(entry)} is not {what} as {form}.")
    return tuple(entry)
