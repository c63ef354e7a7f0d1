"""Membership signals: whether a model seems to have read the items of one split before.

A text that was in the training data of a model tends to be likelier to it than one like it that was not (Yeom et al.
2018, loss attack; Carlini et al. 2021). Of single items this says little, of a whole split against another one more
(dataset inference, Maini et al. 2021 and 2024), where the two were split at random and so are alike but for this.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy

from medtune.metrics.estimate import Estimate
from medtune.metrics.significance import Difference

LOWEST = 0.2
"""Share of an answer's tokens that `lowest_mean` is of."""


def lowest_mean(log_likelihoods: Sequence[float] | np.ndarray) -> float:
    """Mean log-probability of the least likely 20 % of the tokens of a text, at least one: Min-K % Prob (Shi et al.
    2024, "Detecting pretraining data from large language models", section 4). A text that was not read before tends to
    have a few tokens that surprise the model. log_likelihoods: (tokens,), at least one."""
    tokens = np.sort(np.asarray(log_likelihoods, dtype=float))
    return float(tokens[: math.ceil(LOWEST * len(tokens))].mean())


def independent_difference(a: Estimate, b: Estimate) -> Difference | None:
    """a - b of two means of different units, by Welch's (1947) t test: 95 % interval and two-sided p-value.

    a, b: as `medtune.metrics.intervals.amount` gives them, without bounds, so that the standard error of each is that
    of its interval; degrees of freedom by Satterthwaite (1946). n: units of both. None where one has fewer than two
    units, from which nothing follows.
    """
    if min(a.n, b.n) < 2:
        return None
    variances = [((one.high - one.value) / scipy.stats.t.ppf(0.975, one.n - 1)) ** 2 for one in (a, b)]
    freedom = sum(variances) ** 2 / sum(
        variance**2 / (one.n - 1) for variance, one in zip(variances, (a, b), strict=True)
    )
    value, error = a.value - b.value, math.sqrt(sum(variances))
    half = float(scipy.stats.t.ppf(0.975, freedom)) * error
    p_value = float(2 * scipy.stats.t.sf(abs(value) / error, freedom))
    return Difference(value, value - half, value + half, a.n + b.n, p_value)
