"""What checkpoints of encoders are chosen by: strict micro-F1 over whole validation documents."""

from collections.abc import Callable, Sequence
from typing import Any

from medtune.data.alignment import Layout, SubwordDocument
from medtune.data.bio import spans_of
from medtune.methods.encoder.decoding import decode
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
