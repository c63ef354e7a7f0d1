"""Rows of the summary's tables; the columns are the keys of a row."""

from collections.abc import Mapping, Sequence
from statistics import stdev
from typing import Any

import numpy as np

from medtune.errors import InputError
from medtune.kinds.summary import MEASURED
from medtune.metrics.drawn import ratio
from medtune.metrics.estimate import end_cells
from medtune.metrics.intervals import clustered_mean
from medtune.metrics.over_seeds import LEAST_SEEDS, UNCLAIMED, difference_over_seeds
from medtune.metrics.prf import FIGURES as LABEL_FIGURES
from medtune.metrics.significance import mcnemar, paired_difference, tested_cells, untested_cells
from medtune.studies.yesno.ensemble import CALIBRATION, Ensemble
from medtune.studies.yesno.rationales import RATIONALE_COLUMNS
from medtune.studies.yesno.runs import Run, by_size
from medtune.studies.yesno.score import UNIT

TEST_FIGURES = (
    *("macro_f1", "format_rate", "citation_rate", "mean_answer_tokens", "likelihood_accuracy", "ece"),
    *RATIONALE_COLUMNS,
)
"""What the table of ranks shows of the test split, beside accuracy."""
Row = dict[str, Any]


def table_rows(
    bases: Sequence[Run],
    runs: Sequence[Run],
    chosen: Run,
    ensembles: Sequence[Ensemble],
    challenge: Sequence[dict],
    seed: int,
) -> dict[str, list[Row]]:
    """Rows of all tables, by name. bases: the base model in each form. challenge: examples of that split. seed: of the
    paired tests."""
    return {
        "ranks": rank_rows(bases, runs, chosen),
        "seeds": seed_rows(runs, chosen.rank),
        "comparisons": comparison_rows(bases, runs, chosen, seed),
        "ensemble": ensemble_rows(ensembles, chosen),
        "challenge": challenge_rows([*bases, chosen], challenge),
        "confusion": confusion_rows([*bases, *runs]),
        "labels": label_rows([*bases, *runs, *ensembles]),
        "sources": source_rows([*bases, *runs, *ensembles]),
    }


def rank_rows(bases: Sequence[Run], runs: Sequence[Run], chosen: Run) -> list[Row]:
    """A row for each form of asking the base model and one per run; figures of the test split, but for
    validation_accuracy."""
    return [
        {
            **run.key,
            **end_cells("validation_accuracy", run.splits["validation"]["accuracy"]),
            **end_cells("test_accuracy", run.splits["test"]["accuracy"]),
            "test_n": run.splits["test"]["accuracy"]["n"],
            **_cells(run.splits["test"], TEST_FIGURES),
            **{name: run.record.get(name) for name in MEASURED},
            "chosen": run is chosen,
        }
        for run in [*bases, *runs]
    ]


def seed_rows(runs: Sequence[Run], reference: int) -> list[Row]:
    """Test accuracy by rank over its seeds, and what may be claimed about the rank against the reference rank.

    mean_test_accuracy: its interval is over the questions, with the seeds as they are. seed_sd: standard deviation
    between training seeds on the same questions, None with one seed. The two are not added up.
    difference, p_value: over training seeds and items together, Holm-corrected over the ranks that have enough seeds.
    Others, and the reference itself, have no test; with too few seeds the verdict says that nothing is claimed.
    """
    right = {
        rank: np.stack([run.correct("test") for run in runs if run.rank == rank])
        for rank in sorted({run.rank for run in runs})
    }
    counts = {rank: np.stack([_counted(correct) for correct in group]) for rank, group in right.items()}
    own = counts[reference]
    tests = {
        rank: difference_over_seeds(group, own, ratio)
        for rank, group in counts.items()
        if rank != reference and min(len(group), len(own)) >= LEAST_SEEDS
    }
    tested = dict(zip(tests, tested_cells(list(tests.values())), strict=True))
    rows = []
    for rank, group in right.items():
        accuracy = clustered_mean(group.sum(axis=0), np.full(group.shape[1], len(group)), UNIT)
        rows.append(
            {
                "rank": rank,
                "seeds": len(group),
                **end_cells("mean_test_accuracy", accuracy),
                "seed_sd": stdev(group.mean(axis=1).tolist()) if len(group) > 1 else None,
                "test_n": accuracy.n,
                "reference_rank": reference,
                **end_cells("difference", tests.get(rank)),
                **(tested.get(rank) or untested_cells("reference" if rank == reference else UNCLAIMED)),
            }
        )
    return rows


