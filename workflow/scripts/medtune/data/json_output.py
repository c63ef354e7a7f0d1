"""Reading a model's answer that should be a JSON list of objects, or an object of such lists.

Nothing that a model can write makes it raise.
"""

import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["ok", "truncated", "trailing_text", "wrong_shape", "not_json"]
Fault = Literal["truncated", "not_json"]
Place = tuple[int, int]
"""(start, end) of characters, end exclusive."""

_SPACE = re.compile(r"[ \t\n\r]*")
_CUT_VALUE = re.compile(r"(?:t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|-|\.|[eE][+-]?)?\Z")
"""What is left from the fault on when a word or a number breaks off, or nothing at all."""
_CUT_ESCAPE = re.compile(r"\\?u?[0-9a-fA-F]{0,3}\Z")
_CHOICE = re.compile(r'"((?:[^"\\]|\\.)*")(\s*:)?|[\]{]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class ParsedItems:
    """The usable items of an output, and what is to be said about it.

    status, the first that holds:
    - "not_json": it is not JSON (nor NaN, nor nested too deeply to be read), not even up to a missing end; no items.
    - "truncated": it breaks off within the list; the items that were complete are kept.
    - "trailing_text": a whole list, then more text; its items are kept.
    - "wrong_shape": JSON but no list (no items), or a list with unusable items (the others are kept).
    - "ok": a list of usable items, or an empty one. The parse rate counts this status alone.

    dropped: items left out because they are no objects or lack a required field of the right type.
    """

    items: list[dict[str, Any]]
    status: Status
    dropped: int = 0


@dataclass(frozen=True)
class ParsedLists:
    """The usable items of an output that should be an object of lists, by list; each list asked for is there.

    status: as of `ParsedItems`, with the object in place of the list. A list that is missing, is no list, stands there
    twice (the first counts) or was not asked for is a wrong shape, too.
    dropped: by list, items left out.
    """

    items: dict[str, list[dict[str, Any]]]
    status: Status
    dropped: dict[str, int]

    @property
    def repaired(self) -> bool:
        """Whether the output breaks off, but after some complete item."""
        return self.status == "truncated" and any(self.items.values())


@dataclass
class _ReadList:
    """The values of a list, where each stands, and where the list ends; None for one that breaks off."""

    values: list[Any] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    end: int | None = None


def parse_items(output: str, required: Mapping[str, type], optional: Mapping[str, type] | None = None) -> ParsedItems:
    """Read a JSON list of objects from a model's output; white space around it is allowed. Never raises.

    required, optional: fields by type: str, int, float or bool. Items have exactly these fields: others are left out,
    an optional one that is absent or of another type is None. A bool is not an int, an int is a float, a float is
    finite, and a str can be written as UTF-8. Time and memory are linear in the output; JSON in a string is just text.
    """
    start = _skip_space(output, 0)
    if output[start : start + 1] != "[":
        return ParsedItems([], "wrong_shape" if _is_json(output) else "not_json")
    read, fault, end = _read_list(output, start)
    values = read.values
    status = fault or _status_of_end(output, end)
    items = [] if status == "not_json" else _all_usable(values, required, optional or {})
    dropped = 0 if status == "not_json" else len(values) - len(items)
    return ParsedItems(items, "wrong_shape" if status == "ok" and dropped else status, dropped)


def parse_lists(output: str, lists: Mapping[str, Mapping[str, type]]) -> ParsedLists:
    """Read a JSON object of lists of objects from a model's output; white space around it is allowed. Never raises.

    lists: the lists' names, each with the fields of its items, all of them required; see `parse_items` for the types
    and the bounds. An output that breaks off is cut after its last complete item.
    """
    start = _skip_space(output, 0)
    found: dict[str, _ReadList] = {}
    others = False
    if output[start : start + 1] != "{":
        status: Status = "wrong_shape" if _is_json(output) else "not_json"
    else:
        found, others, fault, end = _read_object(output, start, lists)
        status = fault or _status_of_end(output, end)
    if status == "not_json":
        found = {}
    values = {name: found[name].values if name in found else [] for name in lists}
    items = {name: _all_usable(values[name], fields, {}) for name, fields in lists.items()}
    dropped = {name: len(values[name]) - len(items[name]) for name in lists}
    if status == "ok" and (others or set(found) != set(lists) or any(dropped.values())):
        status = "wrong_shape"
    return ParsedLists(items, status, dropped)


def item_places(output: str, lists: Mapping[str, Mapping[str, type]], name: str) -> tuple[list[Place], Place | None]:
    """Where the usable items of one of the lists stand that `parse_lists` reads, and the bracket that closes the list;
    None where it breaks off or there is no such list. Never raises.
    """
    start = _skip_space(output, 0)
    if output[start : start + 1] != "{":
        return [], None
    found, _, fault, _ = _read_object(output, start, lists)
    if fault == "not_json" or name not in found:
        return [], None
    read = found[name]
    items = [
        place
        for value, place in zip(read.values, read.places, strict=True)
        if _usable(value, lists[name], {}) is not None
    ]
    return items, None if read.end is None else (read.end - 1, read.end)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _skip_space(output: str, position: int) -> int:
    return _SPACE.match(output, position).end()


def _is_json(output: str) -> bool:
    try:
        _DECODER.decode(output)
    except (ValueError, RecursionError):
        return False
    return True


def _status_of_end(output: str, end: int) -> Status:
    return "ok" if _skip_space(output, end) == len(output) else "trailing_text"


def _read_list(output: str, start: int) -> tuple[_ReadList, Fault | None, int]:
    """The list that opens at `start`, value by value, and its end: a fault leaves the values before it."""
    read = _ReadList()
    position = _skip_space(output, start + 1)
    while output[position : position + 1] != "]":
        first = position
        value, fault, position = _read_value(output, position)
        if fault:
            return read, fault, position
        read.values.append(value)
        read.places.append((first, position))
        fault, position = _next(output, position, "]")
        if fault:
            return read, fault, position
    read.end = position + 1
    return read, None, read.end


def _read_object(
    output: str, start: int, names: Collection[str]
) -> tuple[dict[str, _ReadList], bool, Fault | None, int]:
    """The lists with these names in the object that opens at `start`, whether it holds anything else, and its end."""
    found: dict[str, _ReadList] = {}
    others = False
    position = _skip_space(output, start + 1)
    while output[position : position + 1] != "}":
        if output[position : position + 1] not in ('"', ""):
            return found, others, "not_json", position
        name, fault, position = _read_value(output, position)
        position = _skip_space(output, position)
        if fault is None and output[position : position + 1] != ":":
            fault = "not_json" if position < len(output) else "truncated"
        if fault:
            return found, others, fault, position
        position = _skip_space(output, position + 1)
        if name in names and name not in found and output[position : position + 1] == "[":
            found[name], fault, position = _read_list(output, position)
        else:
            others = True
            _, fault, position = _read_value(output, position)
        if fault is None:
            fault, position = _next(output, position, "}")
        if fault:
            return found, others, fault, position
    return found, others, None, position + 1


def _read_value(output: str, position: int) -> tuple[Any, Fault | None, int]:
    """The JSON value at a position, and its end."""
    try:
        value, end = _DECODER.raw_decode(output, position)
    except json.JSONDecodeError as error:
        return None, "truncated" if _breaks_off(output, error) else "not_json", position
    except (ValueError, RecursionError):  # NaN, a number of thousands of digits, thousands of brackets
        return None, "not_json", position
    return value, None, end


def _next(output: str, position: int, closing: str) -> tuple[Fault | None, int]:
    """Where the next value starts, behind the comma, or where the bracket that closes stands."""
    position = _skip_space(output, position)
    mark = output[position : position + 1]
    if mark == ",":
        # A bracket here ends the list or object of `_read_list` and `_read_object`, but not after a comma.
        position = _skip_space(output, position + 1)
        return ("not_json" if output[position : position + 1] == closing else None), position
    if mark == closing:
        return None, position
    return "not_json" if mark else "truncated", position


def _breaks_off(output: str, error: json.JSONDecodeError) -> bool:
    """Whether JSON is at fault only in that the output ends."""
    if error.msg.startswith("Unterminated string"):
        return True
    cut = _CUT_ESCAPE if error.msg.startswith("Invalid \\u") else _CUT_VALUE
    return bool(cut.match(output, _skip_space(output, error.pos)))


def _all_usable(
    values: Iterable[Any], required: Mapping[str, type], optional: Mapping[str, type]
) -> list[dict[str, Any]]:
    return [item for value in values if (item := _usable(value, required, optional)) is not None]


def _usable(value: Any, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any] | None:
    """The item with the fields asked for; None when a required one is not there."""
    if not isinstance(value, dict) or not all(_is(value.get(field), kind) for field, kind in required.items()):
        return None
    return {field: value[field] for field in required} | {
        field: value[field] if _is(value.get(field), kind) else None for field, kind in optional.items()
    }


def _is(value: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and not _SURROGATE.search(value)
    if kind is float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and abs(value) <= sys.float_info.max
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def value_places(output: str) -> tuple[Place, ...]:
    """Where a JSON text says something of its own: each string value with its closing quote, the brace by which another
    item begins, and the bracket by which a list ends. Keys, other punctuation and numbers are left out. Never raises.
    """
    places = []
    for match in _CHOICE.finditer(output):
        if match[1] is None:
            places.append(match.span())
        elif match[2] is None:
            places.append(match.span(1))
    return tuple(places)
