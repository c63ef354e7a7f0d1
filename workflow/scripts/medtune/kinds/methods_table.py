"""All methods of one study of the user's own beside each other: figure, differences, and what each costs."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from medtune.kinds.method_differences import DIFFERENCE_COLUMNS, difference_rows
from medtune.kinds.method_units import Methods, mean_figures
from medtune.kinds.summary import MEASURED
from medtune.metrics.drawn import ratio
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.over_seeds import figure_over_seeds

PARETO = ("pareto_inference", "pareto_training")
"""Columns: whether no other method at full size has at least this figure for at most these seconds."""
REFERENCES = ("best", "cheapest")
"""What every method is compared with."""


def method_columns(kind: ModuleType) -> tuple[str, ...]:
    """Columns of the table of methods."""
    figures = (*end_columns(f"validation_{kind.JUDGED}", kind.JUDGED), "interval_over", "n", "unit")
    compared = [name for one in REFERENCES for name in _prefixed(one, dict.fromkeys(DIFFERENCE_COLUMNS))]
    costs = (*end_columns(*mean_figures(kind)), *MEASURED[:2], "seconds_per_1000", *MEASURED[2:], "device")
    rows = ("method", "type", "model", "size", "documents", "seeds")
    return (*rows, *figures, *compared, *costs, *PARETO, "chosen", "cheapest")


def method_rows(methods: Methods, seed: int) -> list[dict]:
    """A row for each method and size; figures are of the test split, but for validation_…, on which the best is chosen.

    best_…, cheapest_…: the difference to that method at full size on the same items, with a 95 % interval. It is tested
    for methods at full size, Holm-corrected within each of the two families; of a method with fewer than three seeds
    nothing is claimed. seed: of the paired tests.
    """
    judged, best, cheapest = methods.kind.JUDGED, methods.best, methods.cheapest
    compared = {
        name: difference_rows(methods, reference, seed)
        for name, reference in zip(REFERENCES, (best, cheapest), strict=True)
    }
    optimal = pareto_optimal(methods)
    return [
        {
            "method": entry.files.method,
            "type": entry.files.type,
            "model": entry.files.model,
            "size": "all" if entry.full else entry.files.size,
            "documents": entry.examples,
            "seeds": len(entry.units),
            **end_cells(f"validation_{judged}", methods.figure(entry, "validation")),
            **end_cells(judged, methods.figure(entry)),
            "interval_over": f"{methods.unit} and seeds" if len(entry.units) > 1 else methods.unit,
            "n": entry.drawn,
            "unit": methods.unit,
            **{key: cell for name in REFERENCES for key, cell in _prefixed(name, compared[name][place]).items()},
            **{
                key: cell
                for name in mean_figures(methods.kind)
                for key, cell in end_cells(
                    name, figure_over_seeds(np.stack([unit.means[name] for unit in entry.units]), ratio, methods.unit)
                ).items()
            },
            "trainable_parameters": entry.units[0].record["trainable_parameters"],
            "train_seconds": entry.train_seconds,
            "seconds_per_1000": entry.seconds_per_1000,
            "peak_memory_mb": max(unit.peak_memory_mb or 0 for unit in entry.units) or None,
            "device": entry.device,
            **{name: optimal[name][place] for name in PARETO},
            "chosen": entry is best,
            "cheapest": entry is cheapest,
        }
        for place, entry in enumerate(methods.entries)
    ]


def pareto_optimal(methods: Methods) -> dict[str, list[bool | None]]:
    """Of each entry by the columns `PARETO`: whether no other one has at least its figure on the test split for at most
    its seconds, one of the two being better. None below full size, and where its seconds are not known."""
    figures = [methods.figure(entry).value or 0.0 for entry in methods.entries]
    costs = ([entry.seconds_per_1000 for entry in methods.entries], [entry.train_seconds for entry in methods.entries])
    full = [place for place, entry in enumerate(methods.entries) if entry.full]

    def known(cost: Sequence[float | None]) -> list[int]:
        return [place for place in full if cost[place] is not None]

    def beaten(place: int, cost: Sequence[float | None]) -> bool:
        return any(
            figures[other] >= figures[place]
            and cost[other] <= cost[place]
            and (figures[other], cost[other]) != (figures[place], cost[place])
            for other in known(cost)
        )

    return {
        name: [not beaten(place, cost) if place in known(cost) else None for place in range(len(figures))]
        for name, cost in zip(PARETO, costs, strict=True)
    }


def _prefixed(name: str, cells: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}_{key}": cell for key, cell in cells.items()}
