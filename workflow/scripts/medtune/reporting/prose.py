"""Figures, differences, counts and lists in words, as pages and plots have them."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.metrics.estimate import ENDS, VALUES, Estimate
from medtune.reporting.tables import estimate_text


def figure_text(estimate: Estimate) -> str:
    """A share in words: value, 95 % interval and n."""
    return estimate_text(estimate.as_dict())


def short_text(estimate: Mapping[str, Any], as_percent: bool = True) -> str:
    """An estimate in its dictionary form, without n: for tables that give it once."""
    values = [estimate[key] for key in VALUES]
    if values[0] is None:
        return "none"
    value, low, high = ((f"{100 * one:.1f}" if as_percent else f"{one:.2f}") for one in values)
    return f"{value}{' %' if as_percent else ''} ({low}–{high})"


def interval_text(row: Mapping[str, Any], name: str, as_percent: bool = True) -> str:
    """The same from the columns `name`, `name_low` and `name_high` of a table's row."""
    return short_text(estimate_in(row, name), as_percent)


def estimate_in(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A figure and its interval of a table's row, as an estimate in its dictionary form without n."""
    return {key: row[f"{name}{end}"] for key, end in zip(VALUES, ENDS, strict=True)}


def score_text(value: float, sign: str = "") -> str:
    """Three decimals, or one for lengths and the like. sign: "+" to show a plus; -0 is 0."""
    return f"{value:{sign}z.{3 if abs(value) <= 2 else 1}f}"


def scores_text(row: Mapping[str, Any], name: str = "", sign: str = "") -> str:
    """A figure that is no share in the columns `name`, `name_low` and `name_high` of a table's row, or in its
    dictionary form, with its interval: "0.531 (0.458 to 0.602)"; "none" without one. sign: as of `score_text`."""
    figure = estimate_in(row, name) if name else row
    if figure["value"] is None:
        return "none"
    value, low, high = (score_text(figure[key], sign) for key in VALUES)
    return f"{value} ({low} to {high})"


def difference_text(row: Mapping[str, Any], name: str = "difference") -> str:
    """The columns of a difference of two shares in words; see `points`."""
    return "none" if row[name] is None else points(*(row[f"{name}{end}"] for end in ENDS))


def points(value: float, low: float, high: float, of: str = "points") -> str:
    """A difference of two shares: "+1.2 points (-0.3 to +2.7)"."""
    return f"{100 * value:+z.1f} {of} ({100 * low:+z.1f} to {100 * high:+z.1f})"


def counted(number: int, noun: str, several: str | None = None) -> str:
    """ "1 document", "2 documents"."""
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; "none" for no names."""
    if not names:
        return "none"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
