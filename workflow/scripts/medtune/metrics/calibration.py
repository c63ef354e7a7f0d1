"""Does a stated confidence hold? Calibration error, Brier score and the reliability table."""

import numpy as np
from numpy.typing import ArrayLike

from medtune.metrics.bootstrap import bootstrap, bootstrap_mean
from medtune.metrics.estimate import Estimate
from medtune.metrics.proportions import proportion

BINS = 15


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al. 2017, eq. 3).

    confidence: (n,) in [0, 1].  correct: (n,) bool.  Empty bins have no weight.
    Raises ValueError when the shapes differ or n = 0.
    """
    confidence, correct = _checked(confidence, correct)
    return float(np.abs(_gaps(confidence, correct, bins).sum(axis=0)).sum() / len(confidence))


def calibration_estimate(confidence: ArrayLike, correct: ArrayLike, seed: int, bins: int = BINS) -> Estimate:
    """Expected calibration error with a bootstrap interval over items.

    Resampling adds noise within the bins, so the interval leans upwards where n is small.
    Raises ValueError as `expected_calibration_error` does.
    """
    confidence, correct = _checked(confidence, correct)
    n = len(confidence)
    return bootstrap(_gaps(confidence, correct, bins), lambda sums: np.abs(sums).sum(axis=1) / n, seed)


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


def brier_estimate(probabilities: ArrayLike, gold: ArrayLike, seed: int) -> Estimate:
    """Mean multiclass Brier score with a bootstrap interval over items."""
    return bootstrap_mean(brier_scores(probabilities, gold), seed)


def reliability_table(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> list[dict]:
    """One row per bin that holds items: its bounds, n, mean confidence, accuracy with its Wilson interval.

    Same arguments and errors as `expected_calibration_error`.
    """
    confidence, correct = _checked(confidence, correct)
    numbers = _bin_numbers(confidence, bins)
    rows = []
    for number in np.unique(numbers):
        inside = numbers == number
        accuracy = proportion(int(correct[inside].sum()), int(inside.sum()))
        rows.append(
            {
                "bin_low": float(number / bins),
                "bin_high": float((number + 1) / bins),
                "n": accuracy.n,
                "confidence": float(confidence[inside].mean()),
                "accuracy": accuracy.value,
                "accuracy_low": accuracy.low,
                "accuracy_high": accuracy.high,
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
