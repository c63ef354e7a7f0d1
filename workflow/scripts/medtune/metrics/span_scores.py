"""Precision, recall and F1 of spans over documents, with intervals over documents.

Four ways to count a pair of `match_spans`, after SemEval-2013 task 9 (Segura-Bedmar et al. 2013):

- strict: same boundaries and label (CoNLL; seqeval's strict mode on flat spans).
- exact: same boundaries, label ignored.
- partial: label ignored; same boundaries count 1, other boundaries with an overlap one half.
- type: same label and an overlap, boundaries ignored.

One pairing serves all four, so that strict <= exact <= partial and strict <= type.

Conventions: 0 / 0 is 0 (nothing predicted: precision 0), but there is no figure where no document has gold or predicted
spans. A document without any span adds nothing to the sums, and counts in n. Micro figures sum over all spans.
Macro figures are the unweighted mean over the labels with gold spans. Intervals are those of `metrics.intervals`: of
spans for micro figures and single labels, of graded figures for macro. A label with spans in a single document has the
interval [0, 1].
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medtune.data.span import Span
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.drawn import Drawn
from medtune.metrics.intervals import clustered_ends, divide, graded_ends
from medtune.metrics.prf import (
    F1,
    FIGURES,
    MACRO,
    ScoresByLabel,
    Totals,
    f1_of_shares,
    scores_by_label,
    with_micro_and_macro,
)
from medtune.metrics.span_matching import match_spans

SCHEMES = ("strict", "exact", "partial", "type")
_COLUMNS = ("gold", "predicted", *(f"{scheme}_{side}" for scheme in SCHEMES for side in ("gold", "predicted")))
_COLUMN = {name: number for number, name in enumerate(_COLUMNS)}


@dataclass(frozen=True)
class SpanDocument:
    """The spans of one document (report, abstract), or of one sentence where sentences are scored apart.

    gold may nest and overlap: of two nested entities a prediction that is exactly the inner one is right.
    unplaced_gold: labels of gold entities that are no single span (discontinuous, without a word): always missed.
    unplaced_predicted: labels of predicted values without a place in the text: always false positives.
    """

    gold: Sequence[Span]
    predicted: Sequence[Span]
    unplaced_gold: Sequence[str] = ()
    unplaced_predicted: Sequence[str] = ()


@dataclass(frozen=True)
class SpanCounts:
    """Additive counts per document. table: (documents, labels, columns).

    A pair with two labels counts for the gold span's label in recall and for the predicted span's in precision.
    """

    labels: tuple[str, ...]
    table: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """(documents, labels): `gold` or `predicted` spans, or hits such as `strict_gold`, `partial_predicted`."""
        return self.table[:, :, _COLUMN[name]]

    def f1_counts(self, scheme: str = "strict") -> np.ndarray:
        """(documents, 3): tp, fp, fn over all labels, as `f1_of_counts` and `paired_difference` take them."""
        hits, gold, predicted = (self.column(name).sum(axis=1) for name in (f"{scheme}_gold", "gold", "predicted"))
        return np.stack([hits, predicted - hits, gold - hits], axis=1)

    def summed(self, drawn: Drawn) -> "SpanCounts":
        """Counts by what was drawn; the documents are its items."""
        return replace(self, table=drawn.summed(self.table))


def count_spans(documents: Iterable[SpanDocument], labels: Sequence[str] = ()) -> SpanCounts:
    """Match each document's spans and count. labels: listed first, even without spans; others seen follow, sorted."""
    tables = [_tally(document) for document in documents]
    seen = {label for tally in tables for label, _ in tally}
    labels = (*dict.fromkeys(labels), *sorted(seen - set(labels)))
    row = {label: number for number, label in enumerate(labels)}
    table = np.zeros((len(tables), len(labels), len(_COLUMNS)))
    for document, tally in enumerate(tables):
        for (label, column), amount in tally.items():
            table[document, row[label], _COLUMN[column]] = amount
    return SpanCounts(labels, table)


def strict_f1(documents: Iterable[SpanDocument]) -> float:
    """Strict micro-F1 of all documents together."""
    return float(f1_of_counts(count_spans(documents).f1_counts().sum(axis=0, keepdims=True))[0])


