"""95 % intervals over documents, for shares, F1 and any other statistic of counts that add up over documents.

What was drawn are documents (reports, questions), so all intervals come from what the documents differ by: the
variance is that of leaving out each document in turn (jackknife, Efron and Tibshirani 1993, ch. 11), and quantiles are
those of Student's t with one degree of freedom less than there are documents.

Shares, and F1 as the share J = tp / (tp + fp + fn) with F1 = 2 J / (1 + J), have Wilson's (1927) interval for the
effective number of items: their number divided by the design effect of documents (Kish 1965; Franco et al. 2019,
J. Surv. Stat. Methodol. 7). Few errors say little about how errors gather in documents: the design effect measured is
weighed against the one expected beforehand, halfway (geometrically) between independent items and documents that are
right or wrong as a whole. docs/statistics.md has the coverage.

Other figures within bounds (macro-F1, ROUGE, Brier score) have Wilson's interval for the number of documents that are
right or wrong as a whole and would vary as much.

No interval has width 0, and all hold their value. From a single document nothing follows for the next: its interval
is all that is possible.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike

from medtune.metrics.counts import Statistic, counted, f1_of_counts, of_all, without_each
from medtune.metrics.estimate import Estimate, nothing

SHARE = "Wilson, design effect of {unit}, t quantile"
GRADED = "jackknife over {unit}, Wilson, t quantile"
AMOUNT = "t interval over {unit}"
RATE = "score interval of a rate, design effect of {unit}, t quantile"
EXPECTED_WEIGHT = 1.5
"""What the design effect expected beforehand weighs, in documents."""
ALIKE_WEIGHT = 0.02
"""The same for the variance of figures that are no counts: enough for a width where all documents are alike."""
ONE_AMOUNT = 9.68
"""x ± 9.68 |x| holds the mean of a normal distribution in 95 % of draws of a single x (Abbott and Rosenblatt 1963)."""


def share(successes: ArrayLike, items: ArrayLike, unit: str = "documents") -> Estimate:
    """Share of successes among items. successes, items: (documents,) counts. n: documents that have items.

    Raises ValueError when the shapes differ or a document has more successes than items.
    """
    x, m = np.asarray(successes, dtype=float), np.asarray(items, dtype=float)
    if x.shape != m.shape or x.ndim != 1:
        raise ValueError(f"shapes {x.shape} and {m.shape}: expected one count of each per document")
    if ((x < 0) | (x > m)).any():
        raise ValueError("a document has more successes than items")
    if not m.any():
        return nothing(unit)
    values, low, high = share_ends(x, m)
    return Estimate(float(values), float(low), float(high), int((m > 0).sum()), SHARE.format(unit=unit), unit)


def share_of_items(right: Sequence[bool], documents: Sequence[Hashable], unit: str = "documents") -> Estimate:
    """Share of the items that are right. documents: the one of each item. n: documents that have items."""
    if not len(right):
        return nothing(unit)
    _, place = np.unique(np.asarray(documents, dtype=object).astype(str), return_inverse=True)
    return share(np.bincount(place, weights=np.asarray(right, dtype=float)), np.bincount(place), unit)


def f1(counts: ArrayLike, unit: str = "documents") -> Estimate:
    """F1 of tp, fp and fn of each document, (n, 3). 0 where nothing is found; no value where all counts are 0."""
    counts = counted(counts)
    if not counts.any():
        return nothing(unit)
    ends = [float(2 * end / (1 + end)) for end in share_ends(counts[:, 0], counts.sum(axis=1))]
    return Estimate(*ends, len(counts), SHARE.format(unit=unit), unit)


def bounded(counts: ArrayLike, statistic: Statistic, unit: str = "documents", top: float = 1) -> Estimate:
    """Any statistic in [0, top] of summed counts, (n, k), a row for each document.

    Documents without counts add nothing. n = 0 gives no value. Raises ValueError for a wrong shape, or a statistic that
    is not finite or out of bounds.
    """
    counts = counted(counts)
    if not len(counts):
        return nothing(unit)
    value = of_all(statistic, counts)
    if not -1e-9 <= value <= top + 1e-9:
        raise ValueError(f"{value} is not between 0 and {top}")
    value = min(max(value, 0.0), top)
    some = counts[counts.any(axis=1)]
    left_out = without_each(statistic, some) if len(some) > 1 else np.full(len(some), value)
    low, high = graded_ends(np.array(value / top), left_out / top, len(some))
    return Estimate(value, float(top * low), float(top * high), len(counts), GRADED.format(unit=unit), unit)


def of_statistic(counts: ArrayLike, statistic: Statistic, unit: str = "documents", top: float = 1) -> Estimate:
    """A statistic with the interval that suits it: `f1` or `bounded`."""
    return f1(counts, unit) if statistic is f1_of_counts else bounded(counts, statistic, unit, top)


def mean(values: ArrayLike, unit: str = "items", top: float = 1) -> Estimate:
    """Mean of one value in [0, top] for each unit, (n,)."""
    values = np.asarray(values, dtype=float)
    return bounded(np.stack([values, np.ones(len(values))], axis=1), _mean, unit, top)


def clustered_mean(sums: ArrayLike, items: ArrayLike, unit: str = "documents") -> Estimate:
    """Mean of values in [0, 1] that come in documents. sums, items: (documents,) sum of the values, and how many.

    n: documents that have items. Raises ValueError when the shapes differ.
    """
    s, m = np.asarray(sums, dtype=float), np.asarray(items, dtype=float)
    if s.shape != m.shape or s.ndim != 1:
        raise ValueError(f"shapes {s.shape} and {m.shape}: expected one sum and one number per document")
    return bounded(np.stack([s, m], axis=1)[m > 0], _mean, unit)


def amount(values: ArrayLike, unit: str = "items", least: float | None = 0, items: ArrayLike | None = None) -> Estimate:
    """Mean of one value without an upper bound for each unit, (n,): tokens, seconds. least: the lower bound.

    items: (n,) of how many values, at least one, each unit has the sum; the mean is over these values, a ratio whose
    variance is that of its residuals (Cochran 1977, Sampling Techniques, ch. 6). None: one each.
    """
    values = np.asarray(values, dtype=float)
    sizes = np.ones(len(values)) if items is None else np.asarray(items, dtype=float)
    n = len(values)
    if n == 0:
        return nothing(unit)
    value = float(values.sum() / sizes.sum())
    scale = max(abs(value), 1.0)
    half = ONE_AMOUNT * scale
    if n > 1:
        squares = (((values - value * sizes) / sizes.mean()) ** 2).sum() + ALIKE_WEIGHT * scale**2
        half = float(scipy.stats.t.ppf(0.975, n - 1)) * float(np.sqrt(squares / (n - 1 + ALIKE_WEIGHT) / n))
    low = value - half if least is None else max(least, value - half)
    return Estimate(value, low, value + half, n, AMOUNT.format(unit=unit), unit)


def rate(events: ArrayLike, exposure: ArrayLike, unit: str = "documents", per: float = 1) -> Estimate:
    """Events for every `per` of exposure (sentences, words). events, exposure: (documents,). n: those with exposure.

    The score interval of a Poisson rate (Rao 1948) for exposure divided by the design effect of documents.
    """
    x, e = np.asarray(events, dtype=float), np.asarray(exposure, dtype=float)
    x, e = x[e > 0], e[e > 0]
    n, total = len(e), e.sum()
    if n == 0:
        return nothing(unit)
    value = x.sum() / total
    if n == 1:
        # The events of one document may all have one cause.
        effect, quantile = max(1.0, x.sum()), scipy.stats.norm.ppf(0.975)
    else:
        variance = (n - 1) / n * (((x.sum() - x) / (total - e) - value) ** 2).sum()
        evidence = min(n - 1, max(x.sum() / 2 - 1, 0))
        measured = variance / (value / total) if value else 1.0
        effect = max(1.0, (evidence * measured + EXPECTED_WEIGHT) / (evidence + EXPECTED_WEIGHT))
        quantile = scipy.stats.t.ppf(0.975, n - 1)
    step = quantile**2 * effect / total
    half = np.sqrt(value * step + step**2 / 4)
    low, high = max(0.0, value + step / 2 - half), value + step / 2 + half
    ends = [float(per * end) for end in (value, min(low, value), high)]
    return Estimate(*ends, n, RATE.format(unit=unit), unit)


def share_ends(successes: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, lower and upper end of many shares at once. successes, items: (documents, …); 0 / 0 is 0."""
    x, m = successes.sum(axis=0), items.sum(axis=0)
    values = divide(x, m)
    left_out = divide(x - successes, m - items)
    # Without its only document a share is not defined; it has no interval anyway.
    return values, *clustered_ends(values, left_out, items, np.minimum(x, m - x))


