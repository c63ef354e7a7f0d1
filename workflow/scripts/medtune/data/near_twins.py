"""Near twins: texts of one split that share most of their word 5-grams with one text of another."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from medtune.data.deduplication import normalise

WORDS = 5
LEAST_SHARE = 0.5
METHOD = f"at least {LEAST_SHARE:.0%} of the distinct {WORDS}-grams of words stand in one text of the other split"


@dataclass(frozen=True)
class NearTwin:
    """of: id of the text in the other split that shares most. share: of the text's own 5-grams, in [0, 1]."""

    of: str
    share: float


def near_twins(texts: Mapping[str, str], others: Mapping[str, str]) -> dict[str, NearTwin]:
    """Those of `texts` that have a near twin among `others`, both by id, in the order given.

    The containment of shingles (Broder 1997) in the form in which twins are equal; a text of fewer than five words has
    no 5-gram and no near twin. Of several twins that share as much, the first by id.
    """
    homes: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, text in others.items():
        for gram in _grams(text):
            homes[gram].append(name)
    found = {}
    for name, text in texts.items():
        grams = _grams(text)
        shared = Counter(other for gram in grams for other in homes.get(gram, ()))
        if shared:
            twin, count = min(shared.items(), key=lambda pair: (-pair[1], pair[0]))
            if count >= LEAST_SHARE * len(grams):
                found[name] = NearTwin(twin, count / len(grams))
    return found


def _grams(text: str) -> set[tuple[str, ...]]:
    words = normalise(text).split()
    return {tuple(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)}
