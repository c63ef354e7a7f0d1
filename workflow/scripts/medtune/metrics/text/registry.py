"""All text metrics at once: scores per item, and corpus figures with intervals for any part of the items."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from medtune.metrics.counts import Statistic, f1_of_counts
from medtune.metrics.drawn import Drawn
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import amount, bounded
from medtune.metrics.text.bertscore import BertScoreSettings, bertscore
from medtune.metrics.text.bleu import bleu, bleu_of_counts
from medtune.metrics.text.custom import custom
from medtune.metrics.text.medical_terms import medical_terms
from medtune.metrics.text.metric_scores import QUESTIONS, UNIT, MetricScores, mean_of
from medtune.metrics.text.names import (
    BERTSCORE,
    BLEU,
    BUILT_IN,
    DOSAGE_MATCH,
    MEDICAL_TERM_F1,
    SHORT_EXACT_MATCH,
    TERM_MATCH,
)
from medtune.metrics.text.rouge import rouge
from medtune.metrics.text.squad import squad

WHERE_THERE = (SHORT_EXACT_MATCH, TERM_MATCH, DOSAGE_MATCH)
"""Metrics of what only some references have: left out where none has it."""


@dataclass(frozen=True)
class TextMetricSettings:
    """stemmer: ROUGE on stems. meteor: whether METEOR is among the metrics; its name and its figures depend on whether
    the machine has WordNet. wordnet: folder of WordNet's dictionary files; None looks in the usual places. terms: file
    of medical terms; None means the built-in list. bertscore: None leaves BERTScore out. custom: metrics of the user's
    own, from name to import path."""

    stemmer: bool = False
    meteor: bool = True
    wordnet: str | None = None
    terms: str | None = None
    bertscore: BertScoreSettings | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TextScores:
    """metrics: by name, in the order of the tables; those of the user come last."""

    metrics: dict[str, MetricScores]

    def columns(self) -> dict[str, list[float | None]]:
        """Score per item by metric, for a table of items; None where a metric is not defined for an item."""
        return {
            name: [None if np.isnan(value) else float(value) for value in scores.items]
            for name, scores in self.metrics.items()
        }

    def figures(self, rows: Sequence[int] | None = None, drawn: Drawn = QUESTIONS) -> dict[str, Estimate]:
        """Corpus figure by metric with its 95 % interval. rows: indices of some of the items, say of one specialty.
        drawn: what all items were drawn as."""
        return {name: scores.estimate(rows, drawn) for name, scores in self.metrics.items()}

    def definitions(self) -> dict[str, str]:
        """What exactly was computed, by metric: tokens, settings, versions."""
        return {name: scores.definition for name, scores in self.metrics.items()}


def score_texts(
    predictions: Sequence[str], references: Sequence[str], settings: TextMetricSettings | None = None
) -> TextScores:
    """Score each prediction against the reference at the same place, by all metrics but those of `WHERE_THERE` that
    no item has a score for.

    Raises ValueError when the lengths differ, InputError for what is wrong with the settings (see the metrics).
    """
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions and {len(references)} references")
    settings = settings or TextMetricSettings()
    metrics = {**bleu(predictions, references), **rouge(predictions, references, settings.stemmer)}
    if settings.meteor:
        from medtune.metrics.text.meteor import meteor  # NLTK takes a second to load

        metrics |= meteor(predictions, references, settings.wordnet)
    if settings.bertscore:
        metrics |= bertscore(predictions, references, settings.bertscore)
    metrics |= squad(predictions, references) | medical_terms(predictions, references, settings.terms)
    metrics = {
        name: scores for name, scores in metrics.items() if name not in WHERE_THERE or not np.isnan(scores.items).all()
    }
    for name, path in settings.custom.items():
        metrics |= custom(name, path, predictions, references)
    logging.getLogger(__name__).info("%d items scored by %s", len(predictions), ", ".join(metrics))
    return TextScores(metrics)


def is_unbounded(metric: str) -> bool:
    """Whether scores may lie outside [0, 1]: those of BERTScore and of metrics of the user's own."""
    return metric in BERTSCORE or metric not in BUILT_IN


def statistic_of(metric: str) -> Statistic:
    """What makes the corpus figure of a metric from the sums of its counts, as in `MetricScores`: for counts that were
    written to a file. Metrics of the user's own are means."""
    if metric in BLEU:
        return partial(bleu_of_counts, order=BLEU.index(metric) + 1)
    return f1_of_counts if metric == MEDICAL_TERM_F1 else mean_of([], metric).statistic


def estimate_of_counts(metric: str, counts: np.ndarray) -> Estimate:
    """The corpus figure of some items with its interval, from their counts (n, k): those of items that have a score."""
    if is_unbounded(metric):
        return amount(counts[:, 0] / counts[:, 1], UNIT, least=None)
    return bounded(counts, statistic_of(metric), UNIT)
