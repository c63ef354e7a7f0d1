"""Bootstrap intervals over documents (or items), for any statistic of summed counts."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics.estimate import Estimate
from medtune.metrics.proportions import proportion

SAMPLES = 2000
BLOCK_VALUES = 4_000_000
"""Most resampling weights held at a time: about 32 MB."""

Statistic = Callable[[np.ndarray], np.ndarray]
"""From summed counts (m, k) to the statistic (m,), for m resamples at once."""


def bootstrap(counts: ArrayLike, statistic: Statistic, seed: int, samples: int = SAMPLES) -> Estimate:
    """Percentile bootstrap interval (Efron and Tibshirani 1993, ch. 13) over documents.

    counts: (n, k), a row of additive counts per document (for span F1: tp, fp, fn). A resample is
    n documents drawn with replacement; `statistic` gets the sums of their counts and must give a
    finite value for each.
    n = 0 gives an estimate without value. Raises ValueError for a wrong shape or a value that is not finite.
    """
    counts = _counts(counts)
    n = len(counts)
    method = f"percentile bootstrap, {samples} resamples"
    if n == 0:
        return Estimate(None, None, None, 0, method)
    value = _apply(statistic, counts.sum(axis=0, keepdims=True))[0]
    resampled = np.concatenate([_apply(statistic, weights @ counts) for weights in resamples(n, seed, samples)])
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high), n, method)


def bootstrap_f1(counts: ArrayLike, seed: int, samples: int = SAMPLES) -> Estimate:
    """F1 of summed counts (n, 3): tp, fp, fn, with its bootstrap interval, `widened` where it is 0 or 1."""
    found = bootstrap(counts, f1_of_counts, seed, samples)
    return widened_f1(found, round(np.asarray(counts, dtype=float).sum()))


def widened(found: Estimate, items: int) -> Estimate:
    """A share of 0 or 1 with an interval no narrower than Wilson's for so many items; any other share as it is.

    Documents that are all alike give resamples that are all alike: an interval without width, however few the items
    are. Without any item (a precision of 0 that is 0 / 0) nothing is known, and the interval is [0, 1].
    """
    if found.value not in (0, 1):
        return found
    share = proportion(items if found.value else 0, items)
    low, high = (share.low, share.high) if items else (0.0, 1.0)
    return _no_narrower(found, low, high)


def widened_f1(found: Estimate, items: int) -> Estimate:
    """The same for an F1. items: tp + fp + fn, of which tp is the share J with F1 = 2 J / (1 + J)."""
    if found.value not in (0, 1):
        return found
    share = widened(replace(found, low=found.value, high=found.value), items)
    return _no_narrower(found, *(2 * end / (1 + end) for end in (share.low, share.high)))


def bootstrap_mean(values: ArrayLike, seed: int, samples: int = SAMPLES) -> Estimate:
    """Mean of one value per item, (n,), with its bootstrap interval."""
    values = np.asarray(values, dtype=float).reshape(-1, 1)
    n = max(len(values), 1)
    return bootstrap(values, lambda sums: sums[:, 0] / n, seed, samples)


def resamples(n: int, seed: int, samples: int) -> Iterator[np.ndarray]:
    """Blocks of resampling weights, (m, n) each: how often every document is drawn. The m add up to `samples`.

    The same n, seed and samples give the same weights, so that two models can be resampled alike.
    """
    generator = np.random.default_rng(seed)
    block = max(1, BLOCK_VALUES // n)
    for start in range(0, samples, block):
        yield generator.multinomial(n, np.full(n, 1 / n), size=min(block, samples - start)).astype(float)


def f1_of_counts(sums: np.ndarray) -> np.ndarray:
    """F1 = 2 tp / (2 tp + fp + fn) of summed counts (m, 3); 0 where all three are 0."""
    tp, fp, fn = sums[:, 0], sums[:, 1], sums[:, 2]
    denominator = 2 * tp + fp + fn
    return np.divide(2 * tp, denominator, out=np.zeros(len(sums)), where=denominator > 0)


def _no_narrower(found: Estimate, low: float, high: float) -> Estimate:
    method = f"{found.method}, no narrower than Wilson's interval"
    return replace(found, low=min(low, found.low), high=max(high, found.high), method=method)


def _counts(counts: ArrayLike) -> np.ndarray:
    array = np.asarray(counts, dtype=float)
    if array.ndim != 2:
        raise ValueError(f"counts have {array.ndim} dimensions: expected (documents, counts)")
    return array


def _apply(statistic: Statistic, sums: np.ndarray) -> np.ndarray:
    values = np.asarray(statistic(sums), dtype=float)
    if values.shape != (len(sums),) or not np.isfinite(values).all():
        raise ValueError("the statistic must give one finite value per resample")
    return values
