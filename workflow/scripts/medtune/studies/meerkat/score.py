"""Score the answers of one model by all text metrics, overall and by specialty."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.errors import InputError
from medtune.kinds.answers.score import Scored, scored_answers
from medtune.kinds.scores import Scores
from medtune.metrics.text.bertscore import BertScoreSettings
from medtune.metrics.text.registry import TextMetricSettings
from medtune.models.model_record import read_record
from medtune.studies.meerkat.tables import ITEM_COLUMNS

FIELDS = ("specialty",)


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
    scored = scored_answers(examples, predictions, _settings(metrics, encoder))
    texts, places = scored.texts, {split: scored.places(split) for split in examples}
    content = {
        "seed": seed,
        "metrics": list(texts.metrics),
        "definitions": texts.definitions(),
        "splits": {split: _split_figures(scored, own) for split, own in places.items()},
    }
    counts = {
        split: {name: metric.counts[own].tolist() for name, metric in texts.metrics.items()}
        for split, own in places.items()
    }
    columns = (*ITEM_COLUMNS, *texts.metrics)
    return Scores(content, scored.items(FIELDS, list(texts.metrics)), {"counts": counts}, columns)


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


def _split_figures(scored: Scored, places: Sequence[int]) -> dict:
    """All figures of one split. places: of its answers."""
    by_specialty: dict[str, list[int]] = {}
    for place in places:
        by_specialty.setdefault(scored.rows[place][1]["specialty"], []).append(place)
    return {
        "n": len(places),
        "overall": scored.metrics(places),
        "specialties": {
            specialty: {"n": len(members), "metrics": scored.metrics(members)}
            for specialty, members in by_specialty.items()
        },
        **scored.rates(places),
    }
