"""Smaller training splits for a learning curve: nested subsets of the documents."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from medtune.errors import InputError


def nested_subset(rows: Sequence[Mapping[str, Any]], size: int, seed: int, path: str) -> list[Mapping[str, Any]]:
    """`size` rows in the order of `rows`; a smaller size of the same seed takes a subset of a larger one's.

    Whole groups are drawn one after the other, in an order that the seed alone gives, so that the last one may be cut.
    Of labelled rows the first of each label comes first: without one of a label a method cannot know it.
    path: of the training split, for messages.
    Raises InputError for a size above the number of rows, or below the number of labels.
    """
    if size > len(rows):
        raise InputError(
            f"sizes: {size} is above the {len(rows)} documents of {path}; all of them are a size of their own"
        )
    labels = {row["label"] for row in rows if "label" in row}
    if size < len(labels):
        raise InputError(
            f"sizes: {size} is below the {len(labels)} labels of {path}, so that one would have no document"
        )
    order = _order(rows, seed)
    return [rows[place] for place in sorted(order[:size])]


def _order(rows: Sequence[Mapping[str, Any]], seed: int) -> list[int]:
    """Places of all rows, as they are drawn."""
    units: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        # A group may be named as an id is.
        units.setdefault(f"group {row['group']}" if row.get("group") is not None else f"id {row['id']}", []).append(
            place
        )
    names = sorted(units)
    random.Random(f"{seed}/subsets").shuffle(names)
    drawn = [place for name in names for place in units[name]]
    seen: set[Any] = set()
    first = []
    for place in drawn:
        label = rows[place].get("label")
        if label is not None and label not in seen:
            seen.add(label)
            first.append(place)
    return [*first, *(place for place in drawn if place not in first)]
