"""Negative examples: sentences without an entity of the type that a model is trained for.

How many is set by a formula; gold sentences come first, and made ones fill up where those run short. A made sentence
is either a gold one with its cue flipped ("No effusion ." and "Effusion .") or two gold negatives joined into one. Cues
are flipped only where the whole sentence is within the cue's scope, so that the labels after it are known.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from medtune.data.deduplication import normalise
from medtune.studies.radgraph.reports import Sentence

FORMULA = "negatives = round(positives × clip(base × (most positives of any type / positives) ^ exponent, least, most))"
FLIPPED, JOINED = "flipped", "joined"
LONGEST_JOINED = 40
"""Most tokens of two sentences joined into one."""

PRESENT, ABSENT, UNCERTAIN = "OBS-DP", "OBS-DA", "OBS-U"
_DOUBT = frozenset({"possible", "probable", "questionable", "suspected", "likely"})
_OTHER = """
without absence absent negative not nor neither never none free resolved removed denies longer may might could possible
possibly probable probably questionable suspected suspicious likely unlikely concerning suggest suggests suggesting
suggestive represent represents representing reflect reflects cannot exclude excluded versus vs ? if question whether
but with which although though however due
"""
_OTHER_CUES = frozenset(_OTHER.split())
_NORMALITY = frozenset({"normal", "unremarkable", "clear", "intact", "unchanged", "limits"})
_VERBS = frozenset({"is", "are", "was", "were"})
_UNCHANGING = "in of at on the along within over both a an and or seen present noted identified evidence no ,"
_PLAIN = _VERBS | frozenset(_UNCHANGING.split())
"""Words that leave the scope of a cue at the sentence's start as it is."""


@dataclass(frozen=True)
class Made:
    """A made sentence. labels: of all entities in it. report: that of the (first) gold sentence behind it."""

    text: str
    labels: frozenset[str]
    method: str
    report: str


def plan(positives: Mapping[str, int], *, base: float, exponent: float, least: float, most: float) -> dict[str, int]:
    """Negatives wanted by type, from positives by type: see `FORMULA`.

    base: negatives per positive of the most frequent type. exponent: how fast that rises as a type gets
    rarer; 0 gives all types the same share. least, most: limits of negatives per positive.
    A type without positives gets none. Raises ValueError when `least` is above `most`.
    """
    if least > most:
        raise ValueError(f"least {least} is above most {most}")
    top = max(positives.values(), default=0)
    return {
        label: round(count * min(max(base * (top / count) ** exponent, least), most)) if count else 0
        for label, count in positives.items()
    }


def gold_negatives(sentences: Sequence[Sentence], label: str, count: int, seed: int) -> list[Sentence]:
    """Up to `count` sentences without an entity of this type, drawn at random: the likelier, the more often they are
    written, since a model meets those as often. None twice, and none whose text has such an entity elsewhere, since
    annotators do not always agree with themselves."""
    positive = {normalise(sentence.text) for sentence in sentences if _has(sentence, label)}
    candidates = sorted(sentences, key=lambda sentence: sentence.id)
    random.Random(f"{seed}/{label}/negatives").shuffle(candidates)
    distinct: dict[str, Sentence] = {}
    for sentence in candidates:
        twin = normalise(sentence.text)
        if twin and twin not in positive:
            distinct.setdefault(twin, sentence)
    return list(distinct.values())[:count]


def made_negatives(
    sentences: Sequence[Sentence], label: str, count: int, seed: int, avoid: Iterable[str] = ()
) -> list[Made]:
    """Up to `count` made sentences without an entity of this type: flipped ones first, then joined ones.

    sentences: the training split's. avoid: texts that must have no twin among them (validation, test);
    those of `sentences` are avoided as well.
    """
    rng = random.Random(f"{seed}/{label}/made")
    taken = {normalise(text) for text in avoid} | {normalise(sentence.text) for sentence in sentences}
    made: list[Made] = []
    for candidate in _candidates(sentences, label, seed, rng):
        if len(made) >= count:
            break
        twin = normalise(candidate.text)
        if label not in candidate.labels and twin not in taken:
            taken.add(twin)
            made.append(candidate)
    return made


