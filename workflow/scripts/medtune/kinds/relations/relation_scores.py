"""Precision, recall and F1 of relations over documents, with intervals over documents, and what their errors are.

Two ways to count, from one classification (`matching.classify_relations`):

- strict: type, direction and both arguments with boundaries and entity types are right.
- relaxed: type and direction are right, and the arguments overlap, whatever their entity types.

So strict <= relaxed. Where relations are between concepts, strict asks that the arguments are gold mentions of them,
relaxed that they overlap gold mentions.

Conventions are those of `metrics.span_scores`: 0 / 0 is 0, but there is no figure where no document has gold or
predicted relations; macro figures are the mean over the types with gold relations.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medtune.kinds.relations.concepts import ConceptDocument, link_concepts
from medtune.kinds.relations.matching import CLASSES, CORRECT, RelationCase, RelationDocument, classify_relations
from medtune.metrics.counts import class_counts
from medtune.metrics.intervals import divide, graded_ends, share_ends
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
from medtune.metrics.span_scores import SpanDocument

SCHEMES = ("strict", "relaxed")
NONE = "none"
_TP, _FP, _FN = range(3)


@dataclass(frozen=True)
class RelationCounts:
    """Additive counts per document. table: (documents, labels, schemes, 3), the last being tp, fp, fn."""

    labels: tuple[str, ...]
    table: np.ndarray

    def f1_counts(self, scheme: str = "strict", label: str | None = None) -> np.ndarray:
        """(documents, 3): tp, fp, fn of one type or of all, as `f1_of_counts` and `paired_difference` take them."""
        of_scheme = self.table[:, :, SCHEMES.index(scheme)]
        return of_scheme.sum(axis=1) if label is None else of_scheme[:, self.labels.index(label)]


def count_relations(
    documents: Sequence[RelationDocument], symmetric: Collection[str], labels: Sequence[str] = ()
) -> RelationCounts:
    """Classify each document's relations and count. labels: listed first, even without relations; others seen follow,
    sorted. symmetric: types without a direction."""
    cases = classify_relations(documents, symmetric)
    return _counts({"strict": _hits(cases, "strict"), "relaxed": _hits(cases, "relaxed")}, len(documents), labels)


def count_concept_relations(
    documents: Sequence[ConceptDocument], symmetric: Collection[str], labels: Sequence[str] = ()
) -> RelationCounts:
    """As `count_relations`, for gold relations between concepts; see `link_concepts`."""
    tallies = {}
    for scheme in SCHEMES:
        linked = [link_concepts(document, symmetric, overlapping=scheme == "relaxed") for document in documents]
        tallies[scheme] = _hits(classify_relations(linked, symmetric), "strict")
    return _counts(tallies, len(documents), labels)


def score_relations(counts: RelationCounts, unit: str = "documents") -> ScoresByLabel:
    """All figures by scheme, micro, macro and per type, with intervals over documents. unit: how texts call them.

    Gold and predicted relations are counted by the strict rule.
    """
    strict = counts.table[:, :, SCHEMES.index("strict")]
    gold = strict[..., [_TP, _FN]].sum(axis=-1)
    totals = Totals(gold.sum(axis=0), strict[..., [_TP, _FP]].sum(axis=(0, -1)), (gold > 0).sum(axis=0))
    return scores_by_label(counts.labels, SCHEMES, _with_ends(counts.table), totals, len(counts.table), unit)


def error_counts(cases: Iterable[RelationCase], documents: int) -> dict[str, np.ndarray]:
    """(documents,) number of cases of each class in each document; they add up as `classify_relations` says."""
    return class_counts(cases, documents, CLASSES)


def relation_types(cases: Iterable[RelationCase]) -> Counter[tuple[str, str]]:
    """Number of cases by (gold type, predicted type), `NONE` for the side that is not there. A pair counts whatever is
    wrong with it, so that wrong directions and arguments are among those with one type twice."""
    return Counter(
        (case.gold.label if case.gold else NONE, case.predicted.label if case.predicted else NONE) for case in cases
    )


def entity_types(documents: Iterable[SpanDocument]) -> Counter[tuple[str, str]]:
    """Number of entities by (gold type, predicted type), `NONE` for the side that is not there. Pairs have equal
    boundaries or an overlap."""
    counts: Counter[tuple[str, str]] = Counter()
    for document in documents:
        matches = match_spans(document.gold, document.predicted)
        pairs = (*matches.exact, *matches.overlapping)
        counts.update((document.gold[g].label, document.predicted[p].label) for g, p in pairs)
        counts.update((document.gold[g].label, NONE) for g in matches.missed)
        counts.update((NONE, document.predicted[p].label) for p in matches.spurious)
        counts.update((label, NONE) for label in document.unplaced_gold)
        counts.update((NONE, label) for label in document.unplaced_predicted)
    return counts


def confusion_matrix(types: Mapping[tuple[str, str], int], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts by gold type, then by predicted type; missed and spurious ones in the column and the row `NONE`.

    types: from `relation_types` or `entity_types`. labels: listed first; others seen follow, sorted.
    """
    seen = {label for pair in types for label in pair} - {*labels, NONE}
    names = [*labels, *sorted(seen), NONE]
    return {gold: {predicted: types.get((gold, predicted), 0) for predicted in names} for gold in names}


