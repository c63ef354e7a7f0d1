"""Figures over reports that RadGraph alone has."""

from collections.abc import Collection, Hashable, Sequence

import numpy as np

from medtune.metrics.estimate import Estimate, nothing
from medtune.metrics.intervals import f1, rate
from medtune.metrics.span_scores import SpanDocument

UNIT = "reports"


def radgraph_f1(gold: Sequence[Collection[Hashable]], predicted: Sequence[Collection[Hashable]]) -> Estimate:
    """Entity F1 over sets, as RadGraph reports it (Jain et al. 2021): an entity is right when its tokens and label are.

    gold, predicted: per report, its entities as (first token, last token, label); or as (token text, label) for the
    form that forgives the place. Repeated entities count once. Micro over reports, interval over reports.
    It knows nothing of relations: simple, partial and complete RadGraph F1 (Delbrouck et al. 2022), means over reports,
    are in `kinds.relations.graph_f1`.
    Raises ValueError when the lengths differ.
    """
    counts = [
        (len(found & wanted), len(found - wanted), len(wanted - found))
        for wanted, found in ((set(g), set(p)) for g, p in zip(gold, predicted, strict=True))
    ]
    return f1(counts, UNIT) if any(map(any, counts)) else nothing(UNIT)


def false_alarms_per_sentence(sentences: Sequence[SpanDocument], reports: Sequence[Hashable]) -> Estimate:
    """Mean number of predicted spans, unplaced ones too, in sentences without gold.

    reports: the report of each sentence; the interval is over reports, and n counts those with such a sentence.
    Raises ValueError when the lengths differ.
    """
    counts: dict[Hashable, list[int]] = {}
    for sentence, report in zip(sentences, reports, strict=True):
        if not sentence.gold and not sentence.unplaced_gold:
            of_report = counts.setdefault(report, [0, 0])
            of_report[0] += len(sentence.predicted) + len(sentence.unplaced_predicted)
            of_report[1] += 1
    alarms, silent = np.array(list(counts.values())).reshape(-1, 2).T
    return rate(alarms, silent, UNIT)
