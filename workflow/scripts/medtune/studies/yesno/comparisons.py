"""Paired tests between the base model, the runs, the chosen run and the ensembles."""

from collections.abc import Sequence

import numpy as np

from medtune.metrics.estimate import end_columns, end_values
from medtune.metrics.over_seeds import LEAST_SEEDS, UNCLAIMED, difference_over_seeds
from medtune.metrics.significance import holm, mcnemar, paired_difference, verdict
from medtune.studies.yesno.ensemble import CALIBRATION, Ensemble
from medtune.studies.yesno.runs import Run, by_size

COMPARISON_COLUMNS = (
    "family",
    "rank",
    "seed",
    "n",
    "correct",
    "reference_correct",
    *end_columns("difference"),
    "only_run",
    "only_reference",
    "p_value",
    "p_holm",
    "verdict",
)
ENSEMBLE_COLUMNS = (
    "ensemble",
    "members",
    "split",
    "n",
    *end_columns("accuracy", "macro_f1", *CALIBRATION),
    "only_ensemble",
    "only_chosen",
    "p_value",
    "p_holm",
    "verdict",
)


def compare(bases: Sequence[Run], runs: Sequence[Run], chosen: Run, seed: int) -> list[dict]:
    """Every run against the base ("base"; asked in the form that it knows: "practised"), and every other run against
    the chosen one ("chosen"), on test items.

    bases: the base model in each form. Exact McNemar, Holm-corrected within each of these families; the difference in
    accuracy has an interval over the same items.
    """
    ordered = sorted(runs, key=by_size)
    return [
        *(row for base in bases for row in _family("practised" if base.practised else "base", ordered, base, seed)),
        *_family("chosen", [run for run in ordered if run is not chosen], chosen, seed),
    ]


def compare_ranks(runs: Sequence[Run], reference: int) -> dict[int, dict]:
    """By rank what may be claimed about it against the reference rank: difference in test accuracy over training seeds
    and items together, Holm-corrected over the ranks that have enough seeds. Others, and the reference itself, have no
    test; with too few seeds the verdict says that nothing is claimed."""
    right = {
        rank: np.stack([_counted(run.correct("test")) for run in runs if run.rank == rank])
        for rank in sorted({run.rank for run in runs})
    }
    own = right[reference]
    tests = {
        rank: difference_over_seeds(group, own, _accuracy)
        for rank, group in right.items()
        if rank != reference and min(len(group), len(own)) >= LEAST_SEEDS
    }
    adjusted = dict(zip(tests, holm([test.p_value for test in tests.values()]), strict=True))
    claims = {}
    for rank in right:
        test, p_holm = tests.get(rank), adjusted.get(rank)
        said = "reference" if rank == reference else UNCLAIMED
        claims[rank] = {
            "difference": test.value if test else None,
            "difference_low": test.low if test else None,
            "difference_high": test.high if test else None,
            "p_value": test.p_value if test else None,
            "p_holm": p_holm,
            "verdict": verdict(test.value, p_holm) if test else said,
        }
    return claims


def compare_ensembles(ensembles: Sequence[Ensemble], chosen: Run) -> list[dict]:
    """Each ensemble of all runs against the chosen run's answers, by split.

    Exact McNemar, Holm-corrected over the ensembles of a split. Calibration has no value without probabilities.
    """
    return [row for split in chosen.splits for row in _ensembles(split, ensembles, chosen)]


def _family(family: str, runs: Sequence[Run], reference: Run, seed: int) -> list[dict]:
    right = reference.correct("test")
    tests = [mcnemar(run.correct("test"), right) for run in runs]
    rows = []
    for run, test, p_holm in zip(runs, tests, holm([test.p_value for test in tests]), strict=True):
        correct = run.correct("test")
        difference = paired_difference(_counted(correct), _counted(right), _accuracy, seed)
        values = (
            family,
            run.rank,
            run.seed,
            test.n,
            int(correct.sum()),
            int(right.sum()),
            difference.value,
            difference.low,
            difference.high,
            test.only_a,
            test.only_b,
            test.p_value,
            p_holm,
            verdict(test.only_a - test.only_b, p_holm),
        )
        rows.append(dict(zip(COMPARISON_COLUMNS, values, strict=True)))
    return rows


def _counted(correct: np.ndarray) -> np.ndarray:
    """(n, 2): right, and a one for the item."""
    return np.column_stack([correct, np.ones(len(correct))]).astype(float)


def _accuracy(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]


def _ensembles(split: str, ensembles: Sequence[Ensemble], chosen: Run) -> list[dict]:
    gold = [item["gold"] for item in chosen.of_split(split)]
    tests = [
        mcnemar([w == label for w, label in zip(gold, ensemble.labels[split], strict=True)], chosen.correct(split))
        for ensemble in ensembles
    ]
    rows = []
    for ensemble, test, p_holm in zip(ensembles, tests, holm([test.p_value for test in tests]), strict=True):
        figures = ensemble.splits[split]
        values = (
            ensemble.name,
            ensemble.members,
            split,
            figures["n"],
            *(cell for name in ("accuracy", "macro_f1", *CALIBRATION) for cell in end_values(figures.get(name))),
            test.only_a,
            test.only_b,
            test.p_value,
            p_holm,
            verdict(test.only_a - test.only_b, p_holm),
        )
        rows.append(dict(zip(ENSEMBLE_COLUMNS, values, strict=True)))
    return rows
