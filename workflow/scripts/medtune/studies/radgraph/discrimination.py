"""Whether a confidence tells right from wrong."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.stats import rankdata

from medtune.metrics.estimate import Estimate

Z = 1.959963984540054
"""Standard normal quantile of 97.5 %."""
EDGE = 1e-12
METHOD = "Newcombe, method 5"


def auroc(confidence: Sequence[float], right: Sequence[bool]) -> Estimate:
    """Probability that a right item has more confidence than a wrong one, equal ones counting half (area under the ROC
    curve), with a 95 % interval.

    confidence, right: one each per item; items must be independent. The interval inverts the score test with Hanley and
    McNeil's (1982) variance (Newcombe 2006, Stat. Med. 25, method 5): it has a width at 0 and 1 too. Without right or
    without wrong items there is no figure. Raises ValueError when the lengths differ.
    """
    if len(confidence) != len(right):
        raise ValueError(f"{len(confidence)} confidences of {len(right)} items")
    marks = np.asarray(right, dtype=bool)
    m, n = int(marks.sum()), int((~marks).sum())
    if not m or not n:
        return Estimate(None, None, None, len(marks), METHOD)
    value = float((rankdata(confidence)[marks].sum() - m * (m + 1) / 2) / (m * n))
    # At 0 and 1 the standard error is 0, which the score test does not mean: its other solution is the bound.
    below, above = min(value, 1 - EDGE), max(value, EDGE)
    low = 0.0 if value == 0 else brentq(lambda area: value - area - Z * _standard_error(area, m, n), 0, below)
    high = 1.0 if value == 1 else brentq(lambda area: area - value - Z * _standard_error(area, m, n), above, 1)
    return Estimate(value, float(low), float(high), len(marks), METHOD)


def _standard_error(area: float, m: int, n: int) -> float:
    """Of an area that is `area`, from m right and n wrong items."""
    half = (m + n) / 2 - 1
    spread = 1 + half * (1 - area) / (2 - area) + half * area / (1 + area)
    return math.sqrt(area * (1 - area) * spread / (m * n))
