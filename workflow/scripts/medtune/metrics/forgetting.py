"""What an adapter forgot: gold answers of items that are not of its task, as likely to the base model as with it.

Likelihoods tell more than right and wrong answers where a model is too small to answer at all. The loss is what the
base model's mean log-likelihood is above the adapter's, over the same items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtune.metrics.contrasts import NO_DIFFERENCE
from medtune.metrics.estimate import end_cells
from medtune.metrics.intervals import amount
from medtune.metrics.proportions import proportion
from medtune.metrics.significance import Difference, paired_difference, tested_cells

WORDS = ("loss", "gain", NO_DIFFERENCE)
"""Verdicts: the adapter finds gold answers less likely than the base model, or likelier, or neither is shown."""
UNIT = "items"


@dataclass(frozen=True)
class GuardItem:
    """One item, answered by both. source: what it is of. tokens: of its gold answer. base, adapter: mean log-likelihood
    of these, nats per token. base_exact, adapter_exact: whether greedy decoding begins with the gold answer."""

    source: str
    id: str
    tokens: int
    base: float
    adapter: float
    base_exact: bool
    adapter_exact: bool


def forgetting_rows(items: Sequence[GuardItem], seed: int) -> list[dict[str, Any]]:
    """A row for each source, in the order in which they come.

    base, adapter: mean log-likelihoods with intervals. loss: their difference, paired over items
    (`paired_difference`), in nats per token; above 0 the adapter lost. p_holm and verdict: corrected for all sources.
    base_exact, adapter_exact: shares of items. seed: of the paired test.
    """
    sources = list(dict.fromkeys(item.source for item in items))
    by_source = [[item for item in items if item.source == source] for source in sources]
    tests = [_loss(members, seed) for members in by_source]
    return [
        {
            "source": source,
            "n": len(members),
            "base": amount([item.base for item in members], UNIT, least=None).as_dict(),
            "adapter": amount([item.adapter for item in members], UNIT, least=None).as_dict(),
            **end_cells("loss", test),
            **tested,
            "base_exact": _exact([item.base_exact for item in members]),
            "adapter_exact": _exact([item.adapter_exact for item in members]),
        }
        for source, members, test, tested in zip(sources, by_source, tests, tested_cells(tests, WORDS), strict=True)
    ]


def _loss(items: Sequence[GuardItem], seed: int) -> Difference:
    counts = [np.array([[getattr(item, model), 1.0] for item in items]) for model in ("base", "adapter")]
    return paired_difference(*counts, _mean, seed, top=None)


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]


def _exact(right: Sequence[bool]) -> dict[str, Any]:
    return proportion(sum(right), len(right), unit=UNIT).as_dict()
