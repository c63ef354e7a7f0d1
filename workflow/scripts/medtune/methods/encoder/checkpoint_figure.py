"""What checkpoints of encoders are chosen by: F1 over whole validation documents."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from medtune.data.alignment import Layout, SubwordDocument
from medtune.data.bio import spans_of
from medtune.methods.encoder.decoding import decode
from medtune.methods.encoder.pairs import Pair, chosen_classes
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.span_scores import strict_sums

VALIDATION_BATCH_TOKENS = 8192


def validation_figures(
    documents: Sequence[SubwordDocument],
    gold: Sequence[Sequence[str]],
    tags: Sequence[str],
    layout: Layout,
    pad_id: int,
) -> Callable[[Any], dict[str, float]]:
    """Strict precision, recall and micro-F1 over whole documents, as a function of a model.

    gold: BIO tags of each document's words. Figures are 0 where nothing is there to be right.
    """
    wanted = [spans_of(row) for row in gold]

    def validate(model: Any) -> dict[str, float]:
        from medtune.methods.encoder.tagging import word_logits

        logits = word_logits(model, documents, layout, VALIDATION_BATCH_TOKENS, pad_id)
        found = [spans_of([tags[number] for number in decode(of_words, tags)]) for of_words in logits]
        sums = strict_sums(wanted, found)
        right, false, missed = sums[0]
        return {
            "validation_f1": float(f1_of_counts(sums)[0]),
            "validation_precision": float(right / max(1, right + false)),
            "validation_recall": float(right / max(1, right + missed)),
        }

    return validate


def label_figures(gold: Sequence[int], logits: Callable[[Any], np.ndarray]) -> Callable[[Any], dict[str, float]]:
    """Macro-F1 over the classes that some item has, and accuracy, as a function of a model.

    gold: number of each item's class. logits: of the items by a model, (items, classes).
    """
    wanted = np.asarray(gold)

    def validate(model: Any) -> dict[str, float]:
        found = logits(model).argmax(axis=1)
        return {
            "validation_macro_f1": macro_f1(wanted, found),
            "validation_accuracy": float((wanted == found).mean()),
        }

    return validate


def pair_figures(
    gold: Sequence[int], pairs: Sequence[Pair], relations: int, logits: Callable[[Any], np.ndarray]
) -> Callable[[Any], dict[str, float]]:
    """Precision, recall and micro-F1 of relations between gold entities, as a function of a model.

    gold: class of each pair, 0 for no relation. relations: all that there are, those included that no pair reaches.
    logits: of the pairs by a model, (pairs, classes).
    """
    wanted = np.asarray(gold)

    def validate(model: Any) -> dict[str, float]:
        found, _ = chosen_classes(logits(model), pairs)
        right, said = int(((found == wanted) & (wanted > 0)).sum()), int((found > 0).sum())
        return {
            "validation_f1": float(f1_of_counts(np.array([[right, said - right, relations - right]]))[0]),
            "validation_precision": right / max(1, said),
            "validation_recall": right / max(1, relations),
        }

    return validate


def macro_f1(gold: np.ndarray, found: np.ndarray) -> float:
    """Mean F1 of the classes that some item has. gold, found: (n,) numbers of classes."""
    sums = [
        [((gold == c) & (found == c)).sum(), ((gold != c) & (found == c)).sum(), ((gold == c) & (found != c)).sum()]
        for c in np.unique(gold)
    ]
    return float(f1_of_counts(np.array(sums)).mean())
