"""Score the answers of one model by text metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medtune.data.predictions import answers_of
from medtune.kinds.scores import Scores
from medtune.metrics.drawn import Drawn, drawn_of
from medtune.metrics.estimate import Estimate
from medtune.metrics.text.metric_scores import QUESTIONS, UNIT
from medtune.metrics.text.names import BLEU, EXACT_MATCH, MEDICAL_TERM_F1, ROUGE, TOKEN_F1
from medtune.metrics.text.registry import TextMetricSettings, TextScores, score_texts

METRICS = (*ROUGE, BLEU[-1], EXACT_MATCH, TOKEN_F1, MEDICAL_TERM_F1)
"""Those that tables show; metrics.json has all."""
FIELDS = ("group", "source")
ANSWER_COLUMNS = ("status", "finish", "output_tokens")
ITEM_COLUMNS = ("id", "split", *FIELDS, *ANSWER_COLUMNS, *METRICS)
SETTINGS = TextMetricSettings(meteor=False)
"""The same metrics on every machine."""


@dataclass(frozen=True)
class Scored:
    """The answers to all examples of all splits, with the scores of each.

    rows: (split, example). answers: in their order. texts: the scores. drawn: what the examples were drawn as.
    """

    rows: Sequence[tuple[str, dict]]
    answers: Sequence[dict]
    texts: TextScores
    drawn: Drawn = QUESTIONS

    def places(self, split: str) -> list[int]:
        """Where the examples of a split are."""
        return [place for place, (own, _) in enumerate(self.rows) if own == split]

    def metrics(self, places: Sequence[int]) -> dict[str, dict]:
        """Each metric over some of the answers, in its dictionary form."""
        return _plain(self.texts.figures(places, self.drawn))

    def rates(self, places: Sequence[int]) -> dict[str, dict]:
        """How many of some answers are not empty, how many were cut at the limit, and their mean length in tokens, of
        those whose tokens were counted."""
        own, drawn = [self.answers[place] for place in places], self.drawn.of(places)
        counted = [place for place in places if self.answers[place]["output_tokens"] is not None]
        return _plain(
            {
                "answer_rate": drawn.share([answer["value"] is not None for answer in own]),
                "cut_rate": drawn.share([answer["finish"] == "length" for answer in own]),
                "mean_answer_tokens": self.drawn.of(counted).amount(
                    [self.answers[place]["output_tokens"] for place in counted]
                ),
            }
        )

    def items(self, fields: Sequence[str], metrics: Sequence[str]) -> list[dict]:
        """Rows of items.csv. fields: of examples that stand there beside the id; empty where an example has none."""
        columns = self.texts.columns()
        return [
            {
                "id": example["id"],
                "split": split,
                **{name: example.get(name) for name in fields},
                **{name: answer[name] for name in ANSWER_COLUMNS},
                **{name: columns[name][place] for name in metrics},
            }
            for place, ((split, example), answer) in enumerate(zip(self.rows, self.answers, strict=True))
        ]


def score(examples: Mapping[str, Sequence[dict]], predictions: Sequence[dict], seed: int, **_: Any) -> Scores:
    """Score every answer of every split against the reference; one that does not parse as an empty text.

    examples: by split, rows with `id`, `answer` and, where questions come in groups, `group`; a question without one is
    its own. predictions: one row for each of them. seed: is recorded. The task's options change no score.
    Raises InputError when a prediction is missing, doubled, or of no example.
    """
    scored = scored_answers(examples, predictions, SETTINGS)
    scored = replace(scored, drawn=drawn_of([example for _, example in scored.rows], UNIT))
    splits = {}
    for split in examples:
        places = scored.places(split)
        splits[split] = {"n": len(places), **scored.metrics(places), **scored.rates(places)}
    metrics = {"seed": seed, "definitions": scored.texts.definitions(), "splits": splits}
    return Scores(metrics, scored.items(FIELDS, METRICS))


def scored_answers(
    examples: Mapping[str, Sequence[dict]], predictions: Sequence[dict], settings: TextMetricSettings
) -> Scored:
    """All answers, of all splits at once, so that what a metric loads is loaded once.

    Raises InputError when predictions and examples do not belong together, and for what is wrong with a metric (see
    `score_texts`).
    """
    answered = answers_of(examples, predictions)
    rows = [(split, example) for split, part in examples.items() for example in part]
    answers = [answer for split in examples for answer in answered[split]]
    texts = score_texts(
        ["" if answer["value"] is None else answer["value"] for answer in answers],
        [example["answer"] for _, example in rows],
        settings,
    )
    return Scored(rows, answers, texts)


def _plain(figures: Mapping[str, Estimate]) -> dict[str, dict]:
    return {name: figure.as_dict() for name, figure in figures.items()}
