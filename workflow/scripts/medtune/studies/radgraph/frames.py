"""Sentences from templates with slots, for the synthetic corpora."""

import random
import re
from collections.abc import Callable, Container, Mapping, Sequence

_SLOT = re.compile(r"\{([a-z]\d)(?:=([\w-]+))?(?::(\w+))?\}")
Filled = tuple[str, str | None, int, int]
"""Slot, its tag, first and last token (inclusive)."""


def fill(
    rng: random.Random,
    frame: str,
    pools: Mapping[str, Sequence[str]],
    counted: Container[str],
    together: Callable[[str, str], bool] = lambda one, other: True,
) -> tuple[list[str], list[Filled]]:
    """The tokens of a sentence and the places of its slots, in order.

    frame: tokens parted by spaces. A slot is {letter and digit}, with "=" before a fixed filler, a dash for each space
    (or another slot, for the same filler again), and ":" before its tag. "a?" is an article where the next slot's last
    word is `counted`, and "#" is a number.
    pools: terms by the letter of a slot; none is used twice unless the frame says so. together: whether two terms may
    stand in one sentence.
    """
    fillers: dict[str, str] = {}
    words: list[str] = []
    filled: list[Filled] = []
    for part in frame.split():
        match = _SLOT.fullmatch(part)
        if not match:
            words.append(f"{rng.randint(5, 49) / 10}" if part == "#" else part)
            continue
        slot, fixed, tag = match.groups()
        filler = fillers.get(fixed, (fixed or "").replace("-", " "))
        filler = filler or rng.choice(
            [
                term
                for term in pools[slot[0]]
                if term not in fillers.values() and all(together(term, other) for other in fillers.values())
            ]
        )
        fillers[slot] = filler
        first = len(words)
        words += filler.split()
        filled.append((slot, tag, first, len(words) - 1))
    return _agreed(words, filled, counted)


def _agreed(words: list[str], filled: list[Filled], counted: Container[str]) -> tuple[list[str], list[Filled]]:
    """Articles in agreement with the fillers, and a capital at the start."""
    ends = [last for slot, _, _, last in filled if slot[0] in "od"]
    result: list[str] = []
    place: dict[int, int] = {}
    for index, word in enumerate(words):
        if word == "a?":
            if words[next(end for end in ends if end > index)] not in counted:
                continue
            word = "an" if words[index + 1][0] in "aeiou" else "a"
        place[index] = len(result)
        result.append(word)
    result[0] = result[0][0].upper() + result[0][1:]
    return result, [(slot, tag, place[first], place[last]) for slot, tag, first, last in filled]
