"""Paired tests between the models of the study, on the same items."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from medtune.metrics.contrasts import Contrast
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.significance import RESAMPLES, Difference, difference_of, mcnemar, paired_difference, tested_cells
from medtune.metrics.text.registry import is_unbounded, statistic_of
from medtune.studies.meerkat.runs import SPLITS, Run, last_trained

TESTED_COLUMNS = ("p_value", "p_value_holm", "verdict")
"""`TESTED` as the tables of this study have it."""
COMPARISON_COLUMNS = (
    "iteration",
    "reference",
    "split",
    "metric",
    "n",
    *end_columns("value", "reference_value", "difference"),
    *TESTED_COLUMNS,
)
RESAMPLES_PER_TEST = 100
"""Swaps for each test that Holm corrects for: the least p of random swaps is 1 / (swaps + 1), and with fewer of them no
difference, however large, would be left after the correction."""


def compare_iterations(
    base: Run, runs: Sequence[Run], seed: int, elsewhere: Sequence[Run] = (), practised: Run | None = None
) -> list[dict]:
    """Each iteration against the base model and against the iteration before, by split and metric, Holm over all.

    runs: by iteration. elsewhere: adapters made elsewhere, as if they came after the last. practised: the base model in
    its practised form, compared with the base model, and the last training with it. reference: iteration compared with,
    0 is the base model. verdict: see `cells_of`.
    """
    models = [*runs, *elsewhere]
    pairs = [(models[0], base), *((after, old) for before, after in pairwise(models) for old in (base, before))]
    if practised:
        pairs += [(practised, base), (last_trained(runs), practised)]
    resamples = max(RESAMPLES, RESAMPLES_PER_TEST * len(pairs) * len(SPLITS) * len(base.metrics))
    keys = [(after, before, split, metric) for after, before in pairs for split in SPLITS for metric in base.metrics]
    tests = [compare(before, after, split, metric, seed, resamples) for after, before, split, metric in keys]
    return [
        {
            "iteration": after.iteration,
            "reference": before.iteration,
            "split": split,
            "metric": metric,
            "n": test.n if test else 0,
            **end_cells("value", after.estimate(split, metric)),
            **end_cells("reference_value", before.estimate(split, metric)),
            **end_cells("difference", test),
            **cells,
        }
        for (after, before, split, metric), test, cells in zip(keys, tests, cells_of(tests), strict=True)
    ]


def compare(
    before: Run, after: Run, split: str, metric: str, seed: int, resamples: int = RESAMPLES
) -> Difference | None:
    """The corpus figure of `after` less that of `before`, by a paired permutation over the items of a split that at
    least one of the two has a score for; None when there are none.

    Where every item is right or wrong and the figure their share, p is that of the exact McNemar test.
    """
    some = before.scored(split, metric) | after.scored(split, metric)
    if not some.any():
        return None
    return tested(*(run.counts[split][metric][some] for run in (after, before)), metric, seed, resamples)


def difference(before: Run, after: Run, split: str, metric: str, some: np.ndarray) -> Contrast | None:
    """The same without a test, over some of the items of a split, (n,) bool; None when there are none."""
    if not some.any():
        return None
    ours, theirs = (run.counts[split][metric][some] for run in (after, before))
    return difference_of(ours, theirs, statistic_of(metric), None if is_unbounded(metric) else 1)


def tested(ours: np.ndarray, theirs: np.ndarray, metric: str, seed: int, resamples: int = RESAMPLES) -> Difference:
    """The same of counts (n, k) of a metric for the same n items, at least one."""
    top = None if is_unbounded(metric) else 1
    found = paired_difference(ours, theirs, statistic_of(metric), seed, resamples, top)
    if _right_or_wrong(ours) and _right_or_wrong(theirs):
        return replace(found, p_value=mcnemar(ours[:, 0], theirs[:, 0]).p_value)
    return found


def cells_of(tests: Sequence[Difference | None]) -> list[dict[str, Any]]:
    """The cells of each of a family of tests, by `TESTED_COLUMNS`. The verdict is "higher", "lower" or "tie", not
    "better": of a metric of the user's own it is not known which way is good."""
    found = tested_cells(tests, ("higher", "lower", "tie"))
    return [dict(zip(TESTED_COLUMNS, cells.values(), strict=True)) for cells in found]


def includes_zero(low: float, high: float) -> bool:
    """Whether an interval does."""
    return low <= 0 <= high


def _right_or_wrong(counts: np.ndarray) -> bool:
    """Whether the counts are those of a share: 0 or 1, and 1 for the item."""
    return counts.shape[1] == 2 and bool(np.isin(counts[:, 0], (0, 1)).all() and (counts[:, 1] == 1).all())
