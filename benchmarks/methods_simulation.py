"""Simulations of what is said of methods: the figure expected with twice the training documents, and how many test
documents would settle a tie. `benchmarks.statistics_simulation` writes their tables.

A document has four items. Whether one is right follows from a normal variable: a quarter of its variance is of the
document, a quarter of the item, and both are the same for all methods, sizes and seeds; the other half is of the model.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from medtune.metrics.drawn import ratio
from medtune.metrics.learning_curve import HELPS, HELPS_NOT, LEAST_GAIN, NOT_TOLD, TIMES, Sized, learning_curve
from medtune.metrics.over_seeds import difference_over_seeds, spread_over_seeds
from medtune.metrics.settling import NEEDED, documents_of_methods

HELD = (0.7, 0.9)
"""What the coverage of a nominal 80 % may be."""
DRAWS = 400
"""Simulated studies of each row."""
FOUND = tuple(end + side * 2 * (end * (1 - end) / DRAWS) ** 0.5 for end, side in zip(HELD, (-1, 1), strict=True))
"""What the simulation of such a coverage may find: two of its standard errors more."""
ITEMS = 4
SEED = 23
SIZES = ((25, 50, 100), (10, 20, 40, 80, 160))
CURVES = ((0.2, 0.0), (0.5, 0.0), (0.4, 0.1), (1.0, 0.15), (1.0, 0.3))
"""Exponent and remaining error; the error at the smallest size is `FIRST`."""
FIRST = 0.5
STUDIES = ((2, 50), (3, 100), (5, 50), (5, 200))
"""Seeds and test documents of learning curves."""
UNSEEN_SIZES = ((20, 60, 180), (30, 60, 120, 240))
UNSEEN_CURVES = ((0.3, 0.05), (0.7, 0.2), (1.5, 0.1))
UNSEEN_FIRST = 0.6
UNSEEN_STUDIES = ((2, 80), (4, 150))
"""The same of truths that nothing was set by: weights and tails of `medtune.metrics.learning_curve` are not theirs."""
BETWEEN = 0.02
"""Standard deviation of a method's figure between training seeds."""
LEVEL = 0.75
METHODS = ((1, 0.0), (3, 0.01), (5, 0.02))
"""Seeds of each of two methods, and the standard deviation between them."""
TEST_DOCUMENTS = (50, 100, 200)
MORE = (2, 5, 20)
"""Documents that would settle a difference, in those of the test split."""


@dataclass(frozen=True)
class Truth:
    """A learning curve: error(n) = scale · n^-exponent + remaining. first: the error at the smallest size."""

    sizes: Sequence[int]
    exponent: float
    remaining: float
    first: float = FIRST

    def error(self, documents: int) -> float:
        """At a number of training documents."""
        scale = (self.first - self.remaining) * self.sizes[0] ** self.exponent
        return scale * documents**-self.exponent + self.remaining

    @property
    def next(self) -> int:
        """The number looked ahead to."""
        return TIMES * self.sizes[-1]

    @property
    def gain(self) -> float:
        """What the figure gains until there."""
        return self.error(self.sizes[-1]) - self.error(self.next)


def answered(rng: np.random.Generator, shares: np.ndarray, documents: int) -> np.ndarray:
    """(…, documents, 2) right items and items of models on the same documents. shares: (…) of the items that each has
    right in the long run."""
    shape = (documents, ITEMS)
    shared = (rng.standard_normal((documents, 1)) + rng.standard_normal(shape)) / 2
    own = rng.standard_normal((*shares.shape, *shape)) / 2**0.5
    right = (shared + own < ndtri(np.clip(shares, 0.01, 0.99))[..., None, None]).sum(axis=-1)
    return np.stack([right, np.full(right.shape, ITEMS)], axis=-1).astype(float)


def points(rng: np.random.Generator, truth: Truth, seeds: int, documents: int) -> list[Sized]:
    """One study of a learning curve."""
    shares = 1 - np.array([truth.error(size) for size in truth.sizes])
    drawn = shares[:, None] + BETWEEN * rng.standard_normal((len(shares), seeds))
    return [Sized(size, counts) for size, counts in zip(truth.sizes, answered(rng, drawn, documents), strict=True)]


