"""BLEU-1 to BLEU-4 (Papineni et al. 2002), in sacrebleu's standard form (Post 2018)."""

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

import numpy as np
from sacrebleu.metrics import BLEU

from medtune.metrics.text.metric_scores import MetricScores
from medtune.metrics.text.names import BLEU as NAMES

ORDERS = len(NAMES)


def bleu(predictions: Sequence[str], references: Sequence[str]) -> dict[str, MetricScores]:
    """BLEU by order, from 0 to 1. The corpus figure is that of the summed counts, not the mean over items."""
    counts = bleu_counts(predictions, references)
    return {
        name: MetricScores(
            items=bleu_of_counts(counts, order),
            counts=counts,
            statistic=partial(bleu_of_counts, order=order),
            definition=f"corpus BLEU up to {order}-grams, 0 to 1: tokens 13a, case kept, exponential smoothing,"
            f" effective order; counts by sacrebleu {version('sacrebleu')}",
        )
        for order, name in enumerate(NAMES, start=1)
    }


def bleu_counts(predictions: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """(n, 10) additive counts: tokens of the prediction and of the reference, matched 1- to 4-grams, 1- to 4-grams of
    the prediction."""
    metric = BLEU(max_ngram_order=ORDERS, effective_order=True)
    scores = (metric.sentence_score(p, [r]) for p, r in zip(predictions, references, strict=True))
    rows = [[score.sys_len, score.ref_len, *score.counts, *score.totals] for score in scores]
    return np.array(rows, dtype=float).reshape(-1, 2 + 2 * ORDERS)


def bleu_of_counts(sums: np.ndarray, order: int) -> np.ndarray:
    """(m,) BLEU up to `order` of (m, 10) summed counts: sacrebleu's `compute_bleu`, for many sums at once.

    An order without any n-gram in the predictions is left out (effective order). The k-th order without a match counts
    as 2^-k matches (Chen and Cherry 2014, method 3). Without any match BLEU is 0.
    """
    predicted, expected = sums[:, 0], sums[:, 1]
    matched, total = sums[:, 2 : 2 + order], sums[:, 2 + ORDERS : 2 + ORDERS + order]
    there = total > 0
    unmatched = there & (matched == 0)
    smoothed = np.where(unmatched, 0.5 ** np.cumsum(unmatched, axis=1), matched)
    logarithms = np.log(np.divide(smoothed, total, out=np.ones_like(total), where=there))
    precision = np.exp(logarithms.sum(axis=1) / np.maximum(there.sum(axis=1), 1))
    ratio = np.divide(expected, predicted, out=np.ones_like(expected), where=predicted > 0)
    brevity = np.exp(np.minimum(0, 1 - ratio))
    return np.where(matched.any(axis=1), brevity * precision, 0.0)
