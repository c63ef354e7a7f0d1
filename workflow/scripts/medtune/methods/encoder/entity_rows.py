"""Examples with entities as rows of tagged words, and tags as entities of the text again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.data.annotated import Mention
from medtune.data.bio import tags_of
from medtune.data.flatten import REASONS, flatten, kept_spans
from medtune.data.words import sentence_starts, words_of
from medtune.methods.encoder.tagger import Entity, TaggedWords, entities_of

KEPT, WIDENED = "kept", "widened to whole words"


@dataclass(frozen=True)
class EntityRows:
    """rows: as `tagged_rows` reads them. counts: entities that are kept, those of them that begin or end within a word
    and are taken for all of it, and those left out, by reason (`data.flatten`)."""

    rows: list[dict]
    counts: dict[str, int]

    @property
    def left_out(self) -> int:
        """Entities that flat tags cannot hold."""
        return sum(self.counts[reason] for reason in REASONS if reason in self.counts)


def entity_rows(examples: Sequence[Mapping[str, Any]]) -> EntityRows:
    """A row for each example that has words; a tag stands for a whole word.

    examples: with `id`, `text` and `entities`, {start, end, type} in characters, which may overlap: of those the
    longest is kept, see `data.flatten.RULE`.
    """
    rows, counts = [], Counter({KEPT: 0, WIDENED: 0})
    for example in examples:
        text = example["text"]
        words = words_of(text)
        if not words:
            continue
        given = [(entity["start"], entity["end"], entity["type"]) for entity in example["entities"]]
        mentions = [Mention(((start, end),), label, str(key)) for key, (start, end, label) in enumerate(given)]
        found = flatten(mentions, words)
        spans = kept_spans(found)
        counts.update(entity.reason or KEPT for entity in found)
        counts[WIDENED] += sum(
            (words[span.start].start, words[span.end - 1].end, span.label) not in given for span in spans
        )
        rows.append(
            {
                "id": example["id"],
                "words": [word.text for word in words],
                "sentences": sentence_starts(text, words),
                "tags": tags_of(spans, len(words)),
            }
        )
    return EntityRows(rows, dict(counts))


def entities_in(text: str, tagged: TaggedWords) -> list[Entity]:
    """The entities that the tags of a text's words stand for, in its order."""
    return entities_of(words_of(text), tagged)
