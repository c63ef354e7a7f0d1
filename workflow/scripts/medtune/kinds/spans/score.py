"""Score the entities that one model lists: spans of the text against what is annotated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtune.data.predictions import answers_of
from medtune.data.span import Span
from medtune.errors import InputError
from medtune.kinds.scores import Scores
from medtune.kinds.spans.reading import Reading
from medtune.kinds.spans.task import SpanTask, gold_spans
from medtune.metrics.calibration import calibration_estimate, chance_error
from medtune.metrics.drawn import drawn_of, unit_of
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import share_of_items
from medtune.metrics.prf import ScoresByLabel
from medtune.metrics.span_scores import count_spans, score_spans

DOCUMENTS = "documents"
"""What is drawn, where it is not groups of them."""
ITEM_COLUMNS = (
    *("id", "split", "group", "source", "status", "gold", "predicted", "right", "ungroundable"),
    *("exact_match", "confidence", "output_tokens"),
)


@dataclass(frozen=True)
class Answer:
    """What was found in a text. unit: what the text was drawn with. gold: its annotated spans."""

    unit: str
    gold: tuple[Span, ...]
    reading: Reading

    @property
    def right(self) -> list[bool]:
        """For each listed entity whether it is a gold span."""
        return self.reading.right(self.gold)

    @property
    def exact_match(self) -> bool:
        """Whether the gold spans are found, and nothing else."""
        return self.reading.matches(self.gold)

    def cells(self) -> dict[str, Any]:
        """What rows of items.csv say of it."""
        return {
            "status": self.reading.status,
            "gold": len(self.gold),
            "predicted": len(self.reading.found),
            "right": sum(self.right),
            "ungroundable": len(self.reading.unplaced),
            "exact_match": self.exact_match,
            "confidence": self.reading.confidence,
        }


def score(
    examples: Mapping[str, Sequence[dict]],
    predictions: Sequence[dict],
    seed: int,
    *,
    study: str,
    prompt: str,
    entities: Sequence[str],
) -> Scores:
    """Score every example of every split.

    examples: by split, rows with `id`, `text`, `entities` and, where texts come in groups, `group`; a text without one
    is its own. predictions: one row for each of them, with part confidences. seed: is recorded. study, prompt,
    entities: as `SpanTask` takes them.
    Raises InputError when a prediction is missing, doubled, of no example or without confidences, for an entity outside
    its text, and for a type that is none of `entities`.
    """
    task = SpanTask(study, prompt, entities)
    answered = answers_of(examples, predictions)
    splits, items = {}, []
    for split, rows in examples.items():
        answers = [_answer(task, split, row, given) for row, given in zip(rows, answered[split], strict=True)]
        splits[split] = _split_metrics(rows, answers, entities)
        items += [
            {
                "id": row["id"],
                "split": split,
                "group": row.get("group"),
                "source": row.get("source"),
                **answer.cells(),
                "output_tokens": given["output_tokens"],
            }
            for row, answer, given in zip(rows, answers, answered[split], strict=True)
        ]
    return Scores({"entities": list(entities), "seed": seed, "splits": splits}, items)


def scheme_figures(scores: ScoresByLabel) -> dict[str, dict]:
    """Micro figures: strict precision and recall, and F1 by scheme (`strict_f1` …)."""
    strict = scores.micro["strict"]
    return {
        "strict_precision": strict.precision.as_dict(),
        "strict_recall": strict.recall.as_dict(),
        **{f"{scheme}_f1": found.f1.as_dict() for scheme, found in scores.micro.items()},
    }


def share_of(answers: Sequence[Answer], marks: Callable[[Answer], Sequence[bool]], unit: str) -> dict:
    """Share of true marks with an interval over what was drawn. marks: of an answer, any number. unit: the name of what
    was drawn (plural)."""
    pairs = [(mark, answer.unit) for answer in answers for mark in marks(answer)]
    return share_of_items([mark for mark, _ in pairs], [drawn for _, drawn in pairs], unit).as_dict()


def calibration_of(answers: Sequence[Answer], unit: str) -> dict[str, dict]:
    """Expected calibration error of the entities' confidences, where they have some: right means a gold span."""
    pairs = [
        (entity.confidence, right, answer.unit)
        for answer in answers
        for entity, right in zip(answer.reading.found, answer.right, strict=True)
        if entity.confidence is not None
    ]
    confidence, right, drawn = zip(*pairs, strict=True) if pairs else ((), (), ())
    return {
        "ece": calibration_estimate(confidence, right, drawn, unit).as_dict(),
        "ece_of_chance": chance_error(confidence, unit="entities").as_dict(),
    }


def checked_confidences(prediction: Mapping[str, Any]) -> list[float | None] | None:
    """Confidences of a prediction's entities and of the end of their list; None where the method has none, and says so
    by null. Raises InputError unless they are there."""
    confidences, value = prediction.get("part_confidences"), prediction["value"]
    wrong_number = None not in (confidences, value) and len(confidences) != len(value) + 1
    if "part_confidences" not in prediction or wrong_number:
        raise InputError(f'predictions, id "{prediction["id"]}": needs a confidence for each item; generate again')
    return confidences


def _answer(task: SpanTask, split: str, row: dict, prediction: dict) -> Answer:
    gold = gold_spans(row)
    for span in gold:
        if span.label not in task.types.names:
            raise InputError(
                f'{split}, id "{row["id"]}": entity type "{span.label}"; expected one of {", ".join(task.types.names)}'
            )
    confidences = checked_confidences(prediction)
    reading = task.read(row["text"], prediction["value"], prediction["status"], confidences)
    return Answer(unit_of(row), tuple(gold), reading)


def _split_metrics(rows: Sequence[dict], answers: Sequence[Answer], entities: Sequence[str]) -> dict:
    """All figures of one split. An answer that cannot be read lists nothing, so that what its text holds is missed; the
    entities of a list that breaks off or goes on count, but its text does not match."""
    drawn = drawn_of(rows, DOCUMENTS)
    counts = count_spans([answer.reading.document(answer.gold) for answer in answers], entities)
    scores = score_spans(counts.summed(drawn), drawn.unit)

    def share(marks: Sequence[bool]) -> Estimate:
        return drawn.share(np.array(marks, dtype=bool))

    return {
        "n": len(answers),
        "n_gold": scores.gold,
        "n_predicted": scores.predicted,
        **scheme_figures(scores),
        "macro_f1": scores.macro["strict"].f1.as_dict(),
        "macro_types": list(scores.macro_labels),
        "document_match": share([answer.exact_match for answer in answers]).as_dict(),
        "parse_rate": share([answer.reading.status == "ok" for answer in answers]).as_dict(),
        "grounded_rate": share_of(
            answers, lambda answer: [span is not None for span in answer.reading.spans], drawn.unit
        ),
        **calibration_of(answers, drawn.unit),
        "by_type": {
            label: {
                "n_gold": found.gold,
                "n_predicted": found.predicted,
                "strict_precision": found.schemes["strict"].precision.as_dict(),
                "strict_recall": found.schemes["strict"].recall.as_dict(),
                **{f"{scheme}_f1": figures.f1.as_dict() for scheme, figures in found.schemes.items()},
            }
            for label, found in scores.by_label.items()
        },
    }