def strict_sums(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> np.ndarray:
    """Strict tp, fp and fn of all documents together, as (1, 3): what `f1_of_counts` takes."""
    documents = (SpanDocument(*pair) for pair in zip(gold, predicted, strict=True))
    return count_spans(documents).f1_counts().sum(axis=0, keepdims=True)


def score_spans(counts: SpanCounts, unit: str = "documents") -> ScoresByLabel:
    """All figures by scheme, micro, macro and per label, with intervals over documents. unit: how texts call them."""
    gold, predicted = counts.column("gold"), counts.column("predicted")
    totals = Totals(gold.sum(axis=0), predicted.sum(axis=0), (gold > 0).sum(axis=0))
    return scores_by_label(counts.labels, SCHEMES, _with_ends(counts.table), totals, len(counts.table), unit)


def _tally(document: SpanDocument) -> dict[tuple[str, str], float]:
    """Amounts of one document by (label, column)."""
    gold, predicted = document.gold, document.predicted
    tally: dict[tuple[str, str], float] = {}

    def add(label: str, column: str, amount: float = 1) -> None:
        tally[label, column] = tally.get((label, column), 0) + amount

    for label in [*(span.label for span in gold), *document.unplaced_gold]:
        add(label, "gold")
    for label in [*(span.label for span in predicted), *document.unplaced_predicted]:
        add(label, "predicted")
    matches = match_spans(gold, predicted)
    for pairs, credit in (
        (matches.strict, {"strict": 1, "exact": 1, "partial": 1}),
        (matches.relabelled, {"exact": 1, "partial": 1}),
        (matches.overlapping, {"partial": 0.5}),
    ):
        for g, p in pairs:
            wanted, found = gold[g].label, predicted[p].label
            for scheme, amount in (credit | {"type": 1} if wanted == found else credit).items():
                add(wanted, f"{scheme}_gold", amount)
                add(found, f"{scheme}_predicted", amount)
    return tally


def _figures(sums: np.ndarray) -> np.ndarray:
    """(m, labels + 2, schemes, 3): precision, recall, F1 of sums (m, labels, columns); then micro, then macro."""
    supported = (sums[:, :, _COLUMN["gold"]] > 0)[:, :, None, None]
    return with_micro_and_macro(_ratios(sums), _ratios(sums.sum(axis=1, keepdims=True)), supported)


def _ratios(sums: np.ndarray) -> np.ndarray:
    """(…, columns) to (…, schemes, 3)."""
    gold, predicted = sums[..., _COLUMN["gold"], None], sums[..., _COLUMN["predicted"], None]
    recall = divide(sums[..., [_COLUMN[f"{scheme}_gold"] for scheme in SCHEMES]], gold)
    precision = divide(sums[..., [_COLUMN[f"{scheme}_predicted"] for scheme in SCHEMES]], predicted)
    return np.stack([precision, recall, divide(2 * precision * recall, precision + recall)], axis=-1)


def _with_ends(table: np.ndarray) -> np.ndarray:
    """(3, labels + 2, schemes, 3): value, lower and upper end of every figure."""
    labels = table.shape[1]
    if len(table) == 0 or labels == 0:
        return np.zeros((3, labels + 2, len(SCHEMES), len(FIGURES)))
    totals = table.sum(axis=0)
    values, left_out = _figures(totals[None])[0], _figures(totals - table)
    low, high = np.empty_like(values), np.empty_like(values)
    # Labels and, in the row after them, all of them together are shares of spans.
    shares = slice(0, labels + 1)
    spans = np.concatenate([table, table.sum(axis=1, keepdims=True)], axis=1)
    items, errors = _items(spans), _errors(spans.sum(axis=0))
    low[shares], high[shares] = clustered_ends(
        _as_shares(values[shares]), _as_shares(left_out[:, shares]), items, errors
    )
    for ends in (low, high):
        ends[shares, :, F1] = f1_of_shares(ends[shares, :, F1])
    with_spans = table.any(axis=(1, 2))
    low[MACRO], high[MACRO] = graded_ends(values[MACRO], left_out[with_spans, MACRO], int(with_spans.sum()))
    return np.stack([values, low, high])


def _items(spans: np.ndarray) -> np.ndarray:
    """(…, schemes, 3): the items that precision, recall and F1 are shares of: predicted spans, gold spans, and what is
    either, a pair once. spans: (…, columns)."""
    gold, predicted = (np.repeat(spans[..., _COLUMN[name], None], len(SCHEMES), -1) for name in ("gold", "predicted"))
    return np.stack([predicted, gold, gold + predicted - _hits(spans).mean(axis=-1)], axis=-1)


def _hits(spans: np.ndarray) -> np.ndarray:
    """(…, schemes, 2): hits among predicted and among gold spans."""
    return np.stack(
        [spans[..., [_COLUMN[f"{scheme}_{side}"] for scheme in SCHEMES]] for side in ("predicted", "gold")], axis=-1
    )


def _errors(sums: np.ndarray) -> np.ndarray:
    """(…, schemes, 3): the smaller of hits and misses among `_items`."""
    hits = _hits(sums)
    of_figure = np.concatenate([hits, hits.mean(axis=-1, keepdims=True)], axis=-1)
    return np.minimum(of_figure, _items(sums) - of_figure)


def _as_shares(values: np.ndarray) -> np.ndarray:
    """(…, 3) with F1 as the share of hits among `_items`; `f1_of_shares` takes it back."""
    shares = values.copy()
    shares[..., F1] = values[..., F1] / (2 - values[..., F1])
    return shares
