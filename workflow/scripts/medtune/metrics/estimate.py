"""A figure with its n and its interval: the only form in which results are reported."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

ENDS = ("", "_low", "_high")
"""What a figure's columns end in: its value and the ends of its interval."""


VALUES = ("value", "low", "high")
"""A figure's columns where the table has no other figure, and its keys as a dictionary; in the order of `ENDS`."""


class Figure(Protocol):
    """Whatever has a value and an interval: an `Estimate`, a contrast, a difference."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Estimate:
    """value with a 95 % interval [low, high], over n of what was drawn, whose name is unit (plural: "documents",
    "reports", "questions"). method: how the interval was made. value, low and high are None when n = 0."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    unit: str = "items"

    def reaches(self, target: float) -> bool:
        """Whether the whole interval lies at the target or above."""
        return self.low is not None and self.low >= target

    def as_dict(self) -> dict:
        """Plain dictionary for JSON."""
        return asdict(self)


class Range(NamedTuple):
    """A figure and its ends alone, None where there are none: the ends of its interval, or the least and the greatest
    of repeated rounds."""

    value: float | None
    low: float | None
    high: float | None


AnyFigure = Figure | Mapping[str, Any] | None
"""A figure, its dictionary form, or none."""


def nothing(unit: str) -> Estimate:
    """The estimate of what has nothing to be measured on."""
    return Estimate(None, None, None, 0, "none", unit)


def end_columns(*names: str) -> tuple[str, ...]:
    """Columns of figures in a table: of each the value and the ends of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ENDS)


def end_cells(name: str, figure: AnyFigure) -> dict[str, float | None]:
    """The cells of a figure by their columns."""
    return dict(zip(end_columns(name), end_values(figure), strict=True))


def value_cells(figure: AnyFigure) -> dict[str, float | None]:
    """The cells of a figure by the columns `VALUES`."""
    return dict(zip(VALUES, end_values(figure), strict=True))


def end_values(figure: AnyFigure) -> Range:
    """The cells of a figure in the order of `ENDS`."""
    if figure is None:
        return Range(None, None, None)
    if isinstance(figure, Mapping):
        return Range(*(figure[name] for name in VALUES))
    return Range(figure.value, figure.low, figure.high)
