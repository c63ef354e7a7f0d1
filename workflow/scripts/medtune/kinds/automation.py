"""Answers that may go without review: thresholds chosen on validation, and what they do on the test split."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medtune.kinds.shown import Automation
from medtune.metrics.drawn import drawn_of, unit_of
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.proportions import proportion
from medtune.metrics.risk_control import (
    LEVEL,
    Answers,
    certified_threshold,
    least_units,
    p_value,
    plain_threshold,
)

RISKS = (0.01, 0.05, 0.1, 0.2)
"""Shares of wrong ones among accepted answers that are allowed."""
RULES = ("certified", "plain")
"""How a threshold is chosen: with 95 % confidence, or by the share that is wrong on validation alone."""
AUTOMATION_COLUMNS = (
    *("model", "allowed", "rule", "unit", "threshold"),
    *("validation_units", "validation_accepted", "validation_wrong", "certify_p_value", "needed_units"),
    *("test_units", "test_accepted", "test_wrong"),
    *end_columns("automation_rate", "error", "answer_error"),
)


def automation_rows(
    model: str, items: Sequence[Mapping[str, str]], kind: Automation, chosen_among: int = 1
) -> list[dict]:
    """Rows of automation.csv for one model: two for each allowed share of errors. None for a model whose answers have
    no confidences, or without validation or test answers.

    items: rows of items.csv. chosen_among: models of which this one was chosen by the same validation items, for which
    certificates are corrected. automation_rate, answer_error: over answers, the second of those accepted; error: over
    units that hold an accepted answer, which the bound is of. needed_units: accepted validation units, all of them
    right, without which the allowed share cannot be certified.
    """
    splits = {split: [row for row in items if row["split"] == split] for split in ("validation", "test")}
    if not all(any(row[kind.confidence] for row in rows) for rows in splits.values()):
        return []
    validation, test = (_answers(rows, kind) for rows in splits.values())
    drawn = drawn_of(splits["test"], kind.answers)
    rows, level = [], LEVEL / chosen_among
    for allowed in RISKS:
        for rule in RULES:
            certified = rule == "certified"
            threshold = (
                certified_threshold(validation, allowed, level) if certified else plain_threshold(validation, allowed)
            )
            accepted, tried, counts = test.accepted(threshold), validation.counts(threshold), test.counts(threshold)
            rows.append(
                {
                    "model": model,
                    "allowed": allowed,
                    "rule": rule,
                    "unit": drawn.unit,
                    "threshold": threshold,
                    "validation_units": len(validation.highest),
                    "validation_accepted": tried.accepted,
                    "validation_wrong": tried.wrong,
                    "certify_p_value": None if threshold is None else p_value(tried, allowed),
                    "needed_units": least_units(allowed, level),
                    "test_units": len(test.highest),
                    "test_accepted": counts.accepted,
                    "test_wrong": counts.wrong,
                    **end_cells("automation_rate", drawn.share(accepted)),
                    **end_cells("error", proportion(counts.wrong, counts.accepted, unit=drawn.unit)),
                    **end_cells("answer_error", drawn.share(accepted & test.wrong, accepted)),
                }
            )
    return rows


def automation_text(row: Mapping[str, Any]) -> str | None:
    """Why nothing may go without review by a row; None where something may."""
    if row["threshold"] is not None:
        return None
    if row["rule"] == "plain":
        return "on validation more are wrong at every threshold"
    if row["validation_units"] < row["needed_units"]:
        return (
            f"cannot be certified with {row['validation_units']} validation {row['unit']}: at least "
            f"{row['needed_units']} must be accepted, all of them right"
        )
    return f"not certified: too many of the {row['validation_units']} validation {row['unit']} are wrong"


def _answers(rows: Sequence[Mapping[str, str]], kind: Automation) -> Answers:
    """An answer without a confidence, where others have one, is never accepted."""
    confidence = np.array([float(row[kind.confidence] or 0) for row in rows])
    wrong = np.array([row[kind.right] != "True" for row in rows], dtype=bool)
    return Answers(confidence, wrong, [unit_of(row) for row in rows])
