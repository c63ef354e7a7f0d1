"""A figure with its n and its interval: the only form in which results are reported."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Estimate:
    """value with a 95 % interval [low, high]. n: items (or documents, see method) behind it.
    method: how the interval was made. All three are None when n = 0."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str

    def as_dict(self) -> dict:
        """Plain dictionary for JSON."""
        return asdict(self)
