"""Figures in the contents of metrics.json."""

from collections.abc import Iterator
from typing import Any

ESTIMATE = {"value", "low", "high", "n", "method", "unit"}


def estimates_in(content: Any, path: str = "") -> Iterator[tuple[str, dict]]:
    """Every figure with its interval, however deep, by its path."""
    if isinstance(content, dict):
        if content.keys() == ESTIMATE:
            yield path, content
        else:
            for name, inner in content.items():
                yield from estimates_in(inner, f"{path}/{name}")


def wrong_units(content: Any, drawn: dict[str, int]) -> list[str]:
    """Paths of the figures whose unit is none of `drawn`, or whose n is more than were drawn of it."""
    return [
        f"{path}: n = {found['n']} {found['unit']}"
        for path, found in estimates_in(content)
        if found["n"] > drawn.get(found["unit"], -1)
    ]
