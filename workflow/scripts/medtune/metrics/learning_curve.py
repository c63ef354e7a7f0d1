"""A figure against the number of training documents: a power law, and what twice the documents are expected to bring.

The error 1 - figure is taken as a · n^-b + c, the form of learning curves (Cortes et al. 1994; Hestness et al. 2017).
Three to five sizes do not tell b from c, which matters beyond the largest size, so that a single fitted curve would be
too sure. All curves count instead, each by how well it fits (a posterior over a grid of curves), with weights
beforehand for the shape of the curve: see `_prior`. What the fit may miss comes from leaving out each document in turn,
in all sizes at once (jackknife), and from the training seeds. docs/statistics.md has the coverage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from medtune.metrics.counts import Statistic
from medtune.metrics.estimate import Range
from medtune.metrics.over_seeds import seed_variance, statistic_without_each

LEAST_SIZES = 3
TIMES = 2
"""The documents that are looked ahead to, in the largest size."""
LEAST_GAIN = 0.01
"""A gain that helps."""
HELPS, HELPS_NOT, NOT_TOLD = "expected to help", "not expected to help", "cannot be told"
DRAWS = 4000
TAIL, GAIN_TAIL = 0.1, 0.04
"""Share of draws beyond each end of an 80 % interval: of figures, and of gains, which hang on the shape of the curve
beyond what was measured more than its weights beforehand can say (docs/statistics.md)."""
EXPONENTS = np.linspace(0.1**0.5, 2**0.5, 24) ** 2
FLOORS = np.array([0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
"""Share of the error at the largest size that no number of documents takes away."""
NO_FLOOR, ALL_FLOOR = 0.45, 0.1
"""Weights beforehand of the first and of the last of them; the others share the rest evenly."""


@dataclass(frozen=True)
class Sized:
    """Results at one size. documents: of training. counts: (seeds, documents, k) additive counts of the test split."""

    documents: int
    counts: np.ndarray


@dataclass(frozen=True)
class LearningCurve:
    """Draws of curves: error(n) = level · ((1 - floor) · (n / largest)^-exponent + floor). largest: the most training
    documents. error: measured there. shift: draws of what the error at the largest size would differ by for other test
    documents."""

    largest: int
    error: float
    level: np.ndarray
    exponent: np.ndarray
    floor: np.ndarray
    shift: np.ndarray

    @property
    def next(self) -> int:
        """The size looked ahead to."""
        return TIMES * self.largest

    def figure(self, documents: int) -> Range:
        """The figure at a size, with an 80 % interval over test documents, seeds and curves."""
        errors = self._errors(documents)
        return _interval(np.clip(1 - errors + self.shift * self._scale(errors), 0, 1), TAIL)

    @property
    def gain(self) -> Range:
        """What the figure gains from the largest size to the next, with an 80 % interval."""
        return _interval(self._errors(self.largest) - self._errors(self.next), GAIN_TAIL)

    @property
    def told(self) -> str:
        """Whether more documents are expected to help: whether the interval of the gain is above `LEAST_GAIN`."""
        if self.gain.low >= LEAST_GAIN:
            return HELPS
        return HELPS_NOT if self.gain.high < LEAST_GAIN else NOT_TOLD

    @cached_property
    def rate(self) -> Range:
        """The exponent b, with an 80 % interval."""
        return _interval(self.exponent, TAIL)

    @cached_property
    def remaining(self) -> Range:
        """The error c that no number of documents takes away, with an 80 % interval."""
        return _interval(self.level * self.floor, TAIL)

    def _errors(self, documents: int) -> np.ndarray:
        return self.level * ((1 - self.floor) * (documents / self.largest) ** -self.exponent + self.floor)

    def _scale(self, errors: np.ndarray) -> np.ndarray:
        """Of the shift: smaller errors vary less, as those of shares do."""
        measured = max(self.error * (1 - self.error), 1e-9)
        return np.sqrt(np.clip(errors * (1 - errors) / measured, 0, 1))


def fault_of(seeds: Mapping[int, int]) -> str | None:
    """Why no curve is fitted, None where one is. seeds: their number by size."""
    if len(seeds) < LEAST_SIZES:
        sizes = f"{len(seeds)} {'size' if len(seeds) == 1 else 'sizes'}"
        return f"not fitted: {sizes} of the training data; a curve takes {LEAST_SIZES}"
    if max(seeds.values()) < 2:
        return "not fitted: a single training seed, which does not tell how far seeds differ; a curve takes 2"
    return None


def learning_curve(points: Sequence[Sized], statistic: Statistic, seed: int) -> LearningCurve:
    """The curves that go with a statistic in [0, 1] of the same test documents at several sizes. seed: of the draws.

    A size with a single seed is taken to vary between seeds as the others do. Raises ValueError for fewer than
    `LEAST_SIZES` sizes, repeated sizes, other test documents, or fewer than two of them.
    """
    points = sorted(points, key=lambda point: point.documents)
    sizes = np.array([point.documents for point in points], dtype=float)
    if len(set(sizes)) < max(LEAST_SIZES, len(points)):
        raise ValueError(
            f"sizes {[point.documents for point in points]}: expected {LEAST_SIZES} or more, all different"
        )
    if len({point.counts.shape[1:] for point in points}) > 1 or points[0].counts.shape[1] < 2:
        raise ValueError("expected the same test documents at all sizes, two or more")
    errors = 1 - np.array([statistic(point.counts.sum(axis=1)).mean() for point in points])
    documents = _jackknife(np.stack([statistic_without_each(point.counts, statistic).mean(axis=0) for point in points]))
    between, freedom = _between_seeds(points, statistic)
    seeds = between / np.array([len(point.counts) for point in points])
    variances = np.diag(documents)
    shared = _mean_correlation(documents)
    own = (1 - shared) * variances + seeds
    rng = np.random.default_rng(seed)
    chosen, level, spread = _posterior(errors, own, sizes / sizes[-1], freedom, rng)
    exponent, floor = (grid.ravel()[chosen] for grid in np.meshgrid(EXPONENTS, FLOORS, indexing="ij"))
    return LearningCurve(
        largest=int(sizes[-1]),
        error=float(errors[-1]),
        level=np.clip(level + spread * rng.standard_normal(DRAWS), 0, 1),
        exponent=exponent,
        floor=floor,
        shift=np.sqrt(shared * variances[-1]) * rng.standard_normal(DRAWS),
    )


def _posterior(
    errors: np.ndarray, variances: np.ndarray, sizes: np.ndarray, freedom: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(DRAWS,) of curves of the grid, of their level as fitted, and its standard error. errors, variances, sizes:
    (sizes,). freedom: of the variances; where they are less known, curves that fit worse count for more (Student's t).
    """
    exponents, floors = (grid.ravel() for grid in np.meshgrid(EXPONENTS, FLOORS, indexing="ij"))
    curves = (1 - floors)[:, None] * sizes ** -exponents[:, None] + floors[:, None]
    precision = (curves**2 / variances).sum(axis=1)
    level = (curves * errors / variances).sum(axis=1) / precision
    misfit = np.maximum((errors**2 / variances).sum() - level**2 * precision, 0)
    logs = np.log(np.tile(_prior(), len(EXPONENTS))) - np.log(precision) / 2
    logs += -misfit / 2 if not freedom else -(freedom + len(sizes) - 1) / 2 * np.log1p(misfit / freedom)
    weights = np.exp(logs - logs.max())
    chosen = rng.choice(len(weights), size=DRAWS, p=weights / weights.sum())
    return chosen, level[chosen], precision[chosen] ** -0.5


