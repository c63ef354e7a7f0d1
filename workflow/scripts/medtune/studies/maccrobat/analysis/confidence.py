"""Is the tagger surer where it is right? Histograms, means, calibration of words and of entities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medtune.metrics.calibration import calibration_estimate, chance_error
from medtune.metrics.estimate import Estimate
from medtune.metrics.intervals import clustered_mean, share
from medtune.metrics.span_matching import match_spans
from medtune.studies.maccrobat.analysis.documents import TaggedDocument

RAW, CALIBRATED = "raw", "calibrated"
KINDS = (RAW, CALIBRATED)
SPANS, WORDS = "entities", "words"
LEVELS = (SPANS, WORDS)
HISTOGRAM_BINS = 20
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, NOT_TOUCHED = (
    "true positive",
    "false positive",
    "false negative",
    "false negative, nothing overlaps",
)
OUTCOMES = (TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, NOT_TOUCHED)


@dataclass(frozen=True)
class Items:
    """Predictions of one level and kind of confidence. documents: how many there are.

    document: (n,) place of each item's document.  confidence: (n,) in [0, 1].  correct: (n,) bool.
    """

    documents: int
    document: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray

    def by_document(self, values: np.ndarray) -> np.ndarray:
        """(documents,) sum of a value per item."""
        return np.bincount(self.document, weights=values, minlength=self.documents)


def span_items(documents: Sequence[TaggedDocument], kind: str, all_gold: bool = False) -> Items:
    """Predicted entities: the least confidence of their words, and whether they are strictly correct.

    all_gold: a prediction that is exactly a dropped entity is correct, too.
    """
    found = []
    for number, document in enumerate(documents):
        right = document.right(all_gold)
        found += [(number, _of(span, kind), p in right) for p, span in enumerate(document.predicted)]
    return _items(found, len(documents))


def word_items(documents: Sequence[TaggedDocument], kind: str) -> Items:
    """All words, those outside of entities too: the confidence of their tag, and whether it is the gold one."""
    found = [
        (number, confidence, tag == gold)
        for number, document in enumerate(documents)
        for confidence, tag, gold in zip(_of(document, kind), document.tags, document.gold_tags, strict=True)
    ]
    return _items(found, len(documents))


def items_of(documents: Sequence[TaggedDocument], level: str, kind: str) -> Items:
    """Items of one of `LEVELS`."""
    return {SPANS: span_items, WORDS: word_items}[level](documents, kind)


def histogram_rows(items: Items, bins: int = HISTOGRAM_BINS) -> list[dict]:
    """Number of correct and of wrong items in equal bins over [0, 1]; the last one holds 1 as well."""
    edges = np.linspace(0, 1, bins + 1)
    correct, _ = np.histogram(items.confidence[items.correct], edges)
    wrong, _ = np.histogram(items.confidence[~items.correct], edges)
    return [
        {"bin_low": float(low), "bin_high": float(high), "correct": int(right), "wrong": int(false)}
        for low, high, right, false in zip(edges[:-1], edges[1:], correct, wrong, strict=True)
    ]


def outcome_means(documents: Sequence[TaggedDocument], kind: str) -> dict[str, Estimate]:
    """Mean confidence by outcome, strictly judged, with intervals over documents.

    A gold entity that is not found has no confidence of its own: it gets the least confidence of the tags (often "O")
    that its words were given. The last outcome is the part of these that no prediction overlaps.
    """
    sums = {outcome: np.zeros((2, len(documents))) for outcome in OUTCOMES}
    for number, document in enumerate(documents):
        matches = match_spans(document.gold, document.predicted_spans)
        right = {p for _, p in matches.strict}
        found = {g for g, _ in matches.strict}
        words = _of(document, kind)
        for p, span in enumerate(document.predicted):
            sums[TRUE_POSITIVE if p in right else FALSE_POSITIVE][:, number] += (_of(span, kind), 1)
        for g, span in enumerate(document.gold):
            least = min(words[span.start : span.end])
            if g not in found:
                sums[FALSE_NEGATIVE][:, number] += (least, 1)
            if g in matches.missed:
                sums[NOT_TOUCHED][:, number] += (least, 1)
    return {outcome: clustered_mean(*table) for outcome, table in sums.items()}


def calibration(items: Items) -> dict[str, Estimate]:
    """Expected calibration error (15 bins), the one that perfectly calibrated items have by chance, Brier score of
    being right (mean squared distance of the confidence from 0 or 1, Brier 1950), mean confidence and accuracy. All but
    the second have intervals over documents."""
    ones = np.ones(len(items.confidence))
    sizes = items.by_document(ones)
    squared = items.by_document((items.confidence - items.correct) ** 2)
    return {
        "ece": calibration_estimate(items.confidence, items.correct, items.document, "documents"),
        "ece_of_chance": chance_error(items.confidence),
        "brier": clustered_mean(squared, sizes),
        "mean_confidence": clustered_mean(items.by_document(items.confidence), sizes),
        "accuracy": share(items.by_document(items.correct.astype(float)), sizes),
    }


def _items(found: Sequence[tuple[int, float, bool]], documents: int) -> Items:
    document, confidence, correct = zip(*found, strict=True) if found else ((), (), ())
    return Items(documents, np.array(document, dtype=int), np.array(confidence, dtype=float), np.array(correct, bool))


def _of(holder, kind: str):
    """Raw or calibrated confidence of a found span (one value) or of a document (one per word)."""
    if kind not in KINDS:
        raise ValueError(f"confidence {kind!r}: expected one of {', '.join(KINDS)}")
    return holder.confidence if kind == RAW else holder.calibrated
