"""From which confidence on a report may go without review: chosen on validation, judged on test."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.errors import InputError
from medtune.metrics.proportions import proportion
from medtune.metrics.spans import Span
from medtune.reporting.tables import read_csv

TARGET = 0.95
ALL = "all"
THRESHOLD_COLUMNS = (
    "entity",
    "target",
    "threshold",
    "validation_n",
    "validation_accepted",
    "validation_accuracy",
    "test_n",
    "test_accepted",
    "automation_rate",
    "automation_rate_low",
    "automation_rate_high",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "gold_in_accepted",
    "missed_in_accepted",
    "spurious_in_accepted",
    "ready",
)


@dataclass(frozen=True)
class Case:
    """A report to accept or to review. confidence: the least of its sentences', where a sentence without a prediction
    has that of its empty list, and 0 stands for an output that does not parse or a value that is not in the text.
    gold, found: what is right and what was found."""

    confidence: float
    right: bool
    gold: tuple[Span, ...]
    found: tuple[Span, ...]


def choose_threshold(cases: Sequence[Case], target: float) -> float | None:
    """The least threshold above 0 at which at least the share `target` of accepted reports is right; none
    where there is no such. A report is accepted from the threshold on, and right when nothing is missed or spurious.

    Raises ValueError for a target outside (0, 1].
    """
    if not 0 < target <= 1:
        raise ValueError(f"target {target}: expected a share above 0, at most 1")
    for threshold in sorted({case.confidence for case in cases if case.confidence > 0}):
        accepted = accept(cases, threshold)
        if sum(case.right for case in accepted) >= target * len(accepted):
            return threshold
    return None


def accepts(threshold: float | None, confidence: float) -> bool:
    """Whether a report of this confidence goes without review; none does where there is no threshold."""
    return threshold is not None and confidence >= threshold


def accept(cases: Sequence[Case], threshold: float | None) -> list[Case]:
    """Those that go without review."""
    return [case for case in cases if accepts(threshold, case.confidence)]


def read_threshold(path: Path | str, entity: str = ALL) -> float | None:
    """The threshold that thresholds.csv has for an entity type, or for reports with all of them; none where none
    reaches the target. Raises InputError when the file is missing or broken, or has no such row."""
    for row in read_csv(path, ("entity", "threshold")):
        if row["entity"] == entity:
            return float(row["threshold"]) if row["threshold"] else None
    raise InputError(f'{path}: has no row for "{entity}"')


def threshold_row(entity: str, validation: Sequence[Case], test: Sequence[Case], target: float) -> dict:
    """A row of thresholds.csv. The automation rate counts all reports, also those without any prediction.

    ready: whether the accuracy of the accepted test reports reaches the target with the lower end of its interval.
    """
    threshold = choose_threshold(validation, target)
    tried, accepted = accept(validation, threshold), accept(test, threshold)
    before = proportion(sum(case.right for case in tried), len(tried))
    rate = proportion(len(accepted), len(test))
    accuracy = proportion(sum(case.right for case in accepted), len(accepted))
    values = (
        entity,
        target,
        threshold,
        len(validation),
        len(tried),
        before.value,
        len(test),
        len(accepted),
        rate.value,
        rate.low,
        rate.high,
        accuracy.value,
        accuracy.low,
        accuracy.high,
        sum(len(case.gold) for case in accepted),
        sum(len(set(case.gold) - set(case.found)) for case in accepted),
        sum(len(set(case.found) - set(case.gold)) for case in accepted),
        accuracy.low is not None and accuracy.low >= target,
    )
    return dict(zip(THRESHOLD_COLUMNS, values, strict=True))