def _prior() -> np.ndarray:
    """Weights beforehand of `FLOORS`; those of the exponents are even over their square roots."""
    widths = np.gradient(FLOORS)[1:-1]
    return np.array([NO_FLOOR, *((1 - NO_FLOOR - ALL_FLOOR) * widths / widths.sum()), ALL_FLOOR])


def _jackknife(left_out: np.ndarray) -> np.ndarray:
    """(sizes, sizes) covariances over documents of (sizes, documents) figures without each. Where nothing varies the
    variance is that of one document in their number, so that none is 0."""
    n = left_out.shape[1]
    apart = left_out - left_out.mean(axis=1, keepdims=True)
    found = (n - 1) / n * apart @ apart.T
    np.fill_diagonal(found, np.maximum(np.diag(found), 1 / n**2))
    return found


def _between_seeds(points: Sequence[Sized], statistic: Statistic) -> tuple[float, int]:
    """Variance between training seeds, of all sizes together, and its degrees of freedom; 0 where all have one seed."""
    several = [(len(point.counts) - 1, point.counts) for point in points if len(point.counts) > 1]
    freedom = sum(degrees for degrees, _ in several)
    total = sum(degrees * seed_variance(counts, statistic) for degrees, counts in several)
    return (max(total / freedom, 0.0), freedom) if freedom else (0.0, 0)


def _mean_correlation(covariances: np.ndarray) -> float:
    """Of the figures at two sizes over documents, in [0, 1]."""
    errors = np.sqrt(np.diag(covariances))
    correlations = covariances / np.outer(errors, errors)
    return float(np.clip(correlations[~np.eye(len(errors), dtype=bool)].mean(), 0, 0.999))


def _interval(draws: np.ndarray, tail: float) -> Range:
    """Median of draws, and an 80 % interval."""
    low, value, high = np.quantile(draws, [tail, 0.5, 1 - tail])
    return Range(float(value), float(low), float(high))
