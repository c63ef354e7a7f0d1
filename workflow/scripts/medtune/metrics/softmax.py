"""Probabilities from the scores of a classifier."""

import numpy as np
from numpy.typing import ArrayLike


def log_softmax(scores: ArrayLike) -> np.ndarray:
    """Logarithms of softmax over the last axis, in float64."""
    scores = np.asarray(scores, dtype=float)
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def confidences(logits: np.ndarray, chosen: ArrayLike, temperature: float = 1.0) -> np.ndarray:
    """(n,) probability of the chosen classes in softmax(logits / temperature). logits: (n, classes). chosen: (n,)."""
    chosen = np.asarray(chosen, dtype=int)
    return np.exp(log_softmax(np.asarray(logits, dtype=float) / temperature)[np.arange(len(chosen)), chosen])