def comparison_rows(bases: Sequence[Run], runs: Sequence[Run], chosen: Run, seed: int) -> list[Row]:
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


def ensemble_rows(ensembles: Sequence[Ensemble], chosen: Run) -> list[Row]:
    """Each ensemble of all runs against the chosen run's answers, by split.

    Exact McNemar, Holm-corrected over the ensembles of a split. Calibration has no value without probabilities.
    """
    rows = []
    for split in chosen.splits:
        gold = [item["gold"] for item in chosen.of_split(split)]
        tests = [
            mcnemar([w == label for w, label in zip(gold, ensemble.labels[split], strict=True)], chosen.correct(split))
            for ensemble in ensembles
        ]
        rows += [
            {
                "ensemble": ensemble.name,
                "members": ensemble.members,
                "split": split,
                "n": ensemble.splits[split]["n"],
                **_cells(ensemble.splits[split], ("accuracy", "macro_f1", *CALIBRATION)),
                "only_ensemble": test.only_a,
                "only_chosen": test.only_b,
                **tested,
            }
            for ensemble, test, tested in zip(ensembles, tests, tested_cells(tests), strict=True)
        ]
    return rows


def challenge_rows(runs: Sequence[Run], challenge: Sequence[dict]) -> list[Row]:
    """The challenge questions with the answers of several models side by side.

    runs: the base model, the same in its practised form, and the chosen run.
    challenge: examples of that split. Raises InputError when one was not scored.
    """
    models = dict(zip(("base", "practised", "chosen"), runs, strict=True))
    scored = {name: {item["id"]: item for item in run.of_split("challenge")} for name, run in models.items()}
    rows = []
    for example in challenge:
        row = {"question": example["question"], "expected": example["label"]}
        for name, run in models.items():
            item = scored[name].get(example["id"])
            if item is None:
                raise InputError(f'summary: challenge question "{example["id"]}" was not scored; score again')
            row[f"{name}_answer"] = run.predictions["challenge", example["id"]]["raw"].strip()
            row[f"{name}_label"] = item["predicted"] or None
            row[f"{name}_correct"] = item["correct"] == "True"
        rows.append(row)
    return rows


def confusion_rows(runs: Sequence[Run]) -> list[Row]:
    """Counts of test items by model, gold label and predicted label ("none": no label in the answer)."""
    return [
        {**run.key, "gold": gold, "predicted": predicted, "count": count}
        for run in runs
        for gold, row in run.splits["test"]["confusion"].items()
        for predicted, count in row.items()
    ]


def label_rows(models: Sequence[Run | Ensemble]) -> list[Row]:
    """Precision, recall and F1 of each label on the test split, by model."""
    return [
        {
            **model.key,
            "label": label,
            **{
                column: cell
                for name in LABEL_FIGURES
                for column, cell in (*end_cells(name, figures[name]).items(), (f"{name}_n", figures[name]["n"]))
            },
        }
        for model in models
        for label, figures in model.splits["test"]["by_label"].items()
    ]


def source_rows(models: Sequence[Run | Ensemble]) -> list[Row]:
    """Accuracy by source of the questions, by model and split."""
    return [
        {
            **model.key,
            "split": split,
            "source": source,
            **end_cells("accuracy", accuracy),
            "accuracy_n": accuracy["n"],
        }
        for model in models
        for split, figures in model.splits.items()
        for source, accuracy in figures["by_source"].items()
    ]


def _family(family: str, runs: Sequence[Run], reference: Run, seed: int) -> list[Row]:
    right = reference.correct("test")
    tests = [mcnemar(run.correct("test"), right) for run in runs]
    return [
        {
            "family": family,
            **run.key,
            "n": test.n,
            "correct": int(run.correct("test").sum()),
            "reference_correct": int(right.sum()),
            **end_cells("difference", paired_difference(_counted(run.correct("test")), _counted(right), ratio, seed)),
            "only_run": test.only_a,
            "only_reference": test.only_b,
            **tested,
        }
        for run, test, tested in zip(runs, tests, tested_cells(tests), strict=True)
    ]


def _counted(correct: np.ndarray) -> np.ndarray:
    """(n, 2): right, and a one for the item."""
    return np.column_stack([correct, np.ones(len(correct))]).astype(float)


def _cells(figures: Mapping[str, Any], names: Sequence[str]) -> Row:
    """The columns of some figures of a split."""
    return {column: cell for name in names for column, cell in end_cells(name, figures.get(name)).items()}
