"""Paired tests between the adapter of each entity type and the base model, asked in two forms."""

from collections.abc import Sequence

from medtune.metrics.counts import f1_of_counts
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.significance import TESTED, paired_difference, tested_cells
from medtune.metrics.span_scores import count_spans
from medtune.studies.radgraph.runs import Run

COMPARISON_COLUMNS = (
    "entity",
    "against",
    "n_reports",
    *end_columns("against_strict_f1", "adapter_strict_f1", "difference"),
    *TESTED,
)


def compare(others: Sequence[Sequence[Run]], adapters: Sequence[Run], seed: int, split: str = "test") -> list[dict]:
    """Strict F1 of adapter and base on the same reports: paired permutation over reports, Holm over all rows.

    others: the runs by entity type of each form in which the base model is asked. verdict: "better", "worse" or
    "tie", of the adapter.
    """
    pairs = [pair for runs in others for pair in zip(runs, adapters, strict=True)]
    counts = [
        [count_spans([outcome.document for outcome in run.outcomes[split]]).f1_counts("strict") for run in pair]
        for pair in pairs
    ]
    tests = [paired_difference(after, before, f1_of_counts, seed) for before, after in counts]
    return [
        {
            "entity": run.entity,
            "against": other.model,
            "n_reports": test.n,
            **end_cells("against_strict_f1", other.splits[split]["strict_f1"]),
            **end_cells("adapter_strict_f1", run.splits[split]["strict_f1"]),
            **end_cells("difference", test),
            **tested,
        }
        for (other, run), test, tested in zip(pairs, tests, tested_cells(tests), strict=True)
    ]
