"""Statistics of counts that add up over documents."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Statistic = Callable[[np.ndarray], np.ndarray]
"""From summed counts (m, k) to the statistic (m,), for m sums at once."""


def f1_of_counts(sums: np.ndarray) -> np.ndarray:
    """F1 = 2 tp / (2 tp + fp + fn) of summed counts (m, 3); 0 where all three are 0."""
    tp, fp, fn = sums[:, 0], sums[:, 1], sums[:, 2]
    denominator = 2 * tp + fp + fn
    return np.divide(2 * tp, denominator, out=np.zeros(len(sums)), where=denominator > 0)


def class_counts(cases: Iterable[Any], documents: int, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """(documents,) number of cases of each class in each document. cases: with `kind` and `document`, from 0."""
    counts = {kind: np.zeros(documents) for kind in classes}
    for case in cases:
        counts[case.kind][case.document] += 1
    return counts


def counted(counts: ArrayLike) -> np.ndarray:
    """The counts as (n, k) numbers. Raises ValueError for another number of dimensions."""
    array = np.asarray(counts, dtype=float)
    if array.ndim != 2:
        raise ValueError(f"counts have {array.ndim} dimensions: expected (documents, counts)")
    return array


def applied(statistic: Statistic, sums: np.ndarray) -> np.ndarray:
    """(m,) the statistic of summed counts (m, k). Raises ValueError where it is not one finite number for each."""
    values = np.asarray(statistic(sums), dtype=float)
    if values.shape != (len(sums),) or not np.isfinite(values).all():
        raise ValueError("the statistic must give one finite value per sum of counts")
    return values


def of_all(statistic: Statistic, counts: np.ndarray) -> float:
    """The statistic over all documents together."""
    return float(applied(statistic, counts.sum(axis=0, keepdims=True))[0])


def without_each(statistic: Statistic, counts: np.ndarray) -> np.ndarray:
    """(n,) the statistic over all documents but one, for each of at least two of them."""
    return applied(statistic, counts.sum(axis=0) - counts)
