"""Pieces of JSON Schemas of answers, for constrained decoding: lists of objects with fixed fields."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
"""A text that is not empty."""


def one_of(values: Sequence[str]) -> Schema:
    """One of some texts."""
    return {"enum": list(values)}


def object_of(properties: Mapping[str, Schema]) -> Schema:
    """All properties, in their order, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(properties: Mapping[str, Schema]) -> Schema:
    """A list of objects, which may be empty."""
    return {"type": "array", "items": object_of(properties)}
