"""What an answer must look like, for constrained decoding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AnswerForm:
    """Compact JSON of a schema, and nothing else but one space before it.

    schema: a JSON Schema. Objects have their properties in the order of the schema. opening, closing: what stands
    around the JSON when the prompt holds the beginning of the answer: the rest of what comes before the JSON, and the
    brackets to be closed. There is no space before an opening.
    """

    schema: Mapping[str, Any]
    opening: str = ""
    closing: str = ""


@dataclass(frozen=True)
class ChoiceForm:
    """One of some texts, and perhaps one space before it. reason: what stands between the text and a line of words that
    must follow; None where nothing follows."""

    choices: Sequence[str]
    reason: str | None = None


Form = AnswerForm | ChoiceForm
