"""Which training examples are shown before a question: a ranking, from which what is too like the question is left out.

Rows are canonical examples: `id`, `text`, for labels `label`, and `group` where there are groups (patients).
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, zip_longest

import numpy as np

from medtune.data.deduplication import normalise
from medtune.data.near_twins import LEAST_SHARE, grams_of
from medtune.errors import InputError

Ranking = Callable[[dict], Iterable[dict]]
"""From a question to the candidates, the best one first."""
_ANY_WORD = r"(?u)\b\w+\b"


def random_ranking(candidates: Sequence[dict], seed: int) -> Ranking:
    """The same ranking for all questions, drawn by the seed.

    Labels take turns, so that the first k examples are as balanced as k and the candidates allow. The same for the same
    candidates, whatever their order.
    """
    draw = random.Random(seed)
    by_label: dict[str, list[dict]] = defaultdict(list)
    for row in sorted(candidates, key=lambda row: row["id"]):
        by_label[row.get("label", "")].append(row)
    labels = sorted(by_label)
    draw.shuffle(labels)
    for label in labels:
        draw.shuffle(by_label[label])
    rounds = zip_longest(*(by_label[label] for label in labels))
    ranked = [row for members in rounds for row in members if row is not None]
    return lambda question: ranked


def similarity_ranking(candidates: Sequence[dict]) -> Ranking:
    """Candidates by the cosine of their TF-IDF vectors (scikit-learn's `TfidfVectorizer`) with that of the question,
    the most similar one first, equal ones by id. Frequencies of words are those of the candidates.

    Raises InputError for candidates without a word.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = sorted(candidates, key=lambda row: row["id"])
    vectorizer = TfidfVectorizer(token_pattern=_ANY_WORD)
    try:
        vectors = vectorizer.fit_transform(row["text"] for row in rows)
    except ValueError as error:
        raise InputError(
            "examples: similar: no training text has a word; expected text, or examples: random"
        ) from error

    def ranked(question: dict) -> Iterator[dict]:
        # Vectors have length 1, so that products are cosines.
        cosines = (vectors @ vectorizer.transform([question["text"]]).T).toarray().ravel()
        return (rows[place] for place in np.argsort(-cosines, kind="stable"))

    return ranked


class Unrelated:
    """Tells which candidates a question may be shown: none of its own group, and none with a text that is the same but
    for case, punctuation and spacing, or of which one text holds half of the other's 5-grams (`data.near_twins`)."""

    def __init__(self) -> None:
        # The same examples are compared with many questions.
        self._normal = lru_cache(maxsize=4096)(normalise)
        self._grams = lru_cache(maxsize=4096)(grams_of)

    def __call__(self, question: dict, candidate: dict) -> bool:
        """Whether the candidate may be shown with the question."""
        if question["id"] == candidate["id"] or _same(question.get("group"), candidate.get("group")):
            return False
        one, other = question["text"], candidate["text"]
        return self._normal(one) != self._normal(other) and not self._near(self._grams(one), self._grams(other))

    @staticmethod
    def _near(one: set, other: set) -> bool:
        fewer = min(len(one), len(other))
        return fewer > 0 and len(one & other) >= LEAST_SHARE * fewer


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def chosen(question: dict, ranking: Ranking, allowed: Callable[[dict, dict], bool], shots: int) -> list[dict]:
    """The first `shots` candidates of a ranking that are allowed for the question; fewer where there are no more."""
    return list(islice((row for row in ranking(question) if allowed(question, row)), shots))
