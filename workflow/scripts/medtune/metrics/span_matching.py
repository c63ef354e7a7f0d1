"""Pairing of spans: which predicted span answers which gold span of a document."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from medtune.data.span import Span

Pair = tuple[int, int]


@dataclass(frozen=True)
class Matches:
    """Pairs of (gold index, predicted index), sorted; every span is in one pair at most.

    strict: same boundaries and label.  relabelled: same boundaries, other label.
    overlapping: other boundaries with some overlap, whatever the labels.
    missed: gold indices without a partner.  spurious: predicted indices without one.
    """

    strict: list[Pair]
    relabelled: list[Pair]
    overlapping: list[Pair]
    missed: list[int]
    spurious: list[int]

    @property
    def exact(self) -> list[Pair]:
        """Pairs with the same boundaries, label ignored."""
        return sorted(self.strict + self.relabelled)


def match_spans(gold: Sequence[Span], predicted: Sequence[Span]) -> Matches:
    """Pair the spans of one document one-to-one: equal ones, then equal boundaries, then by overlap.

    Of the spans that remain, the pairing with the largest total overlap is taken, among equals the one with
    more equal labels, then the one with more pairs. Taking the largest overlap first would not do: with ties (one
    gold span cut into halves, a prediction across two gold spans) its result, even the number of pairs,
    would hang on the order. Spans are compared in sorted order and both sides alike, so that the order of the
    input changes indices of duplicates only, and swapping the sides swaps the pairs.

    Spans may nest, overlap and repeat: a prediction given twice has a partner once and is spurious once.
    """
    gold_left = sorted(range(len(gold)), key=gold.__getitem__)
    predicted_left = sorted(range(len(predicted)), key=predicted.__getitem__)
    phases = []
    for pairing in (_equal_spans, _equal_boundaries, _overlapping):
        positions = pairing([gold[i] for i in gold_left], [predicted[i] for i in predicted_left])
        pairs = [(gold_left[g], predicted_left[p]) for g, p in positions]
        phases.append(sorted(pairs))
        gold_left = _without(gold_left, {g for g, _ in pairs})
        predicted_left = _without(predicted_left, {p for _, p in pairs})
    return Matches(*phases, missed=sorted(gold_left), spurious=sorted(predicted_left))


def _without(indices: list[int], taken: set[int]) -> list[int]:
    return [index for index in indices if index not in taken]


def _equal_spans(gold: list[Span], predicted: list[Span]) -> list[Pair]:
    return _equal(gold, predicted, lambda span: span)


def _equal_boundaries(gold: list[Span], predicted: list[Span]) -> list[Pair]:
    return _equal(gold, predicted, lambda span: (span.start, span.end))


def _equal(gold: list[Span], predicted: list[Span], key: Callable[[Span], Hashable]) -> list[Pair]:
    """The n-th gold span of a key with the n-th predicted one."""
    waiting = defaultdict(deque)
    for g, span in enumerate(gold):
        waiting[key(span)].append(g)
    return [(waiting[key(span)].popleft(), p) for p, span in enumerate(predicted) if waiting[key(span)]]


def _overlapping(gold: list[Span], predicted: list[Span]) -> list[Pair]:
    """The pairing of sorted spans with the largest total overlap."""
    if predicted < gold:  # One of the two orders is always solved, so that ties end alike when the sides are swapped.
        return [(g, p) for p, g in _overlapping(predicted, gold)]
    pairs = _overlaps(gold, predicted)
    partners = Counter(g for g, _ in pairs), Counter(p for _, p in pairs)
    if all(partners[0][g] == 1 and partners[1][p] == 1 for g, p in pairs):
        return pairs
    return _largest_total(gold, predicted, pairs)


def _overlaps(gold: list[Span], predicted: list[Span]) -> list[Pair]:
    """All pairs that share at least one position, by a sweep over the starts: O(n log n + pairs)."""
    sides = (gold, predicted)
    open_spans: list[list[int]] = [[], []]
    pairs = []
    starts = sorted((span.start, side, index) for side in (0, 1) for index, span in enumerate(sides[side]))
    for start, side, index in starts:
        others = [other for other in open_spans[1 - side] if sides[1 - side][other].end > start]
        open_spans[1 - side] = others
        open_spans[side].append(index)
        pairs.extend((index, other) if side == 0 else (other, index) for other in others)
    return pairs


def _largest_total(gold: list[Span], predicted: list[Span], pairs: list[Pair]) -> list[Pair]:
    """Maximum-weight assignment over the overlapping pairs (sparse: a report-long span makes no dense matrix).

    Each gold span may also stay alone, for weight 1: a column of its own beside the predicted ones.
    """
    unit = min(len(gold), len(predicted)) + 1  # More than the lower-ranking aims can add up to.
    rows, columns = np.array(pairs).T
    overlap = np.array([min(gold[g].end, predicted[p].end) - max(gold[g].start, predicted[p].start) for g, p in pairs])
    same = np.array([gold[g].label == predicted[p].label for g, p in pairs])
    weights = (overlap * float(unit) + same) * unit + 1
    alone = np.arange(len(gold))
    graph = scipy.sparse.coo_array(
        (
            np.concatenate([weights + 1, np.ones(len(gold))]),
            (np.concatenate([rows, alone]), np.concatenate([columns, len(predicted) + alone])),
        ),
        shape=(len(gold), len(predicted) + len(gold)),
    )
    assigned = zip(*scipy.sparse.csgraph.min_weight_full_bipartite_matching(graph.tocsr(), maximize=True), strict=True)
    return [(int(g), int(p)) for g, p in assigned if p < len(predicted)]