def flips(sentence: Sentence) -> list[Made]:
    """What a sentence says with its cue flipped, each with the labels that follow; empty where the
    scope of the cue is not plain."""
    words = sentence.text.split()
    lowered = [word.lower() for word in words]
    labels = {entity.label for entity in sentence.entities}
    observed = {label for label in labels if label.startswith("OBS")}
    if len(observed) != 1 or not _is_plain(sentence, lowered):
        return []
    state = observed.pop()
    first = min(entity.start_token for entity in sentence.entities if entity.label == state)
    rest = labels - {state}
    if state == ABSENT and lowered.count("no") == 1 and lowered.index("no") < first:
        at = lowered.index("no")
        kept = [*words[:at], *("and" if word == "or" else word for word in words[at + 1 :])]
        return [_made(kept, {*rest, PRESENT}, sentence)]
    if state == PRESENT and "no" not in lowered and "," not in lowered:
        begins = lowered[0] == "there" and lowered[1:2] in (["is"], ["are"], ["was"], ["were"])
        if begins or first == 0:
            return [_made(_denied(words, 2 if begins else 0), {*rest, ABSENT}, sentence)]
    if state == UNCERTAIN and lowered[0] in _DOUBT:
        present = _made(words[1:], {*rest, PRESENT}, sentence)
        return [present] if "," in lowered else [present, _made(_denied(words[1:], 0), {*rest, ABSENT}, sentence)]
    return []


def join(first: Sentence, second: Sentence) -> Made:
    """Two sentences as one, parted by a semicolon: neither's cues reach over it."""
    words, more = first.text.split(), second.text.split()
    if words[-1] == ".":
        words.pop()
    labels = {entity.label for sentence in (first, second) for entity in sentence.entities}
    return Made(" ".join([*words, ";", _small(more[0]), *more[1:]]), frozenset(labels), JOINED, first.report)


def _candidates(sentences: Sequence[Sentence], label: str, seed: int, rng: random.Random) -> Iterator[Made]:
    """Flipped sentences in random order, then joined negatives, a bounded number of them."""
    flipped = [made for sentence in sorted(sentences, key=lambda sentence: sentence.id) for made in flips(sentence)]
    rng.shuffle(flipped)
    yield from flipped
    negatives = gold_negatives(sentences, label, len(sentences), seed)
    for _ in range(20 * len(sentences) if len(negatives) > 1 else 0):
        pair = rng.sample(negatives, 2)
        if sum(len(sentence.text.split()) for sentence in pair) <= LONGEST_JOINED:
            yield join(*pair)


def _is_plain(sentence: Sentence, lowered: Sequence[str]) -> bool:
    """Whether the sentence is a single clause about findings in which every word is part of an entity or
    changes nothing, but for a cue at its start. What is normal is not the opposite of what is absent."""
    covered = {index for entity in sentence.entities for index in range(entity.start_token, entity.end_token + 1)}
    if _NORMALITY.intersection(lowered) or sum(word in _VERBS for word in lowered) > 1:
        return False
    return all(
        (index in covered and word not in _OTHER_CUES)
        or word in _PLAIN
        or (index == 0 and (word in _DOUBT or word == "there"))
        or (index == len(lowered) - 1 and word == ".")
        for index, word in enumerate(lowered)
    )


def _denied(words: Sequence[str], at: int) -> list[str]:
    """The words with "no" put in at an index, in place of an article."""
    rest = list(words[at:])
    if rest[0].lower() in ("a", "an", "the"):
        rest.pop(0)
    rest[0] = _small(rest[0]) if at == 0 else rest[0]
    return [*words[:at], "no", *("or" if word == "and" else word for word in rest)]


def _made(words: Sequence[str], labels: set[str], source: Sentence) -> Made:
    text = " ".join(words)
    return Made(text[:1].upper() + text[1:], frozenset(labels), FLIPPED, source.report)


def _small(word: str) -> str:
    """A word as it stands within a sentence; abbreviations keep their capitals."""
    return word[0].lower() + word[1:] if word[1:].islower() else word


def _has(sentence: Sentence, label: str) -> bool:
    return any(entity.label == label for entity in sentence.entities)
