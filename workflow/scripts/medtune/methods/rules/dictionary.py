"""A dictionary of the training mentions, and where a text holds them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from medtune.data.span import Span
from medtune.data.words import Word, word_range, words_of
from medtune.metrics.drawn import unit_of

Key = tuple[str, ...]
"""A mention: its words, case folded, so that white space between them does not count."""
Stretch = tuple[int, int]
"""Words of a text: the first and the end, exclusive."""
THRESHOLDS = tuple(n / 20 for n in range(1, 20))
"""Least precisions of an entry to choose from."""
UNCHOSEN = 0.5
"""The one that is taken where it cannot be chosen: mentions more often annotated than not. Of a tie the nearest to
it."""
WEIGHTS = (1, 2, 4, 8, 16, 32, 64)
"""What the precision of any mention weighs against that of one, in occurrences, to choose from."""


@dataclass(frozen=True)
class Entry:
    """label: the most frequent type of a mention, the alphabetically first of a tie. precision: the expected share of
    its occurrences in further texts that are annotated so."""

    label: str
    precision: float


@dataclass(frozen=True)
class Tally:
    """What training texts say of a mention. right: how often it is annotated with its most frequent label. seen: how
    often it stands there."""

    label: str
    right: int
    seen: int


@dataclass(frozen=True)
class Prior:
    """A beta distribution of the precision of mentions. mean: that of all mentions in texts that the dictionary was not
    made of. weight: in occurrences."""

    mean: float
    weight: float

    def precision(self, tally: Tally) -> float:
        """The expected precision of a mention."""
        return (tally.right + self.weight * self.mean) / (tally.seen + self.weight)

    def log_likelihood(self, cases: Iterable[tuple[Tally, bool]]) -> float:
        """Of whether mentions are right in further texts."""
        return sum(math.log(self.precision(tally) if right else 1 - self.precision(tally)) for tally, right in cases)


LAPLACE = Prior(0.5, 2)
"""The prior where nothing is there to learn one from."""


@dataclass(frozen=True)
class FoundMention:
    """A place where a text holds an entry. start, end: characters, end exclusive."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True)
class Dictionary:
    """Entries by their words."""

    entries: Mapping[Key, Entry]
    record: Mapping[str, Any] = field(default_factory=dict)

    def find(self, text: str) -> list[FoundMention]:
        """Mentions in the order of the text, none overlapping: at each word the longest entry that begins there."""
        words = words_of(text)
        folded = _folded(words)
        return [
            FoundMention(words[first].start, words[last - 1].end, self.entries[folded[first:last]])
            for first, last in longest(self._places.of(folded))
        ]

    @cached_property
    def _places(self) -> "_Places":
        return _Places(self.entries)


class _Places:
    """Where keys stand in words. Lengths are kept by first words, so that few stretches are looked up."""

    def __init__(self, keys: Iterable[Key]):
        self._keys = frozenset(keys)
        lengths: dict[str, set[int]] = defaultdict(set)
        for key in self._keys:
            lengths[key[0]].add(len(key))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def of(self, folded: Key) -> list[Stretch]:
        """All stretches that are keys, by their first word, the longest first."""
        return [
            (first, first + length)
            for first, word in enumerate(folded)
            for length in self._lengths.get(word, ())
            if first + length <= len(folded) and folded[first : first + length] in self._keys
        ]


