"""Bootstrap intervals over documents (or items), for any statistic of summed counts."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics.estimate import Estimate

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
