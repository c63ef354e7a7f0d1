"""Score the answers of one model: generated labels, their format, and label likelihoods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from medtune.data.citations import find_citations
from medtune.data.labels import LABELS
from medtune.data.predictions import answers_of
from medtune.errors import InputError
from medtune.metrics.calibration import brier_estimate, calibration_estimate, chance_error, reliability_table
from medtune.metrics.intervals import amount
from medtune.metrics.labels import accuracy, confusion, macro_f1
from medtune.metrics.proportions import proportion
from medtune.metrics.text.scores import MetricScores
from medtune.studies.yesno.rationales import RATIONALE_COLUMNS, rationale_scores

READABLE = ("ok", "label_only")
"""Parse statuses of an answer whose label can be read; only "ok" is the exact format."""

UNIT = "questions"
"""What is drawn."""
LABEL_FIGURES = ("precision", "recall", "f1")
ITEM_COLUMNS = (
    "id",
    "split",
    "gold",
    "predicted",
    "status",
    "correct",
    "format_ok",
    "citations",
    "output_tokens",
    "likelihood_label",
    "likelihood_confidence",
    "likelihood_correct",
    "source",
    *RATIONALE_COLUMNS,
)


@dataclass(frozen=True)
class Scores:
    """metrics: content of metrics.json, figures as dictionaries of `Estimate`. items: rows of items.csv."""

    metrics: dict
    items: list[dict]


def score(examples: Mapping[str, Sequence[dict]], predictions: Sequence[dict], seed: int) -> Scores:
    """Score every example of every split.

    examples: by split, rows with `id` and `label`.  predictions: one row for each of them.
    seed: is recorded.
    Raises InputError when a prediction is missing, doubled, without label likelihoods, or of no example.
    """
    answered = answers_of(examples, predictions)
    splits, items = {}, []
    for split, rows in examples.items():
        answers = answered[split]
        gold = [_gold_label(example, split) for example in rows]
        rationales = rationale_scores(rows, answers)
        rows_of_split = _items(split, gold, answers, rows, rationales)
        items += rows_of_split
        labels = [predicted_label(answer) for answer in answers]
        splits[split] = {
            "n": len(rows),
            **label_metrics(gold, labels, [row["source"] for row in rows]),
            **_format_metrics(rows_of_split),
            **likelihood_metrics(gold, label_probabilities(answers)),
            **{name: scores.estimate().as_dict() for name, scores in rationales.items()},
        }
    return Scores({"labels": list(LABELS), "seed": seed, "splits": splits}, items)


def predicted_label(prediction: dict) -> str | None:
    """The label that the generated text gives, in the exact format or not; None when it gives none."""
    if prediction["status"] not in READABLE:
        return None
    label = prediction["value"]["label"]
    if label not in LABELS:
        raise InputError(f'predictions, id "{prediction["id"]}": label "{label}"; expected one of {", ".join(LABELS)}')
    return label


def label_probabilities(predictions: Sequence[dict]) -> np.ndarray:
    """(n, labels) softmax over each item's label log-likelihoods, in the order of LABELS."""
    rows = []
    for prediction in predictions:
        likelihoods = prediction.get("label_log_likelihoods") or {}
        if set(likelihoods) != set(LABELS):
            raise InputError(f'predictions, id "{prediction["id"]}": needs a log-likelihood for each label')
        rows.append([likelihoods[label] for label in LABELS])
    return softmax(np.asarray(rows, dtype=float).reshape(len(rows), len(LABELS)), axis=1)


def label_metrics(gold: Sequence[str], predicted: Sequence[str | None], sources: Sequence[str]) -> dict:
    """Figures of labels as answered, by one model or several together: accuracy (an answer without a label is wrong),
    macro-F1, confusion, by label, and by source. sources: the one of each question."""
    return {
        "accuracy": accuracy(gold, predicted, UNIT).as_dict(),
        "macro_f1": macro_f1(gold, predicted, LABELS, UNIT).as_dict(),
        "confusion": confusion(gold, predicted, LABELS),
        "by_label": by_label(gold, predicted),
        "by_source": by_source(gold, predicted, sources),
    }