@dataclass(frozen=True)
class CurveResult:
    """Shares of studies: whose interval of the figure at twice the documents holds it, whose interval of the gain does,
    that tell whether more documents help, and that tell it wrongly."""

    figure: float
    gain: float
    told: float
    wrong: float


def curve_coverage(truth: Truth, seeds: int, documents: int, draws: int = DRAWS) -> CurveResult:
    """Of many studies of one learning curve."""
    key = (SEED, len(truth.sizes), round(100 * truth.exponent), round(100 * truth.remaining), seeds, documents)
    rng = np.random.default_rng(key)
    wrong_word = HELPS_NOT if truth.gain >= LEAST_GAIN else HELPS
    found = []
    for number in range(draws):
        curve = learning_curve(points(rng, truth, seeds, documents), ratio, number)
        figure, gain = curve.figure(truth.next), curve.gain
        holds = figure.low <= 1 - truth.error(truth.next) <= figure.high, gain.low <= truth.gain <= gain.high
        found.append((*holds, curve.told != NOT_TOLD, curve.told == wrong_word))
    return CurveResult(*(float(share) for share in np.mean(found, axis=0)))


@dataclass(frozen=True)
class SettlingResult:
    """Shares of studies: that end in a tie; whose interval holds the number of documents that would settle it; the same
    among ties."""

    ties: float
    held: float
    held_of_ties: float


def settling_coverage(seeds: int, between: float, documents: int, more: int, draws: int = DRAWS) -> SettlingResult:
    """Of many studies of two methods whose difference `more` times the documents would settle."""
    rng = np.random.default_rng((SEED, seeds, documents, more))
    many = 100_000
    alike = answered(rng, np.full((2, seeds), LEVEL), many)
    variance = spread_over_seeds(*alike, ratio).variance * many
    difference = NEEDED * (variance / (more * documents) + 2 * between**2 / seeds) ** 0.5
    found = []
    for _ in range(draws):
        shares = LEVEL + np.array([[difference / 2], [-difference / 2]]) + between * rng.standard_normal((2, seeds))
        methods = answered(rng, shares, documents)
        settling = documents_of_methods(*methods, ratio)
        low, high = (float("inf") if end is None else end for end in (settling.low, settling.high))
        tie = difference_over_seeds(*methods, ratio, least=(1, 1)).p_value >= 0.05
        found.append((tie, low <= more * documents <= high))
    ties, held = np.array(found).T
    return SettlingResult(float(ties.mean()), float(held.mean()), float(held[ties].mean()))


def curve_rows() -> Iterator[tuple]:
    """Rows of the table of learning curves, the coverage that is held to its band last."""
    return _curve_rows((Truth(sizes, *curve) for sizes in SIZES for curve in CURVES), STUDIES)


def unseen_rows() -> Iterator[tuple]:
    """The same of truths that nothing was set by."""
    truths = (Truth(sizes, *curve, UNSEEN_FIRST) for sizes in UNSEEN_SIZES for curve in UNSEEN_CURVES)
    return _curve_rows(truths, UNSEEN_STUDIES)


def _curve_rows(truths: Iterable[Truth], studies: Sequence[tuple[int, int]]) -> Iterator[tuple]:
    """studies: seeds and test documents."""
    for truth in truths:
        for seeds, documents in studies:
            result = curve_coverage(truth, seeds, documents)
            words = (f"{share:.2f}" for share in (result.told, result.wrong, result.gain))
            row = (len(truth.sizes), truth.exponent, truth.remaining, f"{100 * truth.gain:.1f}", seeds, documents)
            yield (*row, *words, round(result.figure, 3))


def settling_rows() -> Iterator[tuple]:
    """Rows of the table of documents that settle a tie, the coverage that is held to its band last."""
    for seeds, between in METHODS:
        for documents in TEST_DOCUMENTS:
            for more in MORE:
                result = settling_coverage(seeds, between, documents, more)
                words = (f"{share:.2f}" for share in (result.ties, result.held_of_ties))
                yield (seeds, between, documents, more * documents, *words, round(result.held, 3))


CURVE_HEADERS = (
    *("sizes", "exponent", "remaining error", "gain, points", "seeds", "test documents"),
    *("told", "told wrongly", "coverage of the gain", "coverage of the figure"),
)
SETTLING_HEADERS = (
    *("seeds of each", "standard deviation between seeds", "test documents", "documents that settle"),
    *("ties", "coverage among ties", "coverage"),
)
