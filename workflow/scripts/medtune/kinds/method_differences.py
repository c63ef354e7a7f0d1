"""Differences of the methods of one study to one of them: tests, and the documents that would settle a tie."""

from medtune.kinds.method_units import Entry, Methods
from medtune.kinds.summary import ONE_UNIT
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.over_seeds import UNCLAIMED, difference_over_seeds
from medtune.metrics.settling import Settling, documents_by_interval, documents_of_methods
from medtune.metrics.significance import TESTED, Difference, paired_difference, tested_cells, untested_cells

SMALLER = "not tested: fewer training documents"
REFERENCE = "reference"
TIE = "tie"
SETTLE = ("settle", "settle_least", "settle_most")
"""Columns of `Settling`: of a tie, the documents that would settle it, and an 80 % interval."""
DIFFERENCE_COLUMNS = (*end_columns("difference"), *TESTED, *SETTLE)


def difference_rows(methods: Methods, reference: Entry, seed: int) -> list[dict]:
    """The cells of each entry's difference to a reference, by `DIFFERENCE_COLUMNS`. seed: of the paired tests."""
    differences = [
        None if entry is reference else _difference(methods, entry, reference, seed) for entry in methods.entries
    ]
    unclaimed = [_unclaimed(entry, reference) for entry in methods.entries]
    claimed = [one for one, said in zip(differences, unclaimed, strict=True) if said is None]
    tested = iter(tested_cells(claimed))
    rows = []
    for entry, difference, said in zip(methods.entries, differences, unclaimed, strict=True):
        cells = next(tested) if said is None else untested_cells(said)
        settling = Settling(None, None, None)
        if cells["verdict"] == TIE:
            settling = _settling(methods, entry, reference, difference)
        rows.append(
            {
                **end_cells("difference", difference),
                **cells,
                **dict(zip(SETTLE, (settling.value, settling.low, settling.high), strict=True)),
            }
        )
    return rows


def _unclaimed(entry: Entry, reference: Entry) -> str | None:
    """Why no difference is claimed; None where one is tested."""
    if entry is reference:
        return REFERENCE
    if not entry.full:
        return SMALLER
    if entry.drawn < 2:
        return ONE_UNIT
    if any(len(side.units) < side.least_seeds for side in (entry, reference)):
        return UNCLAIMED
    return None


def _difference(methods: Methods, entry: Entry, reference: Entry, seed: int) -> Difference:
    """On the same items: of two single models by paired permutation, else over seeds and documents together."""
    sides, ratio_of = (entry, reference), methods.kind.ratio
    if all(len(side.units) == 1 for side in sides) or entry.drawn < 2:
        return paired_difference(*(side.sums["test"].mean(axis=0) for side in sides), ratio_of, seed)
    return difference_over_seeds(*(side.sums["test"] for side in sides), ratio_of, least=(1, 1))


def _settling(methods: Methods, entry: Entry, reference: Entry, difference: Difference) -> Settling:
    """Documents that would settle a tie. Where the jackknife finds nothing that varies, by the interval's width."""
    sides = (entry.sums["test"], reference.sums["test"])
    return documents_of_methods(*sides, methods.kind.ratio) or documents_by_interval(difference, entry.drawn)
