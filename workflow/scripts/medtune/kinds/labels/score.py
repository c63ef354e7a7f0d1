"""Score the labels of one model: as generated, their format, and by likelihood."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import softmax

from medtune.data.predictions import answers_of
from medtune.errors import InputError
from medtune.kinds.labels.label_scores import accuracy, by_label, confusion, macro_f1
from medtune.kinds.scores import Scores
from medtune.metrics.calibration import brier_scores, calibration_estimate, chance_error, reliability_table
from medtune.metrics.drawn import Drawn, drawn_of
from medtune.metrics.estimate import Estimate

READABLE = ("ok", "label_only")
"""Parse statuses of an answer whose label can be read; only "ok" is the exact format."""
TEXTS = "texts"
"""What is drawn, where it is not groups of them."""
ITEM_COLUMNS = (
    *("id", "split", "group", "source", "gold", "predicted", "status", "correct", "format_ok"),
    *("output_tokens", "likelihood_label", "likelihood_confidence", "likelihood_correct"),
)


def score(
    examples: Mapping[str, Sequence[dict]], predictions: Sequence[dict], seed: int, labels: Sequence[str], **_: Any
) -> Scores:
    """Score every example of every split.

    examples: by split, rows with `id`, `label` and, where texts come in groups, `group`; a text without one is its own.
    predictions: one row for each of them. seed: is recorded. The task's other options change no score.
    Raises InputError when a prediction is missing, doubled, of no example, or without label likelihoods where others
    have them, and for a label that is none of `labels`.
    """
    answered = answers_of(examples, predictions)
    splits, items = {}, []
    for split, rows in examples.items():
        answers, drawn = answered[split], drawn_of(rows, TEXTS)
        gold = [gold_label(example, split, labels) for example in rows]
        cells = answer_cells(gold, answers, labels)
        items += [
            {"id": row["id"], "split": split, "group": row.get("group"), "source": row.get("source"), **found}
            for row, found in zip(rows, cells, strict=True)
        ]
        splits[split] = {
            "n": len(rows),
            **label_metrics(gold, [predicted_label(answer, labels) for answer in answers], labels, drawn),
            **format_metrics(cells, drawn),
            **likelihood_metrics(gold, label_probabilities(answers, labels), labels, drawn),
        }
    return Scores({"labels": list(labels), "seed": seed, "splits": splits}, items)


def gold_label(example: dict, split: str, labels: Sequence[str]) -> str:
    """The gold label. Raises InputError for an unknown one."""
    if example["label"] not in labels:
        raise InputError(
            f'{split}, id "{example["id"]}": label "{example["label"]}"; expected one of {", ".join(labels)}'
        )
    return example["label"]


def predicted_label(prediction: dict, labels: Sequence[str]) -> str | None:
    """The label that the generated text gives, in the exact format or not; None when it gives none."""
    if prediction["status"] not in READABLE:
        return None
    label = prediction["value"]["label"]
    if label not in labels:
        raise InputError(f'predictions, id "{prediction["id"]}": label "{label}"; expected one of {", ".join(labels)}')
    return label


def label_probabilities(predictions: Sequence[dict], labels: Sequence[str]) -> np.ndarray | None:
    """(n, labels) softmax over each item's label log-likelihoods, in the order of the labels; None for predictions of a
    method that has none: null in every row."""
    if predictions and all(_says_none(prediction, "label_log_likelihoods") for prediction in predictions):
        return None
    rows = []
    for prediction in predictions:
        likelihoods = prediction.get("label_log_likelihoods") or {}
        if set(likelihoods) != set(labels):
            raise InputError(f'predictions, id "{prediction["id"]}": needs a log-likelihood for each label')
        rows.append([likelihoods[label] for label in labels])
    return softmax(np.asarray(rows, dtype=float).reshape(len(rows), len(labels)), axis=1)


def likeliest(probabilities: np.ndarray, labels: Sequence[str]) -> list[str]:
    """The label of the largest probability in each row; the first one on a tie."""
    return [labels[number] for number in probabilities.argmax(axis=1)]


def answer_cells(gold: Sequence[str], answers: Sequence[dict], labels: Sequence[str]) -> list[dict]:
    """What rows of items.csv say of the answers."""
    probabilities = label_probabilities(answers, labels)
    found = [predicted_label(answer, labels) for answer in answers]
    likely = [None] * len(answers) if probabilities is None else likeliest(probabilities, labels)
    sure = [None] * len(answers) if probabilities is None else probabilities.max(axis=1).tolist()
    return [
        {
            "gold": wanted,
            "predicted": label,
            "status": answer["status"],
            "correct": label == wanted,
            "format_ok": answer["status"] == "ok",
            "output_tokens": answer["output_tokens"],
            "likelihood_label": likeliest_label,
            "likelihood_confidence": confidence,
            "likelihood_correct": None if likeliest_label is None else likeliest_label == wanted,
        }
        for wanted, answer, label, likeliest_label, confidence in zip(gold, answers, found, likely, sure, strict=True)
    ]


def label_metrics(gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], drawn: Drawn) -> dict:
    """Figures of labels as answered, by one model or several together: accuracy (an answer without a label is wrong),
    macro-F1 (of the labels that some text has), confusion, and by label."""
    macro = macro_f1(gold, predicted, labels, drawn, there(gold, labels))
    return {
        **plain({"accuracy": accuracy(gold, predicted, drawn), "macro_f1": macro}),
        "confusion": confusion(gold, predicted, labels),
        "by_label": {label: plain(found) for label, found in by_label(gold, predicted, labels, drawn).items()},
    }


def format_metrics(cells: Sequence[dict], drawn: Drawn) -> dict:
    """Share of answers in the exact format, and of those that also have the right label. cells: of `answer_cells`."""
    exact, right = (np.array([row[name] for row in cells], dtype=bool) for name in ("format_ok", "correct"))
    return plain({"strict_accuracy": drawn.share(right & exact), "format_rate": drawn.share(exact)})


def likelihood_metrics(
    gold: Sequence[str], probabilities: np.ndarray | None, labels: Sequence[str], drawn: Drawn
) -> dict:
    """Figures of the likeliest label (the first one on a tie) and of its probability as a confidence.

    probabilities: (n, labels); None where there are none, which leaves all figures without a value. Calibration has no
    value when n = 0.
    """
    if probabilities is None:
        gold, probabilities, drawn = [], np.empty((0, len(labels))), drawn.of([])
    predicted = likeliest(probabilities, labels)
    figures = {
        "likelihood_accuracy": accuracy(gold, predicted, drawn),
        "likelihood_macro_f1": macro_f1(gold, predicted, labels, drawn, there(gold, labels)),
        "brier": drawn.mean(brier_scores(probabilities, [labels.index(label) for label in gold]), top=2),
    }
    confidence = probabilities.max(axis=1)
    correct = [wanted == label for wanted, label in zip(gold, predicted, strict=True)]
    return {
        **plain(figures),
        "ece": calibration_estimate(confidence, correct, drawn.groups, drawn.unit).as_dict(),
        "ece_of_chance": chance_error(confidence, unit=drawn.items).as_dict(),
        "reliability": reliability_table(confidence, correct, drawn.groups) if gold else [],
    }


def there(gold: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The labels that some item has: one that a split does not hold is no failure. All where there is no item."""
    found = set(gold)
    return [label for label in labels if label in found] or list(labels)


def _says_none(prediction: Mapping[str, Any], column: str) -> bool:
    """Whether a column is there, and null."""
    return column in prediction and prediction[column] is None


def plain(figures: Mapping[str, Estimate]) -> dict[str, dict]:
    """Figures in their dictionary form."""
    return {name: figure.as_dict() for name, figure in figures.items()}
