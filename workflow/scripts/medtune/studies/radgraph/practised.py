"""The question of the study in a form that a base model knows, and how its answers are read.

A synthetic base model is asked as its pre-training text asks for lists, see `listing`; any other one in
its chat template, or with a plain instruction. Answers are read leniently: what counts is which values are listed.
"""

import json
import re

from medtune.data.json_output import value_places
from medtune.kinds.task import Parsed, Part
from medtune.studies.radgraph.listing import FIELDS, prompt

ASKED = {
    "ANAT-DP": "anatomy",
    "OBS-DP": "observations that are present",
    "OBS-DA": "observations that are absent",
    "OBS-U": "uncertain observations",
}
"""What is asked for, in the words of a request."""
LISTING = "reports"
"""The pre-training text that practises lists."""
_VALUE_FIELDS = ("entity_value", *FIELDS, "text", "entity", "observation")
_BULLET = re.compile(r"(?:[-*•]|\d+[.)])\s+(.+)")
_NOTHING = re.compile(r"\W*(?:none|nothing|no (?:such )?\w+)\W*", re.IGNORECASE)


def listing_prompt(entity: str, sentence: str) -> str:
    """The question as the pre-training text has it."""
    return prompt(f"List the {ASKED[entity]}.", sentence)


def read_answer(output: str, entity: str) -> Parsed:
    """The values of the first JSON list in an output, whatever stands around it, or of its bullets, as items of the
    study; "none" is an empty list. Values may be texts or the first known field of an object. Never raises.

    status: "ok" where a list was found, else "not_json"; the value is None then.
    """
    values = _json_values(output)
    if values is None:
        values = [match[1].strip() for line in output.splitlines() if (match := _BULLET.match(line.strip()))] or None
    if values is None and _NOTHING.fullmatch(output):
        values = []
    if values is None:
        return Parsed(None, "not_json")
    items = [
        {"entity_type": entity, "entity_value": value, "start_position": None, "end_position": None}
        for value in values
        if value.strip()
    ]
    return Parsed(items, "ok")


def answer_parts(output: str, entity: str) -> list[Part]:
    """All values for every item and for the end of the list: these answers have no confidence of their own."""
    items = read_answer(output, entity).value
    if items is None:
        return []
    return [value_places(output) or ((0, len(output)),)] * (len(items) + 1)


def _json_values(output: str) -> list[str] | None:
    """Values of the first JSON list; None where none can be read."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"\[", output):
        try:
            found, _ = decoder.raw_decode(output, match.start())
        except (json.JSONDecodeError, RecursionError):
            continue
        values = [_value(member) for member in found]
        if None not in values:
            return values
    return None


def _value(member: object) -> str | None:
    """A text, or that in the first known field of an object."""
    if isinstance(member, dict):
        member = next((member[field] for field in _VALUE_FIELDS if field in member), None)
    return member if isinstance(member, str) else None
