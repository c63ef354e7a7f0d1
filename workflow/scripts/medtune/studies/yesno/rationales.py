"""What a rationale says: of the question, for its label, and in common with the gold rationale.

An answer without a rationale in the exact format counts 0 everywhere. All are measures of words, not of truth.
"""

import re
from collections.abc import Sequence

import numpy as np

from medtune.data.held_out import pairs_of
from medtune.data.sentences import sentences
from medtune.metrics.text.metric_scores import MetricScores, mean_of, share_of
from medtune.metrics.text.names import ROUGE
from medtune.metrics.text.rouge import rouge
from medtune.studies.yesno.generator import OUTCOMES, TREATMENTS

RATIONALE_COLUMNS = ("question_overlap", "names_terms", "agrees_with_label", "rationale_rouge_l")
_DOUBT = re.compile(
    r"\b(?:may|might|perhaps|possibly|sometimes|mixed|unclear|doubtful|inconclusive|conflict\w*|uncertain\w*|unknown"
    r"|controversial|insufficient|hard to judge|too few|cannot tell|remains? to be|(?:further|more|larger) (?:research"
    r"|stud\w+|trials?|data|evidence))\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:no|not|nothing|never|none|neither|nor|without|fails|failed|lack\w*|useless|unchanged|cannot|similar)\b|n['’]t\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]{3,}")
_FUNCTION_WORDS = """
the and for with from that this are was were has have had does did can will may should could would its their than more
less after before between among who which what when how but into not patients patient study true able expect hope
doctors
"""
_COMMON = frozenset(_FUNCTION_WORDS.split())


def polarity(rationale: str) -> str:
    """The label that a rationale speaks for by its cue words: one of doubt means Uncertain, else a negation No, else
    Yes. Knows neither scope nor irony: "reduced without doubt" counts as No, and effects in other words as Yes."""
    if _DOUBT.search(rationale):
        return "Uncertain"
    return "No" if _NEGATION.search(rationale) else "Yes"


def content_words(text: str) -> set[str]:
    """Words of three letters or more that are no function words, in lower case."""
    return {word.casefold() for word in _WORD.findall(text)} - _COMMON


def rationale_scores(examples: Sequence[dict], predictions: Sequence[dict]) -> dict[str, MetricScores]:
    """Scores by the names of `RATIONALE_COLUMNS`. examples, predictions: of one split, in the same order."""
    given = [_rationale_of(prediction) for prediction in predictions]
    gold = [example["rationale"] for example in examples]
    overlaps = rouge(given, gold)[ROUGE[2]].items
    pairs = list(zip(examples, given, strict=True))
    labels = [(prediction["value"] or {}).get("label") for prediction in predictions]
    return {
        "question_overlap": mean_of(
            [_overlap(example["question"], text) for example, text in pairs],
            "mean share of the content words of the question's last sentence that the rationale holds",
        ),
        "names_terms": share_of(
            [_names_terms(example["question"], text) for example, text in pairs],
            "share of rationales with the treatment and the outcome of the question, of questions with terms of the "
            "synthetic study",
        ),
        "agrees_with_label": share_of(
            [bool(text) and polarity(text) == label for text, label in zip(given, labels, strict=True)],
            "share of rationales whose cue words speak for the answer's own label",
        ),
        "rationale_rouge_l": mean_of(
            np.where([bool(text) for text in gold], overlaps, np.nan), "mean ROUGE-L F-measure against gold rationales"
        ),
    }


def _rationale_of(prediction: dict) -> str:
    return (prediction["value"] or {}).get("rationale") or ""


def _overlap(question: str, rationale: str) -> float:
    """NaN where the question has no content word."""
    asked = content_words(sentences(question)[-1])
    return len(asked & content_words(rationale)) / len(asked) if asked else np.nan


def _names_terms(question: str, rationale: str) -> float:
    """NaN where the question has no such pair."""
    asked = pairs_of([question], TREATMENTS, OUTCOMES)
    return float(asked <= pairs_of([rationale], TREATMENTS, OUTCOMES)) if asked else np.nan
