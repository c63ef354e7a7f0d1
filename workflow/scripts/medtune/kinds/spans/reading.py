"""One reading of an answer that lists entities: what was parsed, put in its places, with how sure the model was."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from medtune.data.grounding import Mention
from medtune.data.listed_entities import FoundEntity, place_entities
from medtune.data.span import Span
from medtune.metrics.span_scores import SpanDocument


@dataclass(frozen=True)
class Reading:
    """What an answer says. status: of its parsing. found: the listed entities, in their order, with confidences.
    confidence: the least known one of all entities and of the list's end; 0 unless the answer parsed and all its values
    are in the text; None where none is known."""

    status: str
    found: tuple[FoundEntity, ...]
    confidence: float | None

    @cached_property
    def spans(self) -> list[Span | None]:
        """Of each entity; None where it has no place."""
        return [None if one.start is None else Span(one.start, one.end, one.label) for one in self.found]

    @property
    def placed(self) -> list[Span]:
        """Spans of the entities that have a place."""
        return [span for span in self.spans if span is not None]

    @property
    def unplaced(self) -> list[str]:
        """Labels of those that have none."""
        return [one.label for one in self.found if one.start is None]

    @property
    def ready(self) -> bool:
        """Whether the answer parsed and all its values are in the text."""
        return self.status == "ok" and not self.unplaced

    def right(self, gold: Sequence[Span]) -> list[bool]:
        """For each entity whether it is a gold span, each of which is answered once."""
        waiting = list(gold)
        marks = []
        for span in self.spans:
            marks.append(span in waiting)
            if marks[-1]:
                waiting.remove(span)
        return marks

    def matches(self, gold: Sequence[Span]) -> bool:
        """The gold spans, all and no more, in an answer that parses."""
        return self.ready and sorted(gold) == sorted(self.placed)

    def document(self, gold: Sequence[Span]) -> SpanDocument:
        """As span scores take it."""
        return SpanDocument(gold, self.placed, unplaced_predicted=self.unplaced)


def ground_answer(
    text: str,
    mentions: Sequence[Mention] | None,
    status: str,
    confidences: Sequence[float | None] | None = None,
    offset: int = 0,
) -> Reading:
    """Put what an answer lists in its places.

    mentions: as it lists them; None for an answer that cannot be read. confidences: of each mention, then of the end of
    the list; None where they are not known. offset: of the text in what spans are counted in.
    Raises ValueError where confidences are not one more than mentions, unless the answer cannot be read.
    """
    if mentions is None:
        return Reading(status, (), 0.0)
    if confidences is None:
        return Reading(status, tuple(place_entities(text, mentions, offset=offset)), None)
    if len(confidences) != len(mentions) + 1:
        raise ValueError(f"{len(confidences)} confidences of {len(mentions)} entities and the end of their list")
    found = place_entities(text, mentions, confidences[:-1], offset)
    known = [confidence for confidence in confidences if confidence is not None]
    reading = Reading(status, tuple(found), min(known, default=None))
    return reading if reading.ready else Reading(status, reading.found, 0.0)
