"""Precision, recall and F1 of relations over documents, with bootstrap intervals, and what their errors are.

Two ways to count, from one classification (`metrics.relations.classify_relations`):

- strict: type, direction and both arguments with boundaries and entity types are right.
- relaxed: type and direction are right, and the arguments overlap, whatever their entity types.

So strict <= relaxed. Where relations are between concepts, strict asks that the arguments are gold mentions of them,
relaxed that they overlap gold mentions.

Conventions are those of `metrics.span_scores`: 0 / 0 is 0, but there is no figure where no document has gold or
predicted relations; macro figures are the mean over the types with gold relations, in a resample over those with gold
relations in it. Figures of 0 and 1 have intervals no narrower than Wilson's for as many relations.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from medtune.metrics.bootstrap import SAMPLES, resamples, widened, widened_f1
from medtune.metrics.concepts import ConceptDocument, link_concepts
from medtune.metrics.estimate import Estimate
from medtune.metrics.relations import CLASSES, CORRECT, RelationCase, RelationDocument, classify_relations
from medtune.metrics.span_scores import FIGURES, Figures, SpanDocument
from medtune.metrics.spans import match_spans

SCHEMES = ("strict", "relaxed")
NONE = "none"
_TP, _FP, _FN = range(3)
_MICRO, _MACRO = -2, -1
"""Rows that `_figures` puts after those of the types."""


@dataclass(frozen=True)
class RelationCounts:
    """Additive counts per document. table: (documents, labels, schemes, 3), the last being tp, fp, fn."""

    labels: tuple[str, ...]
    table: np.ndarray

    def f1_counts(self, scheme: str = "strict", label: str | None = None) -> np.ndarray:
        """(documents, 3): tp, fp, fn of one type or of all, as `f1_of_counts` and `paired_bootstrap` take them."""
        of_scheme = self.table[:, :, SCHEMES.index(scheme)]
        return of_scheme.sum(axis=1) if label is None else of_scheme[:, self.labels.index(label)]


@dataclass(frozen=True)
class TypeScores:
    """One relation type. gold, predicted: its relations, by the strict rule. documents: those with gold ones."""

    gold: int
    predicted: int
    documents: int
    schemes: dict[str, Figures]


@dataclass(frozen=True)
class RelationScores:
    """Figures over documents. micro, macro: by scheme. macro_labels: the types with gold, whose mean macro is."""

    documents: int
    gold: int
    predicted: int
    micro: dict[str, Figures]
    macro: dict[str, Figures]
    macro_labels: tuple[str, ...]
    by_label: dict[str, TypeScores]

    def as_dict(self) -> dict:
        """Plain dictionaries for JSON."""
        return asdict(self)


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


def score_relations(counts: RelationCounts, seed: int, samples: int = SAMPLES) -> RelationScores:
    """All figures by scheme, micro, macro and per type, with percentile bootstrap intervals over documents.

    Every figure is taken from the same resamples, those that `bootstrap` and `paired_bootstrap` draw for this seed.
    """
    table, labels = counts.table, counts.labels
    n = len(table)
    bounds = _with_bounds(table, seed, samples)
    totals = table.sum(axis=0)
    gold = totals[:, 0, _TP] + totals[:, 0, _FN]
    predicted = totals[:, 0, _TP] + totals[:, 0, _FP]

    items = {row: totals[row] for row in range(len(labels))}
    items |= {_MICRO: totals.sum(axis=0), _MACRO: totals[gold > 0].sum(axis=0)}

    def figures(row: int, defined: bool) -> dict[str, Figures]:
        return _by_scheme(bounds[:, row], items[row], n if defined else 0, samples)

    return RelationScores(
        documents=n,
        gold=round(gold.sum()),
        predicted=round(predicted.sum()),
        micro=figures(_MICRO, bool(totals.any())),
        macro=figures(_MACRO, bool(gold.any())),
        macro_labels=tuple(label for label, there in zip(labels, gold, strict=True) if there),
        by_label={
            label: TypeScores(
                gold=round(gold[row]),
                predicted=round(predicted[row]),
                documents=int(table[:, row, 0, [_TP, _FN]].any(axis=1).sum()),
                schemes=figures(row, bool(totals[row].any())),
            )
            for row, label in enumerate(labels)
        },
    )


def error_counts(cases: Iterable[RelationCase], documents: int) -> dict[str, np.ndarray]:
    """(documents,) number of cases of each class in each document; they add up as `classify_relations` says."""
    counts = {kind: np.zeros(documents) for kind in CLASSES}
    for case in cases:
        counts[case.kind][case.document] += 1
    return counts


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
    by_label = _ratios(sums)
    micro = _ratios(sums.sum(axis=1, keepdims=True))
    supported = (sums[..., _TP] + sums[..., _FN] > 0)[..., None]
    macro = _divide((by_label * supported).sum(axis=1, keepdims=True), supported.sum(axis=1, keepdims=True))
    return np.concatenate([by_label, micro, macro], axis=1)


def _ratios(sums: np.ndarray) -> np.ndarray:
    tp, fp, fn = np.moveaxis(sums, -1, 0)
    return np.stack([_divide(tp, tp + fp), _divide(tp, tp + fn), _divide(2 * tp, 2 * tp + fp + fn)], axis=-1)


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=denominator > 0)


def _with_bounds(table: np.ndarray, seed: int, samples: int) -> np.ndarray:
    """(3, labels + 2, schemes, 3): value, lower and upper end of every figure, from one pass over the resamples."""
    n = len(table)
    if table.size == 0:
        return np.zeros((3, table.shape[1] + 2, len(SCHEMES), len(FIGURES)))
    flat = table.reshape(n, -1)
    resampled = [_figures((weights @ flat).reshape(-1, *table.shape[1:])) for weights in resamples(n, seed, samples)]
    low, high = np.percentile(np.concatenate(resampled), [2.5, 97.5], axis=0)
    return np.stack([_figures(table.sum(axis=0, keepdims=True))[0], low, high])


def _by_scheme(bounds: np.ndarray, items: np.ndarray, n: int, samples: int) -> dict[str, Figures]:
    """bounds: (3, schemes, 3), one row of `_with_bounds`. items: (schemes, 3) its tp, fp, fn. n: documents; 0 for no
    figure."""
    method = f"percentile bootstrap, {samples} resamples"
    if n == 0:
        return {scheme: Figures(*[Estimate(None, None, None, 0, method)] * len(FIGURES)) for scheme in SCHEMES}
    found = {}
    for s, scheme in enumerate(SCHEMES):
        precision, recall, f1 = (Estimate(*map(float, bounds[:, s, f]), n, method) for f in range(len(FIGURES)))
        tp, fp, fn = map(round, items[s])
        found[scheme] = Figures(widened(precision, tp + fp), widened(recall, tp + fn), widened_f1(f1, tp + fp + fn))
    return found
