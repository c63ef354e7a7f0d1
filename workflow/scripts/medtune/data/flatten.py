"""From mentions that may nest, overlap and have gaps to spans of words that flat BIO tags can hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from medtune.data.annotated import Mention
from medtune.data.span import Span
from medtune.data.words import Word, word_range

RULE = (
    "the longest mention (in words) is kept first, of equal ones the earliest, on the same words the type that comes "
    "first in the alphabet; a mention that overlaps a kept one is dropped"
)
KEPT = ""
RARE, NO_WORD, DISCONTINUOUS, TWICE = "rare type", "no word", "discontinuous", "twice"
SAME_SPAN, NESTED, OVERLAPPING = "same span", "nested", "overlapping"
REASONS = (RARE, NO_WORD, DISCONTINUOUS, TWICE, SAME_SPAN, NESTED, OVERLAPPING)


@dataclass(frozen=True)
class Entity:
    """A gold mention in words. first, last: word indices, last exclusive; of a discontinuous mention the range around
    its parts; equal where the mention touches no word. reason: why it is not kept, empty where it is."""

    first: int
    last: int
    label: str
    reason: str

    @property
    def kept(self) -> bool:
        """Whether the flat tags hold it."""
        return self.reason == KEPT


def flatten(mentions: Sequence[Mention], words: Sequence[Word], left_out: Collection[str] = ()) -> list[Entity]:
    """All mentions in words, each kept or with the reason why not, sorted by place and label.

    A mention that holds a part of a word is taken for the whole word. left_out: types that are dropped before anything
    else ("rare type"), so that they push nothing aside. Then those without a word and the discontinuous ones go; the
    others are kept by `RULE`. A dropped one is "twice" when a kept one has the same words and label, "same span" when
    one has the same words, "nested" when it lies within one, else "overlapping".
    """
    settled: list[Entity] = []
    waiting: list[Span] = []
    for mention in mentions:
        first, last = word_range(words, mention.start, mention.end)
        reason = _excluded(mention, last - first, left_out)
        if reason:
            settled.append(Entity(first, last, mention.label, reason))
        else:
            waiting.append(Span(first, last, mention.label))
    owner: list[Span | None] = [None] * len(words)
    for span in sorted(waiting, key=lambda span: (span.start - span.end, span.start, span.label)):
        others = {other for other in owner[span.start : span.end] if other is not None}
        settled.append(Entity(span.start, span.end, span.label, _pushed_aside(span, others)))
        if not others:
            owner[span.start : span.end] = [span] * (span.end - span.start)
    return sorted(settled, key=lambda entity: (entity.first, entity.last, entity.label, entity.reason))


def kept_spans(entities: Sequence[Entity]) -> list[Span]:
    """The spans that the flat tags hold."""
    return [Span(entity.first, entity.last, entity.label) for entity in entities if entity.kept]


def _excluded(mention: Mention, words: int, left_out: Collection[str]) -> str:
    """Why a mention cannot be kept, whatever the others are."""
    if mention.label in left_out:
        return RARE
    if not words:
        return NO_WORD
    return DISCONTINUOUS if mention.discontinuous else KEPT


def _pushed_aside(span: Span, others: Collection[Span]) -> str:
    """Why a span gives way to the kept ones that it overlaps; empty when there are none."""
    if not others:
        return KEPT
    if span in others:
        return TWICE
    (other, *more) = others
    if more:
        return OVERLAPPING
    if (other.start, other.end) == (span.start, span.end):
        return SAME_SPAN
    return NESTED if other.start <= span.start and span.end <= other.end else OVERLAPPING
