"""From scores of tags to the likeliest sequence of them that is valid BIO."""

from collections.abc import Sequence

import numpy as np
from scipy.special import log_softmax

from medtune.data.bio import BEGIN, INSIDE, repair


def decode(logits: np.ndarray, tags: Sequence[str]) -> list[int]:
    """Numbers of the likeliest tags in which each "I-" follows "B-" or "I-" of its type (Viterbi 1967).

    Words count as independent of each other but for that rule. The likeliest tag of each word by itself often breaks
    it, and what a repair then makes of a stray "I-" is a span that nothing speaks for.
    logits: (words, tags). tags: the tag of each number; every "I-" has its "B-".
    """
    if len(logits) == 0:
        return []
    scores = log_softmax(np.asarray(logits, dtype=float), axis=1)
    place = {tag: number for number, tag in enumerate(tags)}
    inside = np.array([number for number, tag in enumerate(tags) if tag.startswith(INSIDE)], dtype=int)
    begin = np.array([place[BEGIN + tags[number].removeprefix(INSIDE)] for number in inside], dtype=int)
    best = scores[0].copy()
    best[inside] = -np.inf
    before = np.empty((len(scores), len(tags)), dtype=int)
    for word in range(1, len(scores)):
        before[word] = best.argmax()
        before[word, inside] = np.where(best[begin] >= best[inside], begin, inside)
        best = best[before[word]] + scores[word]
    path = [int(best.argmax())]
    for word in range(len(scores) - 1, 0, -1):
        path.append(int(before[word, path[-1]]))
    return path[::-1]


def stray(logits: np.ndarray, tags: Sequence[str]) -> int:
    """How often the likeliest tag of a word by itself is an "I-" that the rule of repair would change."""
    return repair([tags[number] for number in np.asarray(logits).argmax(axis=1)])[1] if len(logits) else 0
