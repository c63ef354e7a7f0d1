"""From which confidence on a report may go without review: chosen on validation, judged on test.

Both times the lower end of the interval must reach the target. Without that nothing goes without review."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medtune.data.span import Span
from medtune.errors import InputError
from medtune.metrics.estimate import Estimate, end_cells, end_columns
from medtune.metrics.proportions import proportion
from medtune.reporting.tables import read_csv
from medtune.studies.radgraph.discrimination import auroc

TARGET = 0.95
ALL = "all"
THRESHOLD_COLUMNS = (
    "entity",
    "target",
    "threshold",
    "validation_n",
    "validation_accepted",
    *end_columns("validation_accuracy", "validation_auroc"),
    "test_n",
    "test_accepted",
    *end_columns("automation_rate", "accuracy"),
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
    """The least threshold above 0 at which the share of right reports among those accepted reaches the target with the
    lower end of its interval; none where there is no such, or where the confidence is `meaningless`. A report is
    accepted from the threshold on, and right when nothing is missed or spurious.

    Raises ValueError for a target outside (0, 1].
    """
    if not 0 < target <= 1:
        raise ValueError(f"target {target}: expected a share above 0, at most 1")
    if meaningless(cases):
        return None
    for threshold in sorted({case.confidence for case in cases if case.confidence > 0}):
        if accuracy_of(accept(cases, threshold)).reaches(target):
            return threshold
    return None


def meaningless(cases: Sequence[Case]) -> bool:
    """Whether confidence does not tell right reports from wrong ones: it is the same for all, or the interval of the
    area under the ROC curve reaches down to 0.5. Where none is wrong there is nothing to tell apart."""
    if len({case.confidence for case in cases}) < 2:
        return True
    area = discrimination_of(cases)
    return not all(case.right for case in cases) and (area.low is None or area.low <= 0.5)


def discrimination_of(cases: Sequence[Case]) -> Estimate:
    """Area under the ROC curve of confidence against right."""
    return auroc([case.confidence for case in cases], [case.right for case in cases])


def accuracy_of(cases: Sequence[Case]) -> Estimate:
    """Share of right reports."""
    return proportion(sum(case.right for case in cases), len(cases))


def accepts(threshold: float | None, confidence: float) -> bool:
    """Whether a report of this confidence goes without review; none does where there is no threshold."""
    return threshold is not None and confidence >= threshold


def accept(cases: Sequence[Case], threshold: float | None) -> list[Case]:
    """Those that go without review."""
    return [case for case in cases if accepts(threshold, case.confidence)]


def read_threshold(path: Path | str, entity: str = ALL) -> float | None:
    """The threshold that thresholds.csv has for an entity type, or for reports with all of them; none where none
    reaches the target on validation, or the chosen one does not on test ("ready"). Raises InputError when the file is
    missing or broken, or has no such row."""
    for row in read_csv(path, ("entity", "threshold", "ready")):
        if row["entity"] == entity:
            return float(row["threshold"]) if row["threshold"] and row["ready"] == str(True) else None
    raise InputError(f'{path}: has no row for "{entity}"')


def threshold_row(entity: str, validation: Sequence[Case], test: Sequence[Case], target: float) -> dict:
    """A row of thresholds.csv. The automation rate counts all reports, also those without any prediction.

    ready: whether the accuracy of the accepted test reports reaches the target with the lower end of its interval.
    """
    threshold = choose_threshold(validation, target)
    tried, accepted = accept(validation, threshold), accept(test, threshold)
    accuracy = accuracy_of(accepted)
    return {
        "entity": entity,
        "target": target,
        "threshold": threshold,
        "validation_n": len(validation),
        "validation_accepted": len(tried),
        **end_cells("validation_accuracy", accuracy_of(tried)),
        **end_cells("validation_auroc", discrimination_of(validation)),
        "test_n": len(test),
        "test_accepted": len(accepted),
        **end_cells("automation_rate", proportion(len(accepted), len(test))),
        **end_cells("accuracy", accuracy),
        "gold_in_accepted": sum(len(case.gold) for case in accepted),
        "missed_in_accepted": sum(len(set(case.gold) - set(case.found)) for case in accepted),
        "spurious_in_accepted": sum(len(set(case.found) - set(case.gold)) for case in accepted),
        "ready": accuracy.reaches(target),
    }
