"""What two figures differ by, from the interval of each."""

import math
from dataclasses import dataclass

from medtune.metrics.estimate import Estimate

NO_DIFFERENCE = "no difference shown"
"""How texts call one that the corrected test does not show."""


@dataclass(frozen=True)
class Contrast:
    """value = a - b with a 95 % interval; all three are None where a or b has no value."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def shown(self) -> bool:
        """Whether the interval excludes 0, which is of this difference alone."""
        return self.low is not None and (self.low > 0 or self.high < 0)


def contrast(a: Estimate, b: Estimate) -> Contrast:
    """a - b, its interval recovered from those of a and b (Newcombe 1998, method 10; Zou and Donner 2008).

    Takes a and b as independent: of the same documents, which tend to be easy or hard in all, it is on the safe side.
    """
    if a.value is None or b.value is None:
        return Contrast(None, None, None)
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Contrast(value, low, high)
