"""One entity that a model found in a report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """A grounded entity. Characters [start_char, end_char) of the report, whose slice is `text`; tokens
    start_token to end_token (inclusive) of `report.split()`; confidence in [0, 1], or None where unknown."""

    label: str
    start_char: int
    end_char: int
    text: str
    start_token: int
    end_token: int
    confidence: float | None = None
