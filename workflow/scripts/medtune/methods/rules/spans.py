"""Rules for spans: the dictionary of training mentions, with assertions by cues where types are assertions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medtune.config.rules import Assertion, SpanRules
from medtune.errors import InputError
from medtune.kinds.spans.task import SpanTask
from medtune.methods.found import Found
from medtune.methods.rules.dictionary import Dictionary, FoundMention, fit_dictionary


@dataclass(frozen=True)
class DictionarySpans:
    """context: tells negated and uncertain mentions; None where no types are assertions."""

    dictionary: Dictionary
    assertions: Mapping[str, Assertion] = field(default_factory=dict)
    context: Any = None

    @property
    def record(self) -> Mapping[str, Any]:
        """What was learnt."""
        record = {"rule": "dictionary", **self.dictionary.record}
        return record if self.context is None else {**record, "context": self.context.versions}

    def answer(self, examples: Sequence[dict]) -> list[Found]:
        """Mentions of each text. An entity's confidence is the precision of its entry in training; the answer's is the
        least of them, None where nothing is found."""
        return [self._answer(example["text"]) for example in examples]

    def _answer(self, text: str) -> Found:
        mentions = self.dictionary.find(text)
        labels = self._labels(text, mentions)
        entities = [
            {"start": one.start, "end": one.end, "type": label, "text": text[one.start : one.end]}
            for one, label in zip(mentions, labels, strict=True)
        ]
        parts = [one.entry.precision for one in mentions]
        return Found({"entities": entities}, min(parts, default=None), parts=parts)

    def _labels(self, text: str, mentions: Sequence[FoundMention]) -> list[str]:
        labels = [one.entry.label for one in mentions]
        if self.context is None or not any(label in self.assertions for label in labels):
            return labels
        cues = self.context.cues(text, [(one.start, one.end) for one in mentions])
        return [
            asserted_label(label, self.assertions[label], cue.negated, cue.uncertain)
            if label in self.assertions
            else label
            for label, cue in zip(labels, cues, strict=True)
        ]


def asserted_label(label: str, types: Assertion, negated: bool, uncertain: bool) -> str:
    """The type of a mention by its cues: a negated one is negated, however unsure."""
    if negated and types.negated:
        return types.negated
    return types.uncertain if uncertain and types.uncertain else label


def fit(task: SpanTask, examples: Sequence[dict], settings: SpanRules) -> DictionarySpans:
    """The dictionary of training texts. Types of negated and uncertain mentions count as those of asserted ones.

    Raises InputError for an assertion of a type that the study has not, and where medspaCy is missing.
    """
    counted = {}
    for name, types in settings.assertions.items():
        for other in (name, types.negated, types.uncertain):
            if other is not None and other not in task.types.names:
                raise InputError(
                    f'{task.name}: assertions name the entity type "{other}"; expected one of '
                    f"{', '.join(task.types.names)}"
                )
        counted |= {other: name for other in (types.negated, types.uncertain) if other}
    if not settings.assertions:
        return DictionarySpans(fit_dictionary(examples))
    from medtune.methods.rules.context import ConText

    return DictionarySpans(fit_dictionary(examples, counted), settings.assertions, ConText())