def _hits(cases: Iterable[RelationCase], scheme: str) -> list[tuple[int, str, int]]:
    """(document, type, column) of each case, with two for a pair that is no hit."""
    found = []
    for case in cases:
        if case.kind == CORRECT or (scheme == "relaxed" and case.relaxed):
            found.append((case.document, case.gold.label, _TP))
            continue
        if case.gold is not None:
            found.append((case.document, case.gold.label, _FN))
        if case.predicted is not None:
            found.append((case.document, case.predicted.label, _FP))
    return found


def _counts(
    tallies: Mapping[str, Sequence[tuple[int, str, int]]], documents: int, labels: Sequence[str]
) -> RelationCounts:
    seen = {label for tally in tallies.values() for _, label, _ in tally}
    names = (*dict.fromkeys(labels), *sorted(seen - set(labels)))
    row = {label: number for number, label in enumerate(names)}
    table = np.zeros((documents, len(names), len(SCHEMES), 3))
    for number, scheme in enumerate(SCHEMES):
        for document, label, column in tallies[scheme]:
            table[document, row[label], number, column] += 1
    return RelationCounts(names, table)


def _figures(sums: np.ndarray) -> np.ndarray:
    """(m, labels + 2, schemes, 3): precision, recall, F1 of sums (m, labels, schemes, 3); then micro, then macro."""
    supported = (sums[..., _TP] + sums[..., _FN] > 0)[..., None]
    return with_micro_and_macro(_ratios(sums), _ratios(sums.sum(axis=1, keepdims=True)), supported)


def _ratios(sums: np.ndarray) -> np.ndarray:
    tp, fp, fn = np.moveaxis(sums, -1, 0)
    return np.stack([divide(tp, tp + fp), divide(tp, tp + fn), divide(2 * tp, 2 * tp + fp + fn)], axis=-1)


def _with_ends(table: np.ndarray) -> np.ndarray:
    """(3, labels + 2, schemes, 3): value, lower and upper end of every figure."""
    labels = table.shape[1]
    if table.size == 0:
        return np.zeros((3, labels + 2, len(SCHEMES), len(FIGURES)))
    totals = table.sum(axis=0)
    ends = np.empty((3, labels + 2, len(SCHEMES), len(FIGURES)))
    # Types and, in the row after them, all of them together are shares of relations.
    shares = slice(0, labels + 1)
    tp, fp, fn = np.moveaxis(np.concatenate([table, table.sum(axis=1, keepdims=True)], axis=1), -1, 0)
    for figure, items in enumerate((tp + fp, tp + fn, tp + fp + fn)):
        ends[:, shares, :, figure] = share_ends(tp, items)
    ends[:, shares, :, F1] = f1_of_shares(ends[:, shares, :, F1])
    ends[0] = _figures(totals[None])[0]
    some = table.any(axis=(1, 2, 3))
    left_out = _figures(totals - table[some])[:, MACRO]
    ends[1:, MACRO] = graded_ends(ends[0, MACRO], left_out, int(some.sum()))
    return ends
