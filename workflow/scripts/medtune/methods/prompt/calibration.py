"""Contextual calibration of label probabilities (Zhao et al. 2021, "Calibrate before use", section 5).

A prompted model favours some labels whatever the text: those of the last examples, or frequent words. What it says of a
text without content shows by how much, and label probabilities are divided by that: W = diag(p_cf)^-1 and b = 0 in the
paper. The quotients are scaled to sum to 1, which leaves the order of labels as it is.
"""

import numpy as np

from medtune.metrics.softmax import log_softmax

CONTENT_FREE = ("N/A", "[MASK]", "")
"""The texts without content of the paper. As all texts they go through `inert`, which changes the bracket."""


def calibrated(log_likelihoods: np.ndarray, content_free: np.ndarray) -> np.ndarray:
    """Logarithms of calibrated label probabilities, (n, labels).

    log_likelihoods: (n, labels). content_free: (n, inputs, labels), or (1, …) where it is the same for all rows: log-
    likelihoods of the labels after inputs without content, whose probabilities are averaged.
    """
    prior = np.exp(log_softmax(content_free)).mean(axis=1)
    return log_softmax(log_softmax(log_likelihoods) - np.log(prior))
