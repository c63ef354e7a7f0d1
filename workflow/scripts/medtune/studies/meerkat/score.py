"""Score the answers of one model by all text metrics, overall and by specialty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.data.predictions import answers_of
from medtune.errors import InputError
from medtune.metrics.intervals import amount
from medtune.metrics.proportions import proportion
from medtune.metrics.text.bertscore import BertScoreSettings
from medtune.metrics.text.registry import TextMetricSettings, TextScores, score_texts
from medtune.metrics.text.scores import UNIT
from medtune.models.record import read_record

ITEM_COLUMNS = ("id", "split", "specialty", "status", "finish", "output_tokens")
"""First columns of items.csv; one for each metric follows."""


@dataclass(frozen=True)
class Scores:
    """metrics: content of metrics.json, figures as dictionaries of `Estimate`. items: rows of items.csv, with these
    columns. files: content of further JSON outputs by name: `counts`, by split and metric the additive counts of each
    item, in the order of items.csv, as `significance.paired_difference` takes them."""

    metrics: dict
    items: list[dict]
    columns: tuple[str, ...]
    files: dict[str, Any]


def score(
    examples: Mapping[str, Sequence[dict]],
    predictions: Sequence[dict],
    seed: int,
    *,
    metrics: Mapping[str, Any],
    encoder: Path | str | None = None,
    custom_files: Sequence[str] | str = (),
    terms: Path | str | None = None,
    wordnet: Path | str | None = None,
    baseline: Path | str | None = None,
) -> Scores:
    """Score every answer of every split against the reference; an empty one too, as an empty text.

    examples: by split, rows with `id`, `specialty` and `answer`. predictions: one row for each. seed: is recorded.
    metrics: section `metrics` of the study's configuration; its paths are those that are read.
    encoder: folder of BERTScore's model. custom_files, terms, wordnet, baseline: the files that `metrics` leads to;
    as inputs of the rule their change is a reason to score again, and nothing else is done with them.
    Raises InputError when predictions and examples do not belong together, and for what is wrong with a metric (see
    `score_texts`).
    """
    answered = answers_of(examples, predictions)
    rows = [(split, example) for split, part in examples.items() for example in part]
    answers = [answer for split in examples for answer in answered[split]]
    # All splits at once, so that BERTScore's encoder is loaded once.
    scores = score_texts(
        ["" if answer["value"] is None else answer["value"] for answer in answers],
        [example["answer"] for _, example in rows],
        _settings(metrics, encoder),
    )
    places: dict[str, list[int]] = {split: [] for split in examples}
    for place, (split, _) in enumerate(rows):
        places[split].append(place)
    specialties = [example["specialty"] for _, example in rows]
    content = {
        "seed": seed,
        "metrics": list(scores.metrics),
        "definitions": scores.definitions(),
        "splits": {split: _split_figures(scores, specialties, answers, own) for split, own in places.items()},
    }
    counts = {
        split: {name: metric.counts[own].tolist() for name, metric in scores.metrics.items()}
        for split, own in places.items()
    }
    columns = (*ITEM_COLUMNS, *scores.metrics)
    return Scores(content, _items(scores, rows, answers), columns, {"counts": counts})


def _settings(metrics: Mapping[str, Any], encoder: Path | str | None) -> TextMetricSettings:
    """The configuration's section as the metrics take it. Raises InputError for a name that items.csv already has."""
    for name in metrics["custom"]:
        if name in ITEM_COLUMNS:
            raise InputError(f'custom metric "{name}": this is the name of a column of items.csv; choose another')
    bertscore = metrics["bertscore"]
    if bertscore is not None:
        if encoder is None:
            raise ValueError("BERTScore is configured, but no encoder was given")
        record = read_record(Path(encoder))
        bertscore = BertScoreSettings(
            folder=str(encoder),
            # bert-score knows its baselines by the repositories of the hub.
            name=record.get("repository", record["name"]),
            layer=bertscore["layer"],
            rescale=bertscore["rescale"],
            baseline=bertscore["baseline"],
        )
    return TextMetricSettings(
        stemmer=metrics["stemmer"],
        wordnet=metrics["wordnet"],
        terms=metrics["terms"],
        bertscore=bertscore,
        custom=metrics["custom"],
    )


def _split_figures(
    scores: TextScores, specialties: Sequence[str], answers: Sequence[dict], places: Sequence[int]
) -> dict:
    """All figures of one split. specialties, answers: of all items. places: which of them are the split's."""
    by_specialty: dict[str, list[int]] = {}
    for place in places:
        by_specialty.setdefault(specialties[place], []).append(place)
    own = [answers[place] for place in places]
    n = len(own)
    return {
        "n": n,
        "overall": _figures(scores, places),
        "specialties": {
            specialty: {"n": len(members), "metrics": _figures(scores, members)}
            for specialty, members in by_specialty.items()
        },
        "answer_rate": proportion(sum(answer["value"] is not None for answer in own), n, unit=UNIT).as_dict(),
        "cut_rate": proportion(sum(answer["finish"] == "length" for answer in own), n, unit=UNIT).as_dict(),
        "mean_answer_tokens": amount([answer["output_tokens"] for answer in own], UNIT).as_dict(),
    }


def _figures(scores: TextScores, places: Sequence[int]) -> dict[str, dict]:
    return {name: figure.as_dict() for name, figure in scores.figures(places).items()}


def _items(scores: TextScores, rows: Sequence[tuple[str, dict]], answers: Sequence[dict]) -> list[dict]:
    """Rows of items.csv."""
    columns = scores.columns()
    return [
        {
            "id": example["id"],
            "split": split,
            "specialty": example["specialty"],
            "status": answer["status"],
            "finish": answer["finish"],
            "output_tokens": answer["output_tokens"],
            **{name: values[place] for name, values in columns.items()},
        }
        for place, ((split, example), answer) in enumerate(zip(rows, answers, strict=True))
    ]
