"""Paired comparisons of two models on the same documents, the correction for making many, and what they say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike

from medtune.metrics.contrasts import Contrast, contrast
from medtune.metrics.counts import Statistic, applied, of_all, without_each
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import of_statistic

ALPHA = 0.05
RESAMPLES = 9999
"""Random swaps where not all can be made."""
FLOOR = 1 / (RESAMPLES + 1)
"""The least p-value of random swaps. Where they are more it is smaller, and "≤" is right all the more."""
EXACT = 13
"""Most documents that differ for which all swaps are made: 2^13 = 8192 of them."""
BLOCK_VALUES = 4_000_000
"""Most swaps times documents held at a time: about 32 MB."""
SKEWNESS_WEIGHT = 3
"""Times that the correction for skewness is made: few documents show only a part of it (docs/statistics.md)."""


@dataclass(frozen=True)
class McNemar:
    """n: items. only_a, only_b: items that only the one model has right. p_value: two-sided."""

    n: int
    only_a: int
    only_b: int
    p_value: float

    @property
    def value(self) -> int:
        """Items that the first model is ahead by."""
        return self.only_a - self.only_b


@dataclass(frozen=True)
class Difference:
    """value = statistic(a) - statistic(b), with a 95 % interval, over n documents.

    p_value: two-sided; one at `FLOOR` or below may be smaller in truth, and is shown with "≤" (`p_text`).
    """

    value: float
    low: float
    high: float
    n: int
    p_value: float


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> McNemar:
    """Exact McNemar test: binomial with one half on the discordant pairs (McNemar 1947), two-sided: the sign-flip
    permutation of all items. Without discordant pairs p is 1.

    correct_a, correct_b: (n,) bool, same items in the same order. Raises ValueError when the shapes differ.
    """
    a, b = np.asarray(correct_a, dtype=bool), np.asarray(correct_b, dtype=bool)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"shapes {a.shape} and {b.shape}: expected the same items for both")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    discordant = only_a + only_b
    p_value = float(scipy.stats.binomtest(only_a, discordant, 0.5).pvalue) if discordant else 1.0
    return McNemar(len(a), only_a, only_b, min(p_value, 1.0))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (Holm 1979, step-down), in the order given.

    Raises ValueError when one is not in [0, 1].
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError("p-values must be in [0, 1]")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - position) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def verdict(value: float, p_adjusted: float, higher: str = "better", lower: str = "worse", tie: str = "tie") -> str:
    """A comparison in a word: the tie unless the p-value, corrected for all that is shown beside it, is below 0.05.

    value: the difference. The interval of a single difference has no say: it is not corrected.
    """
    if p_adjusted >= ALPHA:
        return tie
    return higher if value > 0 else lower


TESTED = ("p_value", "p_holm", "verdict")
"""Columns of a test: its p-value, the same corrected for all that is shown beside it, and what the latter says."""


def tested_cells(
    tests: Sequence[McNemar | Difference | None], words: tuple[str, str, str] = ("better", "worse", "tie")
) -> list[dict[str, Any]]:
    """The cells of each of a family of tests, by the columns `TESTED`. None: there was nothing to test.

    verdict: of the first of the two compared. words: for a positive and a negative difference, and for none.
    """
    adjusted = iter(holm([test.p_value for test in tests if test]))
    cells = []
    for test in tests:
        if test is None:
            cells.append(untested_cells(words[-1]))
            continue
        p_holm = next(adjusted)
        cells.append(dict(zip(TESTED, (test.p_value, p_holm, verdict(test.value, p_holm, *words)), strict=True)))
    return cells


def untested_cells(said: str) -> dict[str, Any]:
    """The same of what is not tested. said: in place of the verdict."""
    return dict(zip(TESTED, (None, None, said), strict=True))


def p_text(p_value: float, uncorrected: float | None = None) -> str:
    """A p-value in a table: three decimals, "< 0.001", or "≤ …" where more random swaps could make it smaller.

    uncorrected: the value before the correction, which says so; None: p_value itself.
    """
    least = p_value if uncorrected is None else uncorrected
    if least <= FLOOR and p_value >= 0.001:
        return f"≤ {p_value:.3f}"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def p_words(p_value: float, uncorrected: float | None = None) -> str:
    """A p-value in a sentence: "p = 0.012", "p < 0.001", "p ≤ 0.002"."""
    text = p_text(p_value, uncorrected)
    return f"p {text}" if text[0] in "<≤" else f"p = {text}"


def paired_difference(
    counts_a: ArrayLike,
    counts_b: ArrayLike,
    statistic: Statistic,
    seed: int,
    resamples: int = RESAMPLES,
    top: float | None = 1,
) -> Difference:
    """Difference of a statistic between two models on the same documents.

    counts_a, counts_b: (n, k) additive counts per document. top: the statistic is in [0, top]; None: no bounds.

    p_value: paired permutation (Fisher 1935; for F1 Yeh 2000): under the null hypothesis the outputs of the two models
    for a document might as well be swapped. All swaps are made for up to 13 documents that differ, else `resamples`
    random ones, and p is (count + 1) / (resamples + 1) (Phipson and Smyth 2010). Swaps are made of two statistics, and
    the larger p counts: the difference, and the difference studentised and corrected for skewness (`_corrected`). The
    second keeps a model that only varies more between documents from being told apart by bad ones that were not drawn.
    Interval: Student's t on the differences that leaving out each document in turn makes; where all documents differ
    alike, what `alike_ends` gives. Raises ValueError when the shapes differ or n = 0.
    """
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    if a.shape != b.shape or a.ndim != 2 or len(a) == 0:
        raise ValueError(f"shapes {a.shape} and {b.shape}: expected the same (documents, counts) for both")
    value = of_all(statistic, a) - of_all(statistic, b)
    low, high = _difference_ends(a, b, statistic, value, top)
    p_value = _permutation(a, b, statistic, abs(value), seed, resamples)
    return Difference(value, low, high, len(a), p_value)


def difference_of(counts_a: ArrayLike, counts_b: ArrayLike, statistic: Statistic, top: float | None = 1) -> Contrast:
    """The same difference and interval without a test: the two sides may have other numbers of counts, (n, …)."""
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    value = of_all(statistic, a) - of_all(statistic, b)
    return Contrast(value, *_difference_ends(a, b, statistic, value, top))


def alike_ends(value: float, a: Estimate | None, b: Estimate | None, n: int, top: float) -> tuple[float, float]:
    """Interval of a difference of which no document tells how far it varies: all differ alike, or not at all.

    The narrower of what follows from the intervals of the two figures as if independent (Newcombe 1998), and of what
    none in n documents that differ otherwise leaves possible (upper end of Wilson's interval, t quantile).
    """
    quantile = float(scipy.stats.t.ppf(0.975, n - 1)) if n > 1 else np.inf
    half = top / (1 + n / quantile**2)
    low, high = value - half, value + half
    if a and b:
        both = contrast(a, b)
        low, high = max(low, both.low), min(high, both.high)
    return low, high


def _difference_ends(
    a: np.ndarray, b: np.ndarray, statistic: Statistic, value: float, top: float | None
) -> tuple[float, float]:
    some = a.any(axis=1) | b.any(axis=1)
    a, b, n = a[some], b[some], int(some.sum())
    limit = np.inf if top is None else top
    if n > 1:
        left_out = without_each(statistic, a) - without_each(statistic, b)
        error = float(np.sqrt((n - 1) / n * ((left_out - value) ** 2).sum()))
        if error > 1e-12:
            half = float(scipy.stats.t.ppf(0.975, n - 1)) * error
            return max(-limit, value - half), min(limit, value + half)
    if top is None:
        low, high = alike_ends(value, None, None, max(n, 2), max(1.0, abs(value)))
    elif n < 2:
        return -limit, limit
    else:
        low, high = alike_ends(value, *(of_statistic(side, statistic, top=top) for side in (a, b)), n, top)
    return max(-limit, low), min(limit, high)


def _permutation(
    a: np.ndarray, b: np.ndarray, statistic: Statistic, observed: float, seed: int, resamples: int
) -> float:
    """Two-sided p-value. Documents that are alike need no swap."""
    differing = (a != b).any(axis=1)
    change = (b - a)[differing]
    n = len(change)
    if n == 0:
        return 1.0
    first, total = a.sum(axis=0), a.sum(axis=0) + b.sum(axis=0)
    parts = _parts(statistic, total / 2, change)
    corrected = abs(float(_corrected(np.ones((1, n)), parts)[0]))
    exact = n <= EXACT
    as_far, made = np.zeros(2, dtype=int), 0
    for swaps in _all_swaps(n) if exact else _random_swaps(n, seed, resamples):
        sums = first + swaps @ change
        differences = applied(statistic, sums) - applied(statistic, total - sums)
        # Sums of shares are not exact: the observed difference must count as one as far as itself.
        as_far += [
            (np.abs(differences) >= observed - 1e-9).sum(),
            (np.abs(_corrected(1 - 2 * swaps, parts)) >= corrected - 1e-9).sum(),
        ]
        made += len(swaps)
    if exact:
        return float(as_far.max() / made)
    return float((as_far.max() + 1) / (made + 1))


def _parts(statistic: Statistic, middle: np.ndarray, change: np.ndarray) -> np.ndarray:
    """(n,) what each document contributes to the difference, their squares adding up to 1, or all 0.

    middle: (k,) mean of the two models' summed counts, which no swap changes; change: (n, k) from the one to the other.
    A document contributes the difference that its two outputs make to the middle, so that a swap turns the sign.
    """
    parts = applied(statistic, middle - change / 2) - applied(statistic, middle + change / 2)
    length = float(np.sqrt((parts**2).sum()))
    return parts / length if length > 1e-12 else np.zeros(len(parts))


def _corrected(signs: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """(m,) the studentised difference, corrected for skewness, for signs (m, n) of the documents' contributions.

    z + w (1 + 2 z²) k / 6 (Johnson 1978, J. Am. Stat. Assoc. 73; Hall 1992, J. R. Stat. Soc. B 54), with z the sum of
    the contributions, k that of their cubes, and w `SKEWNESS_WEIGHT`. Both moments are about 0, as under the null
    hypothesis. Where all contributions are as large this grows with z: for right or wrong items nothing changes.
    """
    z, skewness = signs @ parts, signs @ parts**3
    return z + SKEWNESS_WEIGHT * (1 + 2 * z**2) * skewness / 6


def _all_swaps(n: int) -> Iterator[np.ndarray]:
    yield (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(float)


def _random_swaps(n: int, seed: int, resamples: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(seed)
    block = max(1, BLOCK_VALUES // n)
    for start in range(0, resamples, block):
        yield generator.integers(0, 2, size=(min(block, resamples - start), n)).astype(float)
