"""A yes/no question as every source gives it, and the cleaning that all sources share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from medtune.data.deduplication import normalise
from medtune.data.dropped import Dropped
from medtune.data.sentences import sentences
from medtune.errors import InputError
from medtune.studies.yesno.citations import strip_citations
from medtune.studies.yesno.labels import canonical_label

MINIMUM_WORDS = 3
NO_RATIONALE = "no rationale"
ONLY_LABEL = "rationale that says no more than the label"
RESTATED = re.compile(r"^(?:yes|no|maybe|uncertain),\s+(?=\S)", re.IGNORECASE)
ITEM_NUMBER = re.compile(r"^\(?\d{1,2}[.)]\s+")
REPEATED = "repeated question"
CONFLICTING = "repeated question with another label"
TOO_SHORT = f"question shorter than {MINIMUM_WORDS} words"


@dataclass(frozen=True)
class Question:
    """A question ready for use. label: one of `labels.LABELS`. rationale: one sentence.
    source: name of its source. key: the record's id in that source. part: "training" or "held out" for a question that
    was made for one of them; None where it may go into any split. context: the abstract that is asked with it, on one
    line; None where the question is asked alone."""

    question: str
    label: str
    rationale: str
    source: str
    key: str
    part: str | None = None
    context: str | None = None

    @property
    def id(self) -> str:
        """Unique over all sources."""
        return f"{self.source}/{self.key}"


@dataclass(frozen=True)
class Fields:
    """Names of a source's fields, for messages and look-up. context: of the abstract, a list of its sections; None
    where it is not read."""

    question: str
    label: str
    rationale: str
    context: str | None = None


@dataclass(frozen=True)
class Origin:
    """Where a record stands. file: as the user gave it. source: its name in the configuration."""

    file: str
    source: str
    fields: Fields


def clean(record: Any, key: str, origin: Origin) -> Question | Dropped:
    """Make a record into a question: citations removed, label canonical, rationale one sentence.

    The rationale is the first sentence that says more than a label, of the first of several rationales that has one;
    a label before its comma ("Yes, it does.") is left out.
    Raises InputError, naming file and record, when question or label is missing or unknown, or an abstract that is to
    be read is missing.
    """
    where = f'{origin.file}, record "{key}"'
    fields = origin.fields
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected a JSON object, found {type(record).__name__}")
    question = record.get(fields.question)
    if not isinstance(question, str) or not question.strip():
        raise InputError(f'{where}: no question; expected text in the field "{fields.question}"')
    if record.get(fields.label) in (None, "", []):
        raise InputError(f'{where}: no label; expected yes, no or maybe in the field "{fields.label}"')
    label = canonical_label(record[fields.label])
    if label is None:
        raise InputError(f'{where}: unknown label "{record[fields.label]}"; expected yes, no or maybe')
    rationale = record.get(fields.rationale)
    texts = [text for text in (rationale if isinstance(rationale, list) else [rationale]) if text]
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f'{where}: the field "{fields.rationale}" holds {rationale!r}; expected text')
    context = None if fields.context is None else _abstract(record.get(fields.context), fields.context, where)

    question = " ".join(strip_citations(question).split())
    if len(question.split()) < MINIMUM_WORDS:
        return Dropped(origin.source, key, TOO_SHORT)
    rationale, said = _rationale(texts)
    if rationale is None:
        return Dropped(origin.source, key, ONLY_LABEL if said else NO_RATIONALE)
    return Question(question, label, rationale, origin.source, key, context=context)


def sort_out(cleaned: list[Question | Dropped]) -> tuple[list[Question], list[Dropped]]:
    """Part questions from dropped records, each in the order given."""
    kept = [item for item in cleaned if isinstance(item, Question)]
    dropped = [item for item in cleaned if isinstance(item, Dropped)]
    return kept, dropped


def deduplicate(questions: Iterable[Question]) -> tuple[list[Question], list[Dropped]]:
    """Keep the first of each set of twins, in the order given.

    A later twin is dropped as `REPEATED`, or as `CONFLICTING` when its label is not the first one's.
    """
    first: dict[str, Question] = {}
    dropped = []
    for question in questions:
        kept = first.setdefault(normalise(question.question), question)
        if kept is not question:
            reason = REPEATED if kept.label == question.label else CONFLICTING
            dropped.append(Dropped(question.source, question.key, reason))
    return list(first.values()), dropped


def _abstract(sections: Any, field: str, where: str) -> str:
    """The sections of an abstract, one after the other, on one line, so that no line of a prompt can be imitated."""
    if not isinstance(sections, list) or not all(isinstance(section, str) for section in sections):
        raise InputError(f'{where}: no abstract; expected a list of texts in the field "{field}"')
    text = " ".join(" ".join(sections).split())
    if not text:
        raise InputError(f'{where}: the abstract is empty; expected a list of texts in the field "{field}"')
    return text


def _rationale(texts: list[str]) -> tuple[str | None, bool]:
    """The first sentence that says more than a label, and whether there is a sentence at all."""
    said = False
    for text in texts:
        for sentence in map(_closed, sentences(strip_citations(text))):
            if sentence and canonical_label(sentence) is None:
                rest = RESTATED.sub("", sentence)
                return (sentence if rest == sentence else rest[0].upper() + rest[1:]), True
            said = said or bool(sentence)
    return None, said


def _closed(sentence: str) -> str:
    """A sentence that ends in a mark, without the number of a list item before it; empty when there
    is not a single letter in it."""
    sentence = ITEM_NUMBER.sub("", sentence)
    if not any(character.isalpha() for character in sentence):
        return ""
    return sentence if sentence.rstrip("\"'”’)]")[-1:] in (".", "!", "?") else sentence.rstrip(" ,;:-–") + "."
