"""Rules for answers: that of the nearest training question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medtune.config.rules import AnswerRules
from medtune.kinds.task import Task
from medtune.methods.found import Found
from medtune.methods.rules.tfidf import vectorizer

ROWS = 1024
"""Questions that are compared with all training questions at once."""


@dataclass(frozen=True)
class Nearest:
    """questions: (n, features) TF-IDF vectors of the training questions, of unit length. answers: theirs."""

    vectors: Any
    questions: Any
    answers: Sequence[str]
    record: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, examples: Sequence[dict]) -> list[Found]:
        """The answer to the training question with the greatest cosine, the first of a tie; the cosine is the
        confidence. A question that has no word of training gets the first answer, with confidence 0."""
        found = []
        for start in range(0, len(examples), ROWS):
            texts = [example["text"] for example in examples[start : start + ROWS]]
            cosines = (self.vectors.transform(texts) @ self.questions.T).toarray()
            for row in cosines:
                nearest = int(np.argmax(row))
                # Rounding may leave a cosine above 1.
                found.append(Found({"answer": self.answers[nearest]}, min(1.0, float(row[nearest]))))
        return found


def fit(task: Task, examples: Sequence[dict], settings: AnswerRules) -> Nearest:
    """Training questions with their answers."""
    vectors = vectorizer()
    questions = vectors.fit_transform([example["text"] for example in examples])
    record = {"rule": "nearest question", "features": questions.shape[1]}
    return Nearest(vectors, questions, [example["answer"] for example in examples], record)
