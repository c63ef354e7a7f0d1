"""Reading a model's answer that should be a JSON list of objects. Nothing that a model can write makes it raise."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "truncated", "trailing_text", "wrong_shape", "not_json"]

_SPACE = re.compile(r"[ \t\n\r]*")
_CUT_VALUE = re.compile(r"(?:t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|-|\.|[eE][+-]?)?\Z")
"""What is left from the fault on when a word or a number breaks off, or nothing at all."""
_CUT_ESCAPE = re.compile(r"\\?u?[0-9a-fA-F]{0,3}\Z")
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


def parse_items(output: str, required: Mapping[str, type], optional: Mapping[str, type] | None = None) -> ParsedItems:
    """Read a JSON list of objects from a model's output; white space around it is allowed. Never raises.

    required, optional: fields by type: str, int, float or bool. Items have exactly these fields: others are left out,
    an optional one that is absent or of another type is None. A bool is not an int, an int is a float, a float is
    finite, and a str can be written as UTF-8. Time and memory are linear in the output; JSON in a string is just text.
    """
    start = _skip_space(output, 0)
    if output[start : start + 1] != "[":
        return ParsedItems([], "wrong_shape" if _is_json(output) else "not_json")
    values, status = _read_list(output, start)
    if status == "not_json":
        return ParsedItems([], "not_json")
    items = [item for value in values if (item := _usable(value, required, optional or {})) is not None]
    dropped = len(values) - len(items)
    return ParsedItems(items, "wrong_shape" if status == "ok" and dropped else status, dropped)


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


def _read_list(output: str, start: int) -> tuple[list[Any], Status]:
    """The values of the list that opens at `start`, one by one: a fault leaves those before it."""
    values: list[Any] = []
    position = _skip_space(output, start + 1)
    mark = output[position : position + 1]
    while mark != "]":
        try:
            value, position = _DECODER.raw_decode(output, position)
        except json.JSONDecodeError as error:
            return values, "truncated" if _breaks_off(output, error) else "not_json"
        except (ValueError, RecursionError):  # NaN, a number of thousands of digits, thousands of brackets
            return values, "not_json"
        values.append(value)
        position = _skip_space(output, position)
        mark = output[position : position + 1]
        if mark == ",":
            position = _skip_space(output, position + 1)
        elif mark != "]":
            return values, "not_json" if mark else "truncated"
    return values, "ok" if _skip_space(output, position + 1) == len(output) else "trailing_text"


def _breaks_off(output: str, error: json.JSONDecodeError) -> bool:
    """Whether JSON is at fault only in that the output ends."""
    if error.msg.startswith("Unterminated string"):
        return True
    cut = _CUT_ESCAPE if error.msg.startswith("Invalid \\u") else _CUT_VALUE
    return bool(cut.match(output, _skip_space(output, error.pos)))


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