def clustered_ends(
    values: np.ndarray, left_out: np.ndarray, items: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of shares of items that come in documents.

    values: (…) shares. left_out: (documents, …) the same without each document. items: (documents, …) numbers of items.
    errors: (…) the smaller of the numbers of hits and of misses. [0, 1] where fewer than two documents have items.
    """
    documents = (items > 0).sum(axis=0)
    low, high = wilson(values, _effective(values, left_out, items, errors), quantiles(documents))
    return np.where(documents < 2, 0, low), np.where(documents < 2, 1, high)


def p_of_f1(counts: np.ndarray, expected: float) -> np.ndarray:
    """(figures,) two-sided p-values of F1s being `expected`, by the score test that belongs to their intervals.

    counts: (documents, figures, 3) tp, fp, fn. 1 where fewer than two documents have counts.
    """
    hits, items = counts[..., 0], counts.sum(axis=-1)
    x, m = hits.sum(axis=0), items.sum(axis=0)
    values, wanted = divide(x, m), expected / (2 - expected)
    effective = _effective(values, divide(x - hits, m - items), items, np.minimum(x, m - x))
    documents = (items > 0).sum(axis=0)
    distance = np.abs(values - wanted) * np.sqrt(divide(effective, wanted * (1 - wanted)))
    return np.where(documents < 2, 1.0, 2 * scipy.stats.t.sf(distance, np.maximum(documents - 1, 1)))


def _effective(values: np.ndarray, left_out: np.ndarray, items: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Effective numbers of items; arguments as of `clustered_ends`."""
    documents, total = (items > 0).sum(axis=0), items.sum(axis=0)
    variance = divide(documents - 1, documents) * ((left_out - values) ** 2 * (items > 0)).sum(axis=0)
    binomial = divide(values * (1 - values), total)
    expected = np.sqrt(divide((items**2).sum(axis=0), total))
    evidence = np.clip(errors / 2 - 1, 0, np.maximum(documents - 1, 0)) * (binomial > 0)
    effect = (evidence * divide(variance, binomial) + EXPECTED_WEIGHT * expected) / (evidence + EXPECTED_WEIGHT)
    return divide(total, np.maximum(effect, 1))


def graded_ends(values: np.ndarray, left_out: np.ndarray, documents: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of figures in [0, 1] that are no shares of items.

    values: (…). left_out: (documents, …) the same without each document. [0, 1] for fewer than two documents.
    """
    if documents < 2:
        return np.zeros(values.shape), np.ones(values.shape)
    variance = (documents - 1) / documents * ((left_out - values) ** 2).sum(axis=0)
    # A mean of ones that rounding leaves below 1 is no sign of variation.
    binary = np.where(np.minimum(values, 1 - values) > 1e-12, values * (1 - values), 0) / documents
    evidence = documents - 1
    effect = (evidence * divide(variance, binary) + ALIKE_WEIGHT) / (evidence + ALIKE_WEIGHT)
    effective = documents / np.where(binary > 0, effect, 1)
    return wilson(values, effective, quantiles(np.array(documents)))


def wilson(values: np.ndarray, n: np.ndarray, quantile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's (1927) interval for a number of items that need not be whole; [0, 1] for n = 0."""
    step = divide(np.square(quantile), n)
    half = np.sqrt(step * (values * (1 - values) + step / 4))
    low, high = (values + step / 2 - half) / (1 + step), (values + step / 2 + half) / (1 + step)
    known = n > 0
    # Rounding may leave an end at the wrong side of the value by 1e-17.
    return (
        np.where(known, np.clip(np.minimum(low, values), 0, 1), 0),
        np.where(known, np.clip(np.maximum(high, values), 0, 1), 1),
    )


def quantiles(documents: np.ndarray) -> np.ndarray:
    """97.5 % quantile of Student's t with one degree of freedom less than documents, at least one."""
    known, place = np.unique(np.maximum(documents - 1, 1), return_inverse=True)
    return scipy.stats.t.ppf(0.975, known)[place].reshape(np.shape(documents))


def divide(numerator: ArrayLike, denominator: ArrayLike) -> np.ndarray:
    """Quotient, 0 where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=denominator != 0)


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]
