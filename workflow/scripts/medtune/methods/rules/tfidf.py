"""Texts as TF-IDF vectors of words and pairs of words."""

from typing import Any

from medtune.data.words import PATTERN

FEATURES = 20_000
"""Most words and pairs of words: the most frequent ones."""


def vectorizer() -> Any:
    """A `TfidfVectorizer` of scikit-learn, not fitted: without regard to case, logarithmic counts, unit length."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(token_pattern=PATTERN, ngram_range=(1, 2), sublinear_tf=True, max_features=FEATURES)
