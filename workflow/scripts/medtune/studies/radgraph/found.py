"""What a model found in a report: the items it listed, put in their places."""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from medtune.data.grounding import Mention
from medtune.data.listed_entities import FoundEntity
from medtune.data.span import Span
from medtune.kinds.spans.reading import Reading, ground_answer
from medtune.studies.radgraph.reports import canonical_label
from medtune.studies.radgraph.segments import Token

OTHER = "other"
"""Label of an item whose entity_type is none of the known ones."""


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


def label_of(item: Mapping) -> str:
    """The label that an item gives itself, or `OTHER`."""
    return canonical_label(item["entity_type"]) or OTHER


def mentions(items: Sequence[Mapping]) -> list[Mention]:
    """Items of a parsed answer (`RadGraphTask.parse`), as grounding takes them."""
    return [
        Mention(item["entity_value"], label_of(item), item["start_position"], item["end_position"]) for item in items
    ]


def read_items(
    sentence: str,
    items: Sequence[Mapping] | None,
    status: str,
    confidences: Sequence[float] | None = None,
    offset: int = 0,
) -> Reading:
    """A parsed answer (`RadGraphTask.parse`) in its places; arguments as of `ground_answer`. items: None for an answer
    that cannot be read. offset: of the sentence in its report."""
    return ground_answer(sentence, None if items is None else mentions(items), status, confidences, offset)


def locate(sentence: str, start: int, tokens: Sequence[Token], found: Sequence[FoundEntity]) -> list[Found | None]:
    """Entities of a sentence with their tokens; None for a value that the sentence does not hold.

    start: the sentence's offset in the report, in which entities are counted. tokens: all of the report.
    """
    return [
        None
        if one.start is None
        else Found(
            one.label,
            one.start,
            one.end,
            sentence[one.start - start : one.end - start],
            *token_span(tokens, one.start, one.end),
            one.confidence,
        )
        for one in found
    ]


def token_span(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """First and last of the tokens that characters [start, end) touch; neither end may be white space."""
    first = bisect_right(tokens, start, key=lambda token: token.end)
    last = bisect_left(tokens, end, key=lambda token: token.start) - 1
    return first, last


def token_entity(tokens: Sequence[Token], span: Span) -> tuple[Hashable, ...]:
    """A span of characters as RadGraph F1 compares entities: (first token, last token, label).

    Where they are not whole tokens, "p" of "pleural", they equal no entity that is: they stay characters.
    """
    first, last = token_span(tokens, span.start, span.end)
    whole = tokens[first].start == span.start and tokens[last].end == span.end
    return (first, last, span.label) if whole else ("part", span.start, span.end, span.label)
