"""ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004): the F-measure, on the tokens of rouge-score."""

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
from rapidfuzz.distance import LCSseq

from medtune.metrics.text.metric_scores import MetricScores, mean_of
from medtune.metrics.text.names import ROUGE


def rouge(predictions: Sequence[str], references: Sequence[str], stemmer: bool = False) -> dict[str, MetricScores]:
    """ROUGE F-measures, from 0 to 1; the corpus figure is the mean over items.

    stemmer: reduce words of four letters or more to their stem (Porter). Tokens are runs of a-z and 0-9: a text in
    another alphabet has none, and scores 0.
    """
    # With them come NLTK and scikit-learn: a second and more in each job whose task could score by ROUGE.
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.tokenizers import DefaultTokenizer

    tokenizer = DefaultTokenizer(stemmer)
    scorer = RougeScorer(["rouge1", "rouge2"], tokenizer=tokenizer)
    rows = []
    for prediction, reference in zip(predictions, references, strict=True):
        scores = scorer.score(reference, prediction)
        longest = _rouge_l(tokenizer.tokenize(prediction), tokenizer.tokenize(reference))
        rows.append((scores["rouge1"].fmeasure, scores["rouge2"].fmeasure, longest))
    stems = "stems" if stemmer else "no stemming"
    return {
        name: mean_of(values, f"mean {name} F-measure, 0 to 1: {stems}; rouge-score {version('rouge-score')}")
        for name, values in zip(ROUGE, np.array(rows, dtype=float).reshape(-1, len(ROUGE)).T, strict=True)
    }


def _rouge_l(prediction: list[str], reference: list[str]) -> float:
    """F-measure of the longest common subsequence. rouge-score fills its table cell by cell; this is 50 times as fast
    on answers of some hundred words."""
    from rouge_score.scoring import fmeasure

    if not prediction or not reference:
        return 0.0
    length = LCSseq.similarity(prediction, reference)
    return fmeasure(length / len(prediction), length / len(reference))
