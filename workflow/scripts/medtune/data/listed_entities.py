"""Entities as a model lists them, without offsets: their types by name, and their places in the text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from medtune.data.grounding import Mention, ground

UNKNOWN = "unknown type"
"""Label of what is listed under a type that was not asked for."""


@dataclass(frozen=True)
class FoundEntity:
    """An entity as a model lists it. start, end: its characters in the text, end exclusive; None without a place.
    confidence: in [0, 1], or None where unknown."""

    value: str
    label: str
    start: int | None
    end: int | None
    confidence: float | None = None


class Types:
    """Types by their names, which may differ in case, spaces and hyphens."""

    def __init__(self, names: Iterable[str]):
        self.names = tuple(names)
        self._by_form = {_form(name): name for name in self.names}

    def label_of(self, name: str) -> str:
        """The type that is meant, or `UNKNOWN`."""
        return name if name in self.names else self._by_form.get(_form(name), UNKNOWN)


def listed_mentions(text: str, items: Iterable[Mapping[str, str]], types: Types) -> list[Mention]:
    """Items (text, type) as grounding takes them, each with the place where it stands if the list follows the text.

    For grounding this is but a hint: it tells the "hypothyroidism" that is listed after other entities from the one
    within the "congenital hypothyroidism" before it.
    """
    mentions: list[Mention] = []
    last, reached = 0, 0
    for item in items:
        value, label = item["text"], types.label_of(item["type"])
        start = text.find(value, reached)
        if start < 0:  # Within the entity before it, if anywhere from there on.
            start = text.find(value, last)
        if start < 0:
            mentions.append(Mention(value, label))
            continue
        last, reached = start, start + len(value)
        mentions.append(Mention(value, label, start, reached))
    return mentions


def place_entities(
    text: str, mentions: Sequence[Mention], confidences: Iterable[float | None] | None = None, offset: int = 0
) -> list[FoundEntity]:
    """Mentions with their places, in their order. confidences: one for each, None for none. offset: of the text in what
    places are counted in, for a sentence of a report. Raises ValueError when confidences differ in number."""
    known = [None] * len(mentions) if confidences is None else confidences
    return [
        FoundEntity(mention.value, mention.label, None, None, confidence)
        if place.start is None
        else FoundEntity(mention.value, mention.label, offset + place.start, offset + place.end, confidence)
        for mention, place, confidence in zip(mentions, ground(text, mentions), known, strict=True)
    ]


def _form(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
