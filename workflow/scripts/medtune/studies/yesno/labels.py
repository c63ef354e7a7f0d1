"""The closed set of answers to a yes/no question, and how sources spell them."""

from typing import Any

LABELS = ("Yes", "No", "Uncertain")

SPELLINGS = {
    "yes": "Yes",
    "no": "No",
    "maybe": "Uncertain",
    "uncertain": "Uncertain",
    "unclear": "Uncertain",
    "inconclusive": "Uncertain",
}
"""Labels by their spellings, in lower case."""


def canonical_label(value: Any) -> str | None:
    """One of `LABELS` for a source's spelling, or None when it is not known.

    Case, surrounding space and punctuation do not matter; a list of one counts as its element.
    """
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        return None
    return SPELLINGS.get(value.strip(" \t\r\n.,;:!?\"'").casefold())
