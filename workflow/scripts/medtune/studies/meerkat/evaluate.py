"""Evaluate one iteration: the files that compare its model with the base model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from medtune.errors import InputError
from medtune.files import read_jsonl, write_json
from medtune.metrics.estimate import end_cells, end_columns, value_cells
from medtune.metrics.significance import tested_cells
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv
from medtune.studies.meerkat.comparisons import compare, difference
from medtune.studies.meerkat.runs import RECORD_KEYS, SPLITS, Run, RunFiles, check_same, read_run
from medtune.studies.meerkat.score_plots import ScorePanel, plot_score_panels
from medtune.studies.meerkat.tables import RESULT_COLUMNS

FORMS = ("study", "practised")
"""How the base model was asked."""
COMPARISON_COLUMNS = (
    *("split", "metric", "n"),
    *end_columns("base", "finetuned", "difference"),
    *("p_value", "p_value_holm", "form"),
)
SPECIALTY_COLUMNS = (
    *("split", "specialty", "n", "train_size", "metric"),
    *end_columns("base", "finetuned", "difference"),
    "form",
)
COLUMNS = {"model_comparison": COMPARISON_COLUMNS, "specialty_performance": SPECIALTY_COLUMNS}
NOTHING = value_cells(None)


def evaluate(
    base: RunFiles,
    tuned: RunFiles,
    examples: Mapping[str, Path | str],
    outputs: Mapping[str, Path | str],
    seed: int,
    practised: RunFiles | None = None,
) -> None:
    """Compare the model of one iteration with the base model, item by item and as a whole.

    base, tuned: with predictions. practised: the base model, asked in the form that it knows, where that is another.
    examples: data file of each split. seed: of the paired permutation.
    outputs: paths by name: `base_model_results`, `finetuned_model_results`, `model_comparison`,
    `specialty_performance` (CSV), `training_config` (JSON), and the plots
    `{specialty_analysis,model_comparison}_{png,svg}`.
    Raises InputError when a file is missing or broken, or models were not scored on the same items and metrics.
    """
    before, after = read_run(base), read_run(tuned)
    bases = [before, *([read_run(practised)] if practised else [])]
    check_same(before, [after, *bases[1:]])
    rows = {split: {row["id"]: row for row in read_jsonl(path)} for split, path in examples.items()}
    results = {
        "base_model_results": result_rows(before, rows),
        "finetuned_model_results": result_rows(after, rows),
    }
    tables = {
        "model_comparison": comparison_rows(bases, after, seed),
        "specialty_performance": specialty_rows(bases, after),
    }
    for name, table in results.items():
        write_csv(outputs[name], table, (*RESULT_COLUMNS, *before.metrics))
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], tables[name], columns)
    write_json(outputs["training_config"], training_config(after))
    for name, figure in figures(bases, after).items():
        for suffix in ("png", "svg"):
            save_figure(figure, outputs[f"{name}_{suffix}"])


def result_rows(run: Run, examples: Mapping[str, Mapping[str, dict]]) -> list[dict]:
    """Each item with its question, both answers and its scores.

    examples: by split and id. Raises InputError for an item without an example, and when a metric has the name of
    another column.
    """
    taken = sorted(set(run.metrics) & set(RESULT_COLUMNS))
    if taken:
        raise InputError(
            f'custom metric "{taken[0]}": the results have a column of this name; choose another in the configuration'
        )
    rows = []
    for item in run.items:
        split, identifier = item["split"], item["id"]
        example = examples.get(split, {}).get(identifier)
        if example is None:
            raise InputError(f'meerkat: id "{identifier}" is not in the data of split {split}; score again')
        rows.append(
            {
                "id": identifier,
                "split": split,
                "specialty": item["specialty"],
                "question": example["question"],
                "reference_answer": example["answer"],
                "generated_answer": run.answers[split, identifier]["raw"],
                "status": item["status"],
                **{metric: item[metric] for metric in run.metrics},
            }
        )
    return rows


def comparison_rows(bases: Sequence[Run], after: Run, seed: int) -> list[dict]:
    """One row for each split, form and metric; Holm over the rows of a split.

    bases: the base model, asked in each of `FORMS` that there is. n: items that at least one of the two has a score
    for.
    """
    rows = []
    for split in SPLITS:
        keys = [(form, before, metric) for form, before in zip(FORMS, bases, strict=False) for metric in after.metrics]
        tests = [compare(before, after, split, metric, seed) for _, before, metric in keys]
        rows += [
            {
                "split": split,
                "metric": metric,
                "n": test.n if test else 0,
                **end_cells("base", before.estimate(split, metric)),
                **end_cells("finetuned", after.estimate(split, metric)),
                **end_cells("difference", test),
                "p_value": cells["p_value"],
                "p_value_holm": cells["p_holm"],
                "form": form,
            }
            for (form, before, metric), test, cells in zip(keys, tests, tested_cells(tests), strict=True)
        ]
    return rows


def specialty_rows(bases: Sequence[Run], after: Run) -> list[dict]:
    """One row for each split, form, specialty and metric. bases, n: as in `comparison_rows`. train_size: of the
    iteration."""
    rows = []
    for split in SPLITS:
        specialty_of = np.array([item["specialty"] for item in after.of_split(split)])
        for form, before in zip(FORMS, bases, strict=False):
            for specialty in before.specialties(split):
                for metric in before.metrics:
                    scored = before.scored(split, metric) | after.scored(split, metric)
                    some = scored & (specialty_of == specialty)
                    rows.append(
                        {
                            "split": split,
                            "specialty": specialty,
                            "n": int(some.sum()),
                            "train_size": after.train_size(specialty),
                            "metric": metric,
                            **end_cells("base", before.estimate(split, metric, specialty)),
                            **end_cells("finetuned", after.estimate(split, metric, specialty)),
                            **end_cells("difference", difference(before, after, split, metric, some)),
                            "form": form,
                        }
                    )
    return rows


def training_config(run: Run) -> dict:
    """Content of training_config.json: what the model was trained with, from its record."""
    config = {"iteration": run.iteration, **{key: run.record[key] for key in RECORD_KEYS}}
    if run.copied:
        config["copied_from"] = run.record["copied_from"]
    return config


def figures(bases: Sequence[Run], after: Run) -> dict[str, Figure]:
    """The plots by name: specialty_analysis, model_comparison. Both show every metric of all models, with intervals."""
    sizes = ", ".join(f"{split} n = {len(after.of_split(split))}" for split in SPLITS)
    name, runs = f"{after.name[0].upper()}{after.name[1:]}", [*bases, after]
    return {
        "model_comparison": plot_score_panels(
            [_panel(runs, split, metrics, split) for metrics in _by_scale(runs) for split in SPLITS],
            columns=len(SPLITS),
            title=f"{name} and base model, 95 % intervals; {sizes}",
        ),
        "specialty_analysis": plot_score_panels(
            [_specialty_panel(runs, split, metric) for split in SPLITS for metric in after.metrics],
            columns=min(4, len(after.metrics)),
            title=f"{name} and base model by specialty, 95 % intervals; {sizes}",
        ),
    }


def _by_scale(runs: Sequence[Run]) -> list[list[str]]:
    """Metrics that can share an axis: those within [0, 1], but for rounding; each other one stands alone."""
    shares, others = [], []
    for metric in runs[0].metrics:
        found = [run.estimate(split, metric) for run in runs for split in SPLITS]
        ends = [estimate[end] for estimate in found for end in NOTHING if estimate[end] is not None]
        (shares if all(-1e-6 <= end <= 1 + 1e-6 for end in ends) else others).append(metric)
    return [*([shares] if shares else []), *([metric] for metric in others)]


def _panel(runs: Sequence[Run], split: str, metrics: Sequence[str], title: str) -> ScorePanel:
    series = [(run.name, [run.estimate(split, metric) for metric in metrics]) for run in runs]
    return ScorePanel(title, metrics, series)


def _specialty_panel(runs: Sequence[Run], split: str, metric: str) -> ScorePanel:
    """All specialties that have items in any split, so that panels have the same rows."""
    names = sorted({name for each in SPLITS for name in runs[0].specialties(each)})
    there = set(runs[0].specialties(split))
    series = [
        (run.name, [run.estimate(split, metric, name) if name in there else NOTHING for name in names]) for run in runs
    ]
    return ScorePanel(f"{metric}, {split}", names, series)
