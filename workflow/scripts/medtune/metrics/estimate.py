"""A figure with its n and its interval: the only form in which results are reported."""

from dataclasses import asdict, dataclass


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

    def as_dict(self) -> dict:
        """Plain dictionary for JSON."""
        return asdict(self)


def nothing(unit: str) -> Estimate:
    """The estimate of what has nothing to be measured on."""
    return Estimate(None, None, None, 0, "none", unit)