def longest(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Of stretches in the order of `_Places.of` the first ones, from the left, that do not overlap."""
    kept, reached = [], 0
    for first, last in stretches:
        if first >= reached:
            kept.append((first, last))
            reached = last
    return kept


def fit_dictionary(examples: Sequence[dict], labels: Mapping[str, str] | None = None) -> Dictionary:
    """The dictionary of training texts. labels: what a type counts as, where that is another one.

    Each training text is matched with what the other ones say, those of other groups where there are groups. From this
    come the prior, by which the precision of an entry is shrunk (empirical Bayes, by likelihood), and the threshold
    that it must reach, by strict micro-F1. Occurrences are those of the longest match of all mentions. Mentions that
    begin or end within a word are in no dictionary.
    """
    documents = [_document(example, labels or {}) for example in examples]
    places = _Places(key for document in documents for key, _ in document.mentions)
    stretches = [places.of(document.folded) for document in documents]
    counts = _Counts(documents, stretches)
    held_out = [_held_out(document, found, counts) for document, found in zip(documents, stretches, strict=True)]
    prior = _prior(held_out)
    threshold = _threshold(held_out, prior, sum(len(document.gold) for document in documents))
    tallies = {key: counts.tally(key) for key in sorted(counts.annotated)}
    entries = {key: Entry(tally.label, prior.precision(tally)) for key, tally in tallies.items()}
    kept = {key: entry for key, entry in entries.items() if entry.precision >= threshold}
    record = {
        "mentions": len(entries),
        "entries": len(kept),
        "precision_threshold": threshold,
        "prior_precision": round(prior.mean, 6),
        "prior_weight": prior.weight,
    }
    return Dictionary(kept, record)


@dataclass(frozen=True)
class _Document:
    """A training text. unit: what it was drawn with. mentions: key and label of each gold span of whole words. gold:
    all gold spans."""

    unit: str
    words: Sequence[Word]
    folded: Key
    gold: frozenset[Span]
    mentions: Sequence[tuple[Key, str]]


def _document(example: dict, labels: Mapping[str, str]) -> _Document:
    words = words_of(example["text"])
    folded = _folded(words)
    gold = frozenset(Span(e["start"], e["end"], labels.get(e["type"], e["type"])) for e in example["entities"])
    mentions = []
    for span in sorted(gold):
        first, last = word_range(words, span.start, span.end)
        if first < last and words[first].start >= span.start and words[last - 1].end <= span.end:
            mentions.append((folded[first:last], span.label))
    return _Document(unit_of(example), words, folded, gold, mentions)


class _Counts:
    """How often mentions are annotated, by label, and how often they stand in the texts; all, and by unit."""

    def __init__(self, documents: Sequence[_Document], stretches: Sequence[Sequence[Stretch]]):
        self.annotated: dict[Key, Counter] = defaultdict(Counter)
        self._seen: Counter = Counter()
        self._annotated_in: dict[str, Counter] = defaultdict(Counter)
        self._seen_in: dict[str, Counter] = defaultdict(Counter)
        for document, found in zip(documents, stretches, strict=True):
            for key, label in document.mentions:
                self.annotated[key][label] += 1
                self._annotated_in[document.unit][key, label] += 1
            for first, last in longest(found):
                self._seen[document.folded[first:last]] += 1
                self._seen_in[document.unit][document.folded[first:last]] += 1

    def tally(self, key: Key, without: str | None = None) -> Tally | None:
        """What the texts say of a mention. without: a unit that does not count; None where the others lack it."""
        own = self._annotated_in.get(without, {})
        counts = {label: count - own.get((key, label), 0) for label, count in self.annotated[key].items()}
        label = min(counts, key=lambda one: (-counts[one], one))
        if not counts[label]:
            return None
        seen = self._seen[key] - self._seen_in.get(without, {}).get(key, 0)
        # What stands within a longer mention may be annotated more often than it is seen.
        return Tally(label, counts[label], max(seen, counts[label]))


HeldOut = Mapping[Stretch, tuple[Tally, bool]]
"""Stretches of a training text that other ones know, with what these say, and whether it is right."""


def _held_out(document: _Document, stretches: Sequence[Stretch], counts: _Counts) -> HeldOut:
    found = {}
    for first, last in stretches:
        tally = counts.tally(document.folded[first:last], document.unit)
        if tally is not None:
            span = Span(document.words[first].start, document.words[last - 1].end, tally.label)
            found[first, last] = (tally, span in document.gold)
    return found


def _prior(held_out: Sequence[HeldOut]) -> Prior:
    """The likeliest prior of the longest matches; the lightest of a tie."""
    cases = [found[stretch] for found in held_out for stretch in longest(found)]
    if not cases:
        return LAPLACE
    mean = (sum(right for _, right in cases) + 1) / (len(cases) + 2)
    return max((Prior(mean, weight) for weight in WEIGHTS), key=lambda prior: prior.log_likelihood(cases))


def _threshold(held_out: Sequence[HeldOut], prior: Prior, gold: int) -> float:
    """The least precision with the best strict micro-F1. gold: number of gold spans."""
    right, said = Counter(), Counter()
    for found in held_out:
        precisions = {stretch: prior.precision(tally) for stretch, (tally, _) in found.items()}
        for threshold in THRESHOLDS:
            kept = longest(stretch for stretch in found if precisions[stretch] >= threshold)
            said[threshold] += len(kept)
            right[threshold] += sum(found[stretch][1] for stretch in kept)
    if not any(right.values()):
        return UNCHOSEN
    return max(THRESHOLDS, key=lambda one: (2 * right[one] / (said[one] + gold), -abs(one - UNCHOSEN), one))


def _folded(words: Sequence[Word]) -> Key:
    return tuple(word.text.casefold() for word in words)
