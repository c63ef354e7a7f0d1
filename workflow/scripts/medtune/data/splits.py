"""Balancing and splitting, the same for the same seed whatever the order of the input."""

import math
import random
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from medtune.data.deduplication import normalise
from medtune.errors import InputError

T = TypeVar("T")

LONGEST_SHOWN = 300
"""Most characters of a text in a message."""

TWIN_METHOD = (
    "no text stands in two splits: compared after NFKC, case folding, removal of punctuation and of extra space"
)


def balance(
    items: Sequence[T],
    *,
    key_of: Callable[[T], str],
    label_of: Callable[[T], str],
    labels: Sequence[str],
    per_class: int,
    seed: int,
) -> tuple[list[T], list[T]]:
    """Draw `per_class` items of each of `labels` at random; returns those drawn and the others.

    key_of: a unique, stable key. Raises InputError when a class has fewer items than asked.
    """
    by_label = _by(label_of, sorted(items, key=key_of))
    short = {label: len(by_label.get(label, [])) for label in labels if len(by_label.get(label, [])) < per_class}
    if short:
        found = ", ".join(f"{count} with label {label}" for label, count in short.items())
        least = min(short.values())
        remedy = (
            f"lower per_class to at most {least}, set it to null to keep all, or add a source"
            if least
            else "add a source that has such records"
        )
        raise InputError(f"too few records for {per_class} per class: found {found}; {remedy}")
    drawn, others = [], []
    for label in labels:
        candidates = by_label[label]
        random.Random(f"{seed}/{label}").shuffle(candidates)
        drawn += candidates[:per_class]
        others += candidates[per_class:]
    return drawn, others


def stratified_split(
    items: Sequence[T],
    *,
    key_of: Callable[[T], str],
    label_of: Callable[[T], str],
    shares: Mapping[str, float],
    seed: int,
    group_of: Callable[[T], str] | None = None,
) -> dict[str, list[T]]:
    """Part items into splits so that each label has its share in each split.

    key_of: a unique, stable key. shares: fraction by split, adding up to 1. group_of: items of one
    group (a document) stay together; counts are then of groups, and a group's label is its most
    frequent one. Whole numbers come from largest remainders, what is left over carries on to the
    next label. Each split is shuffled. Raises InputError when a split would be empty.
    """
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"shares must add up to 1, not {sum(shares.values())}")
    groups = _by(group_of or key_of, sorted(items, key=key_of))
    by_label = _by(lambda name: _majority(label_of(item) for item in groups[name]), sorted(groups))
    names: dict[str, list[str]] = {split: [] for split in shares}
    carry = dict.fromkeys(shares, 0.0)
    for label in sorted(by_label):
        members = by_label[label]
        random.Random(f"{seed}/{label}").shuffle(members)
        quotas = {split: share * len(members) + carry[split] for split, share in shares.items()}
        counts = whole_numbers(quotas, len(members))
        carry = {split: quotas[split] - counts[split] for split in shares}
        for split, count in counts.items():
            names[split] += members[:count]
            members = members[count:]
    for split, chosen in names.items():
        if not chosen:
            raise InputError(f"the {split} split would be empty: {too_few(len(groups), 'record')} to split; add more")
        random.Random(f"{seed}/{split}").shuffle(chosen)
    return {split: [item for name in chosen for item in groups[name]] for split, chosen in names.items()}


def too_few(number: int, noun: str) -> str:
    """ "1 record is too few", "2 records are too few"."""
    return f"{number} {noun} is too few" if number == 1 else f"{number} {noun}s are too few"


def check_no_twins(splits: Mapping[str, Sequence[str]], noun: str = "question", method: str = TWIN_METHOD) -> dict:
    """Compare texts over all splits; returns what was checked, for the manifest.

    noun: what a text is called in the message. method: what the manifest says of the comparison, where the texts are
    no prose. Raises InputError naming the text (its beginning, when it is long) and
    both splits when a text stands in two.
    """
    home: dict[str, str] = {}
    for split, texts in splits.items():
        for text in texts:
            first = home.setdefault(normalise(text), split)
            if first != split:
                shown = textwrap.shorten(text, LONGEST_SHOWN, placeholder=" …")
                raise InputError(f'the {noun} "{shown}" stands in two splits, {first} and {split}; remove one of them')
    return {"method": method, "compared": {split: len(texts) for split, texts in splits.items()}, "twins": 0}


def _by(name_of: Callable[[T], str], items: Sequence[T]) -> dict[str, list[T]]:
    """Items under their names, in the order given."""
    named = defaultdict(list)
    for item in items:
        named[name_of(item)].append(item)
    return dict(named)


def _majority(labels) -> str:
    """The most frequent label; the alphabetically first one of a tie."""
    return min(Counter(labels).items(), key=lambda pair: (-pair[1], pair[0]))[0]


def whole_numbers(quotas: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers near the quotas that add up to `total`, by largest remainder; never negative.

    Rounding to nine places first: 0.1 × 110 must count as 11, whatever its last bits.
    """
    counts = {name: max(0, math.floor(round(quota, 9))) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: counts[name] - round(quotas[name], 9))  # stable: ties in given order
    for turn in range(total - sum(counts.values())):
        counts[by_remainder[turn % len(by_remainder)]] += 1
    while (excess := sum(counts.values()) - total) > 0:  # after a negative quota was raised to 0
        largest = max(counts, key=lambda name: counts[name] - quotas[name])
        counts[largest] -= min(excess, 1)
    return counts
