"""A share of items with its interval."""

from typing import Literal

import scipy

from medtune.metrics.estimate import Estimate

METHODS = {"wilson": "Wilson", "exact": "Clopper-Pearson"}


def proportion(successes: int, n: int, method: Literal["wilson", "exact"] = "wilson", unit: str = "items") -> Estimate:
    """successes / n with a 95 % interval: Wilson (1927) score, or Clopper and Pearson (1934) exact.

    Of units that were drawn one by one; for items that come in documents see `intervals.share`.
    n = 0 gives an estimate without value. Raises ValueError unless 0 <= successes <= n.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n}")
    if n == 0:
        return Estimate(None, None, None, 0, METHODS[method], unit)
    interval = scipy.stats.binomtest(int(successes), int(n)).proportion_ci(0.95, method=method)
    value = successes / n
    # Rounding may leave a bound at the wrong side of the value by 1e-17.
    low, high = float(min(interval.low, value)), float(max(interval.high, value))
    return Estimate(value, low, high, int(n), METHODS[method], unit)
