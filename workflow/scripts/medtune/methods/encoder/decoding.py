"""From scores of tags to the likeliest sequence of them that is valid BIO."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from medtune.data.bio import BEGIN, INSIDE, repair
from medtune.metrics.softmax import log_softmax

UNSEEN = 0.1
"""Counted for each pair of tags besides those in the training documents."""


@dataclass(frozen=True)
class Transitions:
    """What speaks for a sequence besides the encoder's scores. pairs: (tags, tags), added for each two neighbouring
    words. outside: added for each word with "O"."""

    pairs: np.ndarray
    outside: float = 0.0


def decode(logits: np.ndarray, tags: Sequence[str], transitions: Transitions | None = None) -> list[int]:
    """Numbers of the likeliest tags in which each "I-" follows "B-" or "I-" of its type (Viterbi 1967).

    Without transitions words count as independent of each other but for that rule. The likeliest tag of each word by
    itself often breaks it, and what a repair then makes of a stray "I-" is a span that nothing speaks for.
    logits: (words, tags). tags: the tag of each number; every "I-" has its "B-".
    """
    if len(logits) == 0:
        return []
    scores = log_softmax(logits)
    place = {tag: number for number, tag in enumerate(tags)}
    inside = np.array([number for number, tag in enumerate(tags) if tag.startswith(INSIDE)], dtype=int)
    begin = np.array([place[BEGIN + tags[number].removeprefix(INSIDE)] for number in inside], dtype=int)
    if transitions is None:
        pairs = None
    else:
        scores[:, place["O"]] += transitions.outside
        # As columns: what each tag may follow stands together in memory.
        pairs = np.where(_allowed(tags, inside, begin), transitions.pairs, -np.inf).T.copy()
    best = scores[0].copy()
    best[inside] = -np.inf
    before = np.empty((len(scores), len(tags)), dtype=int)
    for word in range(1, len(scores)):
        if pairs is None:
            before[word] = best.argmax()
            before[word, inside] = np.where(best[begin] >= best[inside], begin, inside)
            best = best[before[word]] + scores[word]
        else:
            totals = pairs + best
            before[word] = totals.argmax(axis=1)
            best = totals[np.arange(len(tags)), before[word]] + scores[word]
    path = [int(best.argmax())]
    for word in range(len(scores) - 1, 0, -1):
        path.append(int(before[word, path[-1]]))
    return path[::-1]


def association(rows: Iterable[Sequence[int]], tags: int) -> np.ndarray:
    """How much likelier a tag is after another than in general: log P(tag | tag before) - log P(tag), as counted.

    rows: numbers of the tags of each document's words. Returns (tags, tags), of the tag before and the tag. The
    encoder's scores hold P(tag) already, which is why it is divided out (as in hybrids of networks and hidden Markov
    models, Bourlard and Morgan 1994).
    """
    pairs = np.full((tags, tags), UNSEEN)
    for row in rows:
        for left, right in pairwise(row):
            pairs[left, right] += 1
    alone = pairs.sum(axis=0)
    return np.log(pairs / pairs.sum(axis=1, keepdims=True)) - np.log(alone / alone.sum())


def choose_transitions(
    pairs: np.ndarray, weights: Sequence[float], outside: Sequence[float], f1: Callable[[Transitions], float]
) -> tuple[float, Transitions]:
    """The weight of the pairs and the score of "O" with the highest F1; of equals the first. Returns the weight, too.

    f1: of the documents that are for choosing.
    """
    tried = [(weight, Transitions(weight * pairs, bias)) for weight, bias in product(weights, outside)]
    return max(tried, key=lambda option: f1(option[1]))


def stray(logits: np.ndarray, tags: Sequence[str]) -> int:
    """How often the likeliest tag of a word by itself is an "I-" that the rule of repair would change."""
    return repair([tags[number] for number in np.asarray(logits).argmax(axis=1)])[1] if len(logits) else 0


def _allowed(tags: Sequence[str], inside: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """(tags, tags): whether the second may follow the first."""
    allowed = np.ones((len(tags), len(tags)), dtype=bool)
    allowed[:, inside] = False
    allowed[inside, inside] = True
    allowed[begin, inside] = True
    return allowed
