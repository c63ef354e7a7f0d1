"""Confidence of generated text from the probabilities of its tokens."""

import math
from collections.abc import Sequence
from statistics import fmean


def geometric_mean(probabilities: Sequence[float]) -> float:
    """The length-normalised likelihood (Malinin and Gales 2021, section 3), in [0, 1]. Raises ValueError for none."""
    return math.exp(fmean(math.log(max(p, 1e-30)) for p in probabilities))
