"""Splitting documents that have many labels each, so that rare labels stand in every split where they can.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011, "On the stratification of multi-label data"): the
rarest label is dealt out first, each item to the split that lacks it most. Two changes: the splits get exact numbers of
items, and a label of two or more items is wanted at least once outside the largest split (which the expected numbers of
the paper, below one half, do not give to a label of few items).
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from medtune.data.splits import too_few, whole_numbers
from medtune.errors import InputError

T = TypeVar("T")


def multilabel_split(
    items: Sequence[T],
    *,
    key_of: Callable[[T], str],
    labels_of: Callable[[T], Collection[str]],
    shares: Mapping[str, float],
    seed: int,
) -> dict[str, list[T]]:
    """Part items into splits, stratified by all their labels; each split sorted by key.

    key_of: a unique key. labels_of: the labels of an item, each once. shares: fraction by split, adding up to 1; whole
    numbers come from largest remainders, so that 0.85, 0.075, 0.075 of 200 are 170, 15, 15. Of two items of a label the
    last split gets one. The same for the same seed, whatever the order of the items.
    Raises InputError when a split would be empty.
    """
    ordered = sorted(items, key=key_of)
    random.Random(f"{seed}/multilabel").shuffle(ordered)
    room = whole_numbers({split: share * len(ordered) for split, share in shares.items()}, len(ordered))
    empty = next((split for split, count in room.items() if not count), None)
    if empty:
        raise InputError(f"the {empty} split would be empty: {too_few(len(ordered), 'document')} to split; add more")
    labels = [frozenset(labels_of(item)) for item in ordered]
    wanted = {
        label: _wanted(count, shares) for label, count in Counter(name for names in labels for name in names).items()
    }
    splits: dict[str, list[T]] = {split: [] for split in shares}
    left = dict(enumerate(labels))
    while left:
        remaining = Counter(name for names in left.values() for name in names)
        rarest = min(remaining, key=lambda name: (remaining[name], name)) if remaining else None
        for index in [index for index, names in left.items() if rarest is None or rarest in names]:
            names = left.pop(index)
            split = max(
                (split for split in shares if room[split] > 0),
                key=lambda split: (wanted[rarest][split] if rarest else 0, room[split]),
            )
            splits[split].append(ordered[index])
            room[split] -= 1
            for name in names:
                wanted[name][split] -= 1
    return {split: sorted(members, key=key_of) for split, members in splits.items()}


def _wanted(count: int, shares: Mapping[str, float]) -> dict[str, float]:
    """How many of a label's items each split should get: its share, but at least one in each smaller split, the last
    one first, as long as the largest one keeps one, too."""
    largest = max(shares, key=lambda split: shares[split])
    spare = count - 1.0
    wanted = {}
    for split in reversed(shares):
        if split != largest:
            wanted[split] = max(shares[split] * count, 1.0 if spare >= 1 else 0.0)
            spare -= wanted[split]
    return {**wanted, largest: count - sum(wanted.values())}
