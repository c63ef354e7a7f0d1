"""Labelled stretches of documents."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A labelled stretch of a document: offsets of characters or of tokens, end exclusive.

    Raises ValueError unless 0 <= start < end.
    """

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"span [{self.start}, {self.end}): expected 0 <= start < end")
