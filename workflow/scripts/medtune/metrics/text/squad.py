"""Exact match and token F1 as SQuAD defines them (Rajpurkar et al. 2016 and 2018, the official evaluation script)."""

import re
import string
from collections import Counter
from collections.abc import Sequence

from medtune.metrics.text.metric_scores import MetricScores, mean_of, share_of
from medtune.metrics.text.names import EXACT_MATCH, SHORT_EXACT_MATCH, TOKEN_F1

ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)
PUNCTUATION = str.maketrans("", "", string.punctuation)
SHORT_TOKENS = 5
"""Longest reference, in normalised tokens, that counts as a short answer. SQuAD's own answers have 3.4 words on average
(Rajpurkar et al. 2016); no longer text can be expected word for word."""


def squad(predictions: Sequence[str], references: Sequence[str]) -> dict[str, MetricScores]:
    """Share of exact matches, of all answers and of those to be short, and mean token F1, all from 0 to 1."""
    pairs = [
        (normalise(prediction), normalise(reference))
        for prediction, reference in zip(predictions, references, strict=True)
    ]
    how = "after SQuAD's normalisation (lower case; no ASCII punctuation, no articles)"
    exact = [p == r for p, r in pairs]
    short = [
        same if len(r.split()) <= SHORT_TOKENS else float("nan") for same, (_, r) in zip(exact, pairs, strict=True)
    ]
    return {
        EXACT_MATCH: share_of(exact, f"share of answers equal to the reference {how}"),
        SHORT_EXACT_MATCH: share_of(
            short, f"the same over the questions whose reference has at most {SHORT_TOKENS} tokens; n counts those"
        ),
        TOKEN_F1: mean_of(
            [token_f1(p.split(), r.split()) for p, r in pairs], f"mean F1 of tokens, each as often as it stands, {how}"
        ),
    }


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and the articles a, an, the; words one space apart."""
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def token_f1(prediction: Sequence[str], reference: Sequence[str]) -> float:
    """F1 of two multisets of tokens; where one is empty, 1 if both are, else 0 (SQuAD 2.0)."""
    if not prediction or not reference:
        return float(not prediction and not reference)
    common = (Counter(prediction) & Counter(reference)).total()
    return 2 * common / (len(prediction) + len(reference))
