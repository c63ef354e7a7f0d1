"""Score the answers of one model: as labels, and what only this study has: sources, citations, rationales."""

from collections.abc import Mapping, Sequence

import numpy as np

from medtune.data.predictions import answers_of
from medtune.kinds.labels.label_scores import accuracy
from medtune.kinds.labels.score import (
    answer_cells,
    format_metrics,
    gold_label,
    label_metrics,
    label_probabilities,
    likelihood_metrics,
    plain,
    predicted_label,
)
from medtune.kinds.scores import Scores
from medtune.metrics.drawn import Drawn
from medtune.metrics.intervals import amount
from medtune.metrics.text.metric_scores import MetricScores
from medtune.studies.yesno.citations import find_citations
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.rationales import RATIONALE_COLUMNS, rationale_scores

UNIT = "questions"
"""What is drawn."""
DRAWN = Drawn(UNIT)
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
        gold = [gold_label(example, split, LABELS) for example in rows]
        rationales = rationale_scores(rows, answers)
        cells = answer_cells(gold, answers, LABELS)
        items_of_split = _items(split, rows, answers, cells, rationales)
        items += items_of_split
        labels = [predicted_label(answer, LABELS) for answer in answers]
        tokens = [item["output_tokens"] for item in items_of_split if item["output_tokens"] is not None]
        splits[split] = {
            "n": len(rows),
            **answered_metrics(gold, labels, [row["source"] for row in rows]),
            **format_metrics(cells, DRAWN),
            "citation_rate": DRAWN.share([item["citations"] > 0 for item in items_of_split]).as_dict(),
            "mean_answer_tokens": amount(tokens, UNIT).as_dict(),
            **likelihood_metrics(gold, label_probabilities(answers, LABELS), LABELS, DRAWN),
            **plain({name: scores.estimate() for name, scores in rationales.items()}),
        }
    return Scores({"labels": list(LABELS), "seed": seed, "splits": splits}, items)


def answered_metrics(gold: Sequence[str], predicted: Sequence[str | None], sources: Sequence[str]) -> dict:
    """Figures of labels as answered, by one model or several together, also by source: of each question its own."""
    return {**label_metrics(gold, predicted, LABELS, DRAWN), "by_source": by_source(gold, predicted, sources)}


def by_source(gold: Sequence[str], predicted: Sequence[str | None], sources: Sequence[str]) -> dict[str, dict]:
    """Accuracy on the questions of each source."""
    figures = {}
    for source in sorted(set(sources)):
        places = [place for place, name in enumerate(sources) if name == source]
        figures[source] = accuracy([gold[n] for n in places], [predicted[n] for n in places], DRAWN).as_dict()
    return figures


def _items(
    split: str,
    examples: Sequence[dict],
    answers: Sequence[dict],
    cells: Sequence[dict],
    rationales: Mapping[str, MetricScores],
) -> list[dict]:
    """Rows of items.csv for one split."""
    rows = [
        {
            "id": example["id"],
            "split": split,
            "source": example["source"],
            "citations": len(find_citations(answer["raw"])),
            **found,
            **{name: _defined(rationales[name].items[number]) for name in RATIONALE_COLUMNS},
        }
        for number, (example, answer, found) in enumerate(zip(examples, answers, cells, strict=True))
    ]
    return [{column: row[column] for column in ITEM_COLUMNS} for row in rows]


def _defined(value: float) -> float | None:
    """None for what is not defined."""
    return None if np.isnan(value) else float(value)
