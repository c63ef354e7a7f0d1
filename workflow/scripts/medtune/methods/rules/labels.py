"""Rules for labels: the most frequent label, or logistic regression on TF-IDF."""

import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medtune.config.rules import LabelRules
from medtune.kinds.task import Task
from medtune.methods.found import Found
from medtune.methods.rules.tfidf import vectorizer
from medtune.metrics.drawn import unit_of

FOLDS = 5
STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Inverse strengths of regularisation (C of scikit-learn) to choose from."""
UNCHOSEN = 1.0
"""The one that is taken where too few examples leave nothing to choose by."""
LEAST = 1e-6
"""Least probability of a label: none is impossible, not even one that no training text has."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Majority:
    """The most frequent label of training, the first of a tie in the order of the study, with the labels' shares, after
    Laplace, as probabilities."""

    label: str
    probabilities: Mapping[str, float]
    record: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, examples: Sequence[dict]) -> list[Found]:
        """The same answer to each example."""
        return [_found(self.probabilities, self.label) for _ in examples]


@dataclass(frozen=True)
class Regression:
    """Logistic regression. labels: all of the study; those that no training text has get `LEAST`."""

    labels: tuple[str, ...]
    vectors: Any
    model: Any
    record: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, examples: Sequence[dict]) -> list[Found]:
        """The likeliest label of each text, the first of a tie in the order of the study."""
        if not examples:
            return []
        rows = _probabilities(self.model, self.vectors.transform(_texts(examples)), self.labels)
        return [_found(dict(zip(self.labels, map(float, row), strict=True))) for row in rows]


def fit(task: Task, examples: Sequence[dict], settings: LabelRules) -> Majority | Regression:
    """Rules for the labels of a task. Training texts of a single label leave no choice but the majority."""
    gold = [example["label"] for example in examples]
    if settings.rule == "majority" or len(set(gold)) == 1:
        if settings.rule != "majority":
            logger.warning('all %d training texts have the label "%s", which is the answer to all', len(gold), gold[0])
        return _majority(task.labels, gold)
    return _regression(task.labels, examples, gold)


def _majority(labels: Sequence[str], gold: Sequence[str]) -> Majority:
    counts = Counter(gold)
    shares = {label: (counts[label] + 1) / (len(gold) + len(labels)) for label in labels}
    label = max(labels, key=counts.__getitem__)
    return Majority(label, shares, {"rule": "majority", "label": label, "counts": {one: counts[one] for one in labels}})


def _regression(labels: tuple[str, ...], examples: Sequence[dict], gold: Sequence[str]) -> Regression:
    losses = _held_out_losses(labels, examples, gold)
    # The strongest regularisation of a tie.
    strength = min(STRENGTHS, key=lambda one: (losses[one], one)) if losses else UNCHOSEN
    vectors = vectorizer()
    matrix = vectors.fit_transform(_texts(examples))
    record = {
        "rule": "tfidf",
        "features": matrix.shape[1],
        "c": strength,
        "held_out_log_loss": {f"{one:g}": round(loss, 6) for one, loss in losses.items()},
    }
    return Regression(labels, vectors, _trained(matrix, gold, strength), record)


def _held_out_losses(labels: Sequence[str], examples: Sequence[dict], gold: Sequence[str]) -> dict[float, float]:
    """Mean log loss by strength in cross-validation; empty where no fold can be trained."""
    losses: dict[float, list[float]] = {strength: [] for strength in STRENGTHS}
    texts, truth = np.array(_texts(examples), dtype=object), np.array(gold, dtype=object)
    for train, held in _folds(examples, gold):
        if len(set(truth[train])) < 2 or not len(held):
            continue
        vectors = vectorizer()
        matrix, asked = vectors.fit_transform(texts[train]), vectors.transform(texts[held])
        columns = [labels.index(label) for label in truth[held]]
        for strength, found in losses.items():
            rows = _probabilities(_trained(matrix, truth[train], strength), asked, labels)
            found += list(-np.log(rows[np.arange(len(columns)), columns]))
    return {strength: float(np.mean(found)) for strength, found in losses.items() if found}


def _folds(examples: Sequence[dict], gold: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of training and held-out examples: labels stratified, what was drawn together (a patient) held out
    together; none where everything was drawn together."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    units = [unit_of(example) for example in examples]
    folds = min(FOLDS, len(set(units)), max(Counter(gold).values()))
    if folds < 2:
        return
    alone = len(set(units)) == len(units)
    splitter = (StratifiedKFold if alone else StratifiedGroupKFold)(folds, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        yield from splitter.split(np.zeros(len(gold)), gold, None if alone else units)


def _trained(matrix: Any, gold: Sequence[str], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=1000).fit(matrix, gold)


def _probabilities(model: Any, matrix: Any, labels: Sequence[str]) -> np.ndarray:
    """(n, labels), rows adding up to 1, in the order of the labels, none below `LEAST` by much."""
    rows = np.zeros((matrix.shape[0], len(labels)))
    rows[:, [labels.index(label) for label in model.classes_]] = model.predict_proba(matrix)
    rows = np.maximum(rows, LEAST)
    return rows / rows.sum(axis=1, keepdims=True)


def _found(probabilities: Mapping[str, float], label: str | None = None) -> Found:
    """label: None for the likeliest one."""
    label = label or max(probabilities, key=probabilities.__getitem__)
    likelihoods = {name: float(np.log(value)) for name, value in probabilities.items()}
    return Found({"label": label}, probabilities[label], likelihoods)


def _texts(examples: Sequence[dict]) -> list[str]:
    return [example["text"] for example in examples]
