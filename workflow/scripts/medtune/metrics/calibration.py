"""Does a stated confidence hold? Calibration error, Brier score and the reliability table."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics.estimate import Estimate, end_cells, nothing
from medtune.metrics.intervals import clustered_mean, divide, quantiles, share
from medtune.metrics.proportions import proportion

BINS = 15
CHANCE_DRAWS = 2000
"""Draws of a perfectly calibrated model."""
MANY = 200
"""Items of a bin from which on the number of right ones is drawn as normal."""
AS_GOOD_AS_NONE = 1e-3
"""Gaps, and intervals of documents that are alike, below this say nothing of how far a further item may be off: of
items that are certain and right, or certain and wrong, say."""


def calibration_estimate(
    confidence: ArrayLike,
    correct: ArrayLike,
    documents: Sequence[Hashable] | None = None,
    unit: str = "items",
    bins: int = BINS,
) -> Estimate:
    """Expected calibration error, the mean gap between confidence and accuracy over equal-width bins (Guo et al. 2017,
    eq. 3), with an interval over documents.

    confidence: (n,) in [0, 1]. correct: (n,) bool. documents: the one of each item; None: its own. Empty bins have no
    weight.

    Chance alone makes gaps in the bins, so that the error is above 0 even of a perfectly calibrated model (see
    `chance_error`). The lower end therefore is that of the error less what chance is expected to add, never below 0;
    the upper end that of the error itself. Both have t quantiles and the jackknife's variance over documents.
    No value where there are no items. Raises ValueError when the shapes differ or a confidence is not in [0, 1].
    """
    if not np.size(confidence):
        return nothing(unit)
    confidence, correct = _checked(confidence, correct)
    names = np.arange(len(confidence)) if documents is None else np.asarray(documents, dtype=object).astype(str)
    _, place = np.unique(names, return_inverse=True)
    gaps = np.zeros((place.max() + 1, bins))
    np.add.at(gaps, place, _gaps(confidence, correct, bins))
    sizes, n, items = np.bincount(place), len(gaps), len(confidence)
    value = float(np.abs(gaps.sum(axis=0)).sum() / items)
    method = f"jackknife over {unit}, less chance below"
    if n < 2:
        return Estimate(value, 0.0, 1.0, n, method, unit)
    left_out = divide(np.abs(gaps.sum(axis=0) - gaps).sum(axis=1), items - sizes)
    # Where documents are all alike, chance is what is left.
    by_chance = (confidence * (1 - confidence)).sum() / items**2
    variance = max((n - 1) / n * ((left_out - value) ** 2).sum(), by_chance)
    quantile = float(quantiles(np.array(n)))
    half = quantile * float(np.sqrt(variance))
    if min(half, np.abs(gaps).max()) < AS_GOOD_AS_NONE:
        half = max(half, quantile**2 / (n + quantile**2))
    expected = chance_error(confidence, bins).value
    return Estimate(value, max(0.0, float(value - expected - half)), min(1.0, float(value + half)), n, method, unit)


def chance_error(confidence: ArrayLike, bins: int = BINS, unit: str = "items") -> Estimate:
    """The calibration error that a perfectly calibrated model of these confidences has by chance: its mean, and the
    range of 95 %, in draws where each item is right with the probability of its confidence.

    For items that are independent: those of the same document are more alike, and chance is more. No value where there
    are no items. Raises ValueError for a confidence outside [0, 1].
    """
    if not np.size(confidence):
        return nothing(unit)
    confidence, _ = _checked(confidence, np.zeros(np.shape(confidence), dtype=bool))
    numbers = _bin_numbers(confidence, bins)
    generator = np.random.default_rng(0)
    errors = np.zeros(CHANCE_DRAWS)
    for number in np.unique(numbers):
        inside = confidence[numbers == number]
        # The sum of many is as good as normal.
        if len(inside) > MANY:
            right = generator.normal(inside.sum(), np.sqrt((inside * (1 - inside)).sum()), CHANCE_DRAWS)
        else:
            right = (generator.random((CHANCE_DRAWS, len(inside))) < inside).sum(axis=1)
        errors += np.abs(inside.sum() - right)
    errors /= len(confidence)
    low, high = np.percentile(errors, [2.5, 97.5])
    method = f"{CHANCE_DRAWS} draws of a perfectly calibrated model"
    return Estimate(float(errors.mean()), float(low), float(high), len(confidence), method, unit)


def brier_scores(probabilities: ArrayLike, gold: ArrayLike) -> np.ndarray:
    """Brier score of each item over all classes, in [0, 2] (Brier 1950, eq. 2): sum of squared errors.

    probabilities: (n, classes), rows adding up to 1.  gold: (n,) class numbers.
    Raises ValueError for other shapes or rows.
    """
    probabilities, gold = np.asarray(probabilities, dtype=float), np.asarray(gold, dtype=int)
    if probabilities.ndim != 2 or gold.shape != (len(probabilities),):
        raise ValueError(f"probabilities {probabilities.shape} and gold {gold.shape} do not belong together")
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-6):
        raise ValueError("the probabilities of an item must add up to 1")
    return ((probabilities - np.eye(probabilities.shape[1])[gold]) ** 2).sum(axis=1)


def reliability_table(
    confidence: ArrayLike, correct: ArrayLike, documents: Sequence[Hashable] | None = None, bins: int = BINS
) -> list[dict]:
    """One row per bin that holds items: its bounds, n, mean confidence and accuracy, both with intervals over
    documents. documents: the one of each item; None: its own.

    Raises ValueError as `calibration_estimate` does, and when there are no items.
    """
    confidence, correct = _checked(confidence, correct)
    names = np.arange(len(confidence)) if documents is None else np.asarray(documents, dtype=object).astype(str)
    numbers = _bin_numbers(confidence, bins)
    rows = []
    for number in np.unique(numbers):
        inside = numbers == number
        _, place = np.unique(names[inside], return_inverse=True)
        sizes = np.bincount(place)
        mean_confidence = clustered_mean(np.bincount(place, weights=confidence[inside]), sizes)
        accuracy = (
            proportion(int(correct[inside].sum()), int(inside.sum()))
            if documents is None
            else share(np.bincount(place, weights=correct[inside].astype(float)), sizes)
        )
        rows.append(
            {
                "bin_low": float(number / bins),
                "bin_high": float((number + 1) / bins),
                "n": int(inside.sum()),
                **end_cells("confidence", mean_confidence),
                **end_cells("accuracy", accuracy),
            }
        )
    return rows


def _checked(confidence: ArrayLike, correct: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=bool)
    if confidence.shape != correct.shape or confidence.ndim != 1:
        raise ValueError(f"shapes {confidence.shape} and {correct.shape}: expected one of each per item")
    if len(confidence) == 0:
        raise ValueError("no items")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("confidence must be in [0, 1]")
    return confidence, correct


def _bin_numbers(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Bins are open below and closed above, as in the source; 0 goes into the first."""
    edges = np.linspace(0, 1, bins + 1)
    return np.searchsorted(edges[1:-1], confidence, side="left")


def _gaps(confidence: np.ndarray, correct: np.ndarray, bins: int) -> np.ndarray:
    """(n, bins): each item's confidence - correctness in the column of its bin, so that gaps add up by bin."""
    gaps = np.zeros((len(confidence), bins))
    gaps[np.arange(len(confidence)), _bin_numbers(confidence, bins)] = confidence - correct
    return gaps