def by_label(gold: Sequence[str], predicted: Sequence[str | None]) -> dict[str, dict]:
    """Precision, recall and F1 of each label. F1 = 2 J / (1 + J) of the share J of items right among those that have or
    got the label, and so are the ends of its interval."""
    pairs = list(zip(gold, predicted, strict=True))
    figures = {}
    for label in LABELS:
        right = sum(wanted == found == label for wanted, found in pairs)
        answered, wanted = (sum(pair[place] == label for pair in pairs) for place in (1, 0))
        figures[label] = {
            "precision": proportion(right, answered, unit=UNIT).as_dict(),
            "recall": proportion(right, wanted, unit=UNIT).as_dict(),
            "f1": _f1(proportion(right, answered + wanted - right, unit=UNIT).as_dict()),
        }
    return figures


def _f1(share: dict) -> dict:
    """F1 of the share J."""
    ends = {key: share[key] and 2 * share[key] / (1 + share[key]) for key in ("value", "low", "high")}
    return {**share, **ends}


def by_source(gold: Sequence[str], predicted: Sequence[str | None], sources: Sequence[str]) -> dict[str, dict]:
    """Accuracy on the questions of each source."""
    figures = {}
    for source in sorted(set(sources)):
        places = [place for place, name in enumerate(sources) if name == source]
        figures[source] = accuracy([gold[n] for n in places], [predicted[n] for n in places], UNIT).as_dict()
    return figures


def likelihood_metrics(gold: Sequence[str], probabilities: np.ndarray) -> dict:
    """Figures of the likeliest label (the first one on a tie) and of its probability as a confidence.

    probabilities: (n, labels). Calibration has no value when n = 0.
    """
    predicted = likeliest(probabilities)
    figures = {
        "likelihood_accuracy": accuracy(gold, predicted, UNIT).as_dict(),
        "likelihood_macro_f1": macro_f1(gold, predicted, LABELS, UNIT).as_dict(),
        "brier": brier_estimate(probabilities, [LABELS.index(label) for label in gold], UNIT).as_dict(),
    }
    if not gold:
        nothing = calibration_estimate([], [], unit=UNIT).as_dict()
        return {**figures, "ece": nothing, "ece_of_chance": nothing, "reliability": []}
    confidence = probabilities.max(axis=1)
    correct = [wanted == label for wanted, label in zip(gold, predicted, strict=True)]
    return {
        **figures,
        "ece": calibration_estimate(confidence, correct, unit=UNIT).as_dict(),
        "ece_of_chance": chance_error(confidence, unit=UNIT).as_dict(),
        "reliability": reliability_table(confidence, correct),
    }


def likeliest(probabilities: np.ndarray) -> list[str]:
    """The label of the largest probability in each row; the first of LABELS on a tie."""
    return [LABELS[number] for number in probabilities.argmax(axis=1)]


def _format_metrics(items: Sequence[dict]) -> dict:
    """Figures of the text: exact format, also together with the right label, invented citations, length."""
    n = len(items)
    return {
        "strict_accuracy": proportion(
            sum(item["correct"] and item["format_ok"] for item in items), n, unit=UNIT
        ).as_dict(),
        "format_rate": proportion(sum(item["format_ok"] for item in items), n, unit=UNIT).as_dict(),
        "citation_rate": proportion(sum(item["citations"] > 0 for item in items), n, unit=UNIT).as_dict(),
        "mean_answer_tokens": amount([item["output_tokens"] for item in items], UNIT).as_dict(),
    }


def _items(
    split: str,
    gold: Sequence[str],
    answers: Sequence[dict],
    examples: Sequence[dict],
    rationales: Mapping[str, MetricScores],
) -> list[dict]:
    """Rows of items.csv for one split."""
    probabilities = label_probabilities(answers)
    rows = []
    for number, (wanted, answer, row) in enumerate(zip(gold, answers, probabilities, strict=True)):
        label = predicted_label(answer)
        likely = LABELS[row.argmax()]
        values = (
            answer["id"],
            split,
            wanted,
            label,
            answer["status"],
            label == wanted,
            answer["status"] == "ok",
            len(find_citations(answer["raw"])),
            answer["output_tokens"],
            likely,
            float(row.max()),
            likely == wanted,
            examples[number]["source"],
            *(_plain(rationales[name].items[number]) for name in RATIONALE_COLUMNS),
        )
        rows.append(dict(zip(ITEM_COLUMNS, values, strict=True)))
    return rows


def _plain(value: float) -> float | None:
    """None for what is not defined."""
    return None if np.isnan(value) else float(value)


def _gold_label(example: dict, split: str) -> str:
    if example["label"] not in LABELS:
        raise InputError(
            f'{split}, id "{example["id"]}": label "{example["label"]}"; expected one of {", ".join(LABELS)}'
        )
    return example["label"]
