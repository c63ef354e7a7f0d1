"""Means of small groups, shrunk towards the mean of all groups: empirical Bayes.

The model is normal–normal (Efron and Morris 1975): value j of group i is y_ij ~ N(θ_i, σ²), and θ_i ~ N(μ, τ²). With
n_i values and the mean y_i in each of k groups, N values in all and ȳ their mean:

    σ² = Σ_ij (y_ij − y_i)² / (N − k)                                  pooled: ten values tell little of it
    τ² = max(0, (Σ n_i (y_i − ȳ)² − (k − 1) σ²) / (N − Σ n_i² / N))    moments (DerSimonian and Laird 1986)
    μ  = Σ w_i y_i / Σ w_i  with  w_i = 1 / (σ² / n_i + τ²)
    B_i = σ² / (σ² + n_i τ²)                                           share of the distance to μ that is taken away
    θ_i = y_i − B_i (y_i − μ)  with variance  B_i τ² + B_i² / Σ w_i

The interval takes Student's quantile with N − k degrees of freedom: without shrinkage it is the common one of a mean
with a pooled variance. So the uncertainty of μ and of σ² is in it, that of τ² is not: with few groups it is too narrow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

METHOD = "normal-normal empirical Bayes: pooled variance within, DerSimonian-Laird between, Student's interval"


@dataclass(frozen=True)
class ShrunkMean:
    """One group. n: its values. mean: as they are, None when there are none. shrunk: towards the mean of all groups,
    with its interval [low, high]; all three are None where `Shrinkage.within` is."""

    n: int
    mean: float | None
    shrunk: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Shrinkage:
    """overall: μ, the mean of all groups; None without any value. within, between: the variances σ² and τ²; None when
    no group has two values, so that nothing tells chance from difference: then overall is the mean of the values."""

    overall: float | None
    within: float | None
    between: float | None
    groups: dict[str, ShrunkMean]


def shrink_means(groups: Mapping[str, ArrayLike], confidence: float = 0.95) -> Shrinkage:
    """Shrink the mean of each group.

    groups: values by name, (n_i,) each. confidence: of the intervals, between 0 and 1.
    A group of one value adds nothing to σ² and is treated as all others. A group without values has no mean of its own:
    its shrunken mean is μ, with the interval of one more group. With a single group τ² is 0.
    Raises ValueError for a value that is not finite, and for another confidence.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence}: expected between 0 and 1")
    values = {name: np.asarray(given, dtype=float) for name, given in groups.items()}
    if not all(np.isfinite(given).all() for given in values.values()):
        raise ValueError("a value is not finite")
    n = np.array([len(given) for given in values.values()], dtype=float)
    if not n.any():
        return Shrinkage(None, None, None, {name: ShrunkMean(0, None, None, None, None) for name in values})
    # Counted from the least value, equal values have variances of exactly 0.
    origin = min(given.min() for given in values.values() if len(given))
    means = np.array([(given - origin).mean() if len(given) else 0.0 for given in values.values()])
    raw = [float(origin + mean) if size else None for size, mean in zip(n, means, strict=True)]
    degrees = int(n.sum() - (n > 0).sum())
    if degrees == 0:
        unknown = {name: ShrunkMean(int(n[i]), raw[i], None, None, None) for i, name in enumerate(values)}
        return Shrinkage(float(origin + n @ means / n.sum()), None, None, unknown)

    squares = sum(((given - origin - mean) ** 2).sum() for given, mean in zip(values.values(), means, strict=True))
    within = float(squares / degrees)
    between = _between(n, means, within)
    all_equal = within + between == 0
    weights = n if all_equal else np.divide(n, within + n * between, out=np.zeros_like(n), where=n > 0)
    overall = weights @ means / weights.sum()
    taken = np.divide(within, within + n * between, out=np.ones_like(n), where=n * between > 0)
    shrunk = overall + (1 - taken) * (means - overall)
    variance = taken * between + (0 if all_equal else taken**2 / weights.sum())
    half = student.ppf((1 + confidence) / 2, degrees) * np.sqrt(variance)
    low, high = origin + shrunk - half, origin + shrunk + half
    found = {
        name: ShrunkMean(int(n[i]), raw[i], float(origin + shrunk[i]), float(low[i]), float(high[i]))
        for i, name in enumerate(values)
    }
    return Shrinkage(float(origin + overall), within, between, found)


def _between(n: np.ndarray, means: np.ndarray, within: float) -> float:
    """τ² of k group means, (k,), with n values each, (k,). Groups without values do not count."""
    total, k = n.sum(), int((n > 0).sum())
    if k < 2:
        return 0.0
    spread = (n * (means - n @ means / total) ** 2).sum()
    return float(max(0.0, (spread - (k - 1) * within) / (total - (n**2).sum() / total)))
