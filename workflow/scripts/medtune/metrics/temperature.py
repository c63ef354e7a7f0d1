"""Temperature scaling: one number that makes the confidences of a classifier honest (Guo et al. 2017, section 4.2)."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from medtune.metrics.softmax import log_softmax

LOWEST, HIGHEST = 0.05, 20.0
"""Bounds of the temperature. Where every item is right the likelihood has no maximum inside."""


@dataclass(frozen=True)
class Temperature:
    """value: what logits are divided by. before, after: mean negative log-likelihood of the gold classes in nats, with
    temperature 1 and with `value`. n: items."""

    value: float
    before: float
    after: float
    n: int


def fit_temperature(logits: ArrayLike, gold: ArrayLike) -> Temperature:
    """The temperature with the least negative log-likelihood, within [LOWEST, HIGHEST].

    logits: (n, classes).  gold: (n,) class numbers.  The likelihood has one minimum in 1 / temperature.
    Raises ValueError for other shapes or n = 0.
    """
    logits, gold = np.asarray(logits, dtype=float), np.asarray(gold, dtype=int)
    if logits.ndim != 2 or gold.shape != (len(logits),) or len(gold) == 0:
        raise ValueError(f"logits {logits.shape} and gold {gold.shape}: expected (n, classes) and (n,), n > 0")

    def loss(logarithm: float) -> float:
        return negative_log_likelihood(logits, gold, float(np.exp(logarithm)))

    found = scipy.optimize.minimize_scalar(
        loss, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded", options={"xatol": 1e-6}
    )
    before = loss(0.0)
    # The search is exact up to its tolerance only; it never makes things worse.
    value, after = (float(np.exp(found.x)), float(found.fun)) if found.fun < before else (1.0, before)
    return Temperature(value, before, after, len(gold))


def negative_log_likelihood(logits: np.ndarray, gold: np.ndarray, temperature: float = 1.0) -> float:
    """Mean over items of -log softmax(logits / temperature)[gold]. logits: (n, classes). gold: (n,)."""
    return float(-log_softmax(logits / temperature)[np.arange(len(gold)), gold].mean())
