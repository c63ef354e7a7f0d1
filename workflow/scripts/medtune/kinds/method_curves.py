"""The learning curves of the methods of one study: points, fitted curves, and whether more documents would help."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from medtune.kinds.method_units import Entry, Methods
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.learning_curve import LearningCurve, Sized, fault_of, learning_curve


@dataclass(frozen=True)
class Series:
    """One method at all its sizes, from the smallest on. curve: None where none is fitted, for the reason `fault`."""

    entries: Sequence[Entry]
    curve: LearningCurve | None
    fault: str | None

    @property
    def method(self) -> str:
        """Its name."""
        return self.entries[0].files.method

    @property
    def sizes(self) -> list[int]:
        """Numbers of training documents: those measured and, where a curve is fitted, the one looked ahead to."""
        return [*(entry.examples for entry in self.entries), *([self.curve.next] if self.curve else [])]


def series_of(methods: Methods, seed: int) -> list[Series]:
    """The learning curve of each method. seed: of the draws of curves."""
    found = []
    for method in dict.fromkeys(entry.files.method for entry in methods.entries):
        entries = sorted((one for one in methods.entries if one.files.method == method), key=lambda one: one.examples)
        fault = fault_of({entry.examples: len(entry.units) for entry in entries})
        if fault is None and entries[0].drawn < 2:
            fault = "not fitted: the test split is a single unit"
        points = [Sized(entry.examples, entry.sums["test"]) for entry in entries]
        found.append(Series(entries, None if fault else learning_curve(points, methods.kind.ratio, seed), fault))
    return found


def curve_columns(kind: ModuleType) -> tuple[str, ...]:
    """Columns of the table of learning curves."""
    return ("method", "documents", "seeds", "n", "unit", *end_columns(kind.JUDGED, "fitted"))


def curve_rows(methods: Methods, series: Sequence[Series]) -> list[dict]:
    """The judged figure on the test split by method and number of training documents, with a 95 % interval, and as
    fitted, with an 80 % interval; last, without a figure, the number looked ahead to."""
    rows = []
    for one in series:
        by_size = {entry.examples: entry for entry in one.entries}
        for documents in one.sizes:
            entry = by_size.get(documents)
            rows.append(
                {
                    "method": one.method,
                    "documents": documents,
                    "seeds": entry and len(entry.units),
                    "n": one.entries[0].drawn,
                    "unit": methods.unit,
                    **end_cells(methods.kind.JUDGED, entry and methods.figure(entry)),
                    **end_cells("fitted", one.curve and one.curve.figure(documents)),
                }
            )
    return rows


OUTLOOK_COLUMNS = (
    *("method", "documents", "next_documents", "sizes"),
    *end_columns("exponent", "remaining_error", "expected", "gain"),
    "told",
)


def outlook_rows(series: Sequence[Series]) -> list[dict]:
    """For each method the fitted curve, error = a · documents^-exponent + remaining_error, the figure expected with
    twice the documents, the gain, each with an 80 % interval, and whether they are expected to help."""
    return [
        {
            "method": one.method,
            "documents": one.entries[-1].examples,
            "next_documents": one.curve and one.curve.next,
            "sizes": len(one.entries),
            **end_cells("exponent", one.curve and one.curve.rate),
            **end_cells("remaining_error", one.curve and one.curve.remaining),
            **end_cells("expected", one.curve and one.curve.figure(one.curve.next)),
            **end_cells("gain", one.curve and one.curve.gain),
            "told": one.curve.told if one.curve else one.fault,
        }
        for one in series
    ]
