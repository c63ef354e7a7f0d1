"""Evaluate one iteration: the files that compare its model with the base model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from medtune.errors import InputError
from medtune.files import read_jsonl, write_json
from medtune.reporting.plots import save_figure
from medtune.reporting.score_plots import ScorePanel, plot_score_panels
from medtune.reporting.tables import write_csv
from medtune.tasks.meerkat.comparisons import compare, difference_cells, holm_of
from medtune.tasks.meerkat.runs import RECORD_KEYS, SPLITS, Run, RunFiles, check_same, read_run

_ENDS = ("", "_low", "_high")
RESULT_COLUMNS = ("id", "split", "specialty", "question", "reference_answer", "generated_answer", "status")
"""Followed by a column for each metric."""
COMPARISON_COLUMNS = (
    "split",
    "metric",
    "n",
    *(f"base{end}" for end in _ENDS),
    *(f"finetuned{end}" for end in _ENDS),
    *(f"difference{end}" for end in _ENDS),
    "p_value",
    "p_value_holm",
)
SPECIALTY_COLUMNS = (
    "split",
    "specialty",
    "n",
    "train_size",
    "metric",
    *(f"base{end}" for end in _ENDS),
    *(f"finetuned{end}" for end in _ENDS),
    "difference",
)
NOTHING = {"value": None, "low": None, "high": None}


def evaluate(
    base: RunFiles,
    tuned: RunFiles,
    examples: Mapping[str, Path | str],
    outputs: Mapping[str, Path | str],
    seed: int,
) -> None:
    """Compare the model of one iteration with the base model, item by item and as a whole.

    base, tuned: with predictions. examples: data file of each split. seed: of the paired permutation.
    outputs: paths by name: `base_model_results`, `finetuned_model_results`, `model_comparison`,
    `specialty_performance` (CSV), `training_config` (JSON), and the plots
    `{specialty_analysis,model_comparison}_{png,svg}`.
    Raises InputError when a file is missing or broken, or the two were not scored on the same items and metrics.
    """
    before, after = read_run(base), read_run(tuned)
    check_same(before, [after])
    rows = {split: {row["id"]: row for row in read_jsonl(path)} for split, path in examples.items()}
    results = {
        "base_model_results": result_rows(before, rows),
        "finetuned_model_results": result_rows(after, rows),
    }
    comparison = comparison_rows(before, after, seed)
    specialties = specialty_rows(before, after)
    for name, table in results.items():
        write_csv(outputs[name], table, (*RESULT_COLUMNS, *before.metrics))
    write_csv(outputs["model_comparison"], comparison, COMPARISON_COLUMNS)
    write_csv(outputs["specialty_performance"], specialties, SPECIALTY_COLUMNS)
    write_json(outputs["training_config"], training_config(after))
    for name, figure in figures(before, after).items():
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
        values = (
            identifier,
            split,
            item["specialty"],
            example["question"],
            example["answer"],
            run.answers[split, identifier]["raw"],
            item["status"],
            *(item[metric] for metric in run.metrics),
        )
        rows.append(dict(zip((*RESULT_COLUMNS, *run.metrics), values, strict=True)))
    return rows


def comparison_rows(before: Run, after: Run, seed: int) -> list[dict]:
    """One row for each split and metric; Holm over the metrics of a split. n: items that at least one of the two has a
    score for."""
    rows = []
    for split in SPLITS:
        tests = [compare(before, after, split, metric, seed) for metric in before.metrics]
        for metric, test, adjusted in zip(before.metrics, tests, holm_of(tests), strict=True):
            values = (
                split,
                metric,
                test.n if test else 0,
                *_cells(before.estimate(split, metric)),
                *_cells(after.estimate(split, metric)),
                *difference_cells(test),
                test.p_value if test else None,
                adjusted,
            )
            rows.append(dict(zip(COMPARISON_COLUMNS, values, strict=True)))
    return rows


def specialty_rows(before: Run, after: Run) -> list[dict]:
    """One row for each split, specialty and metric. n: as in `comparison_rows`. train_size: of the iteration."""
    rows = []
    for split in SPLITS:
        specialty_of = [item["specialty"] for item in before.of_split(split)]
        some = {metric: before.scored(split, metric) | after.scored(split, metric) for metric in before.metrics}
        for specialty in before.specialties(split):
            for metric in before.metrics:
                old, new = (run.estimate(split, metric, specialty) for run in (before, after))
                there = None not in (old["value"], new["value"])
                values = (
                    split,
                    specialty,
                    sum(bool(has) for has, name in zip(some[metric], specialty_of, strict=True) if name == specialty),
                    after.train_size(specialty),
                    metric,
                    *_cells(old),
                    *_cells(new),
                    new["value"] - old["value"] if there else None,
                )
                rows.append(dict(zip(SPECIALTY_COLUMNS, values, strict=True)))
    return rows


def training_config(run: Run) -> dict:
    """Content of training_config.json: what the model was trained with, from its record."""
    config = {"iteration": run.iteration, **{key: run.record[key] for key in RECORD_KEYS}}
    if run.copied:
        config["copied_from"] = run.record["copied_from"]
    return config


def figures(before: Run, after: Run) -> dict[str, Figure]:
    """The plots by name: specialty_analysis, model_comparison. Both show every metric, with intervals."""
    sizes = ", ".join(f"{split} n = {len(before.of_split(split))}" for split in SPLITS)
    name = f"{after.name[0].upper()}{after.name[1:]}"
    return {
        "model_comparison": plot_score_panels(
            [_panel(before, after, split, metrics, split) for metrics in _by_scale(before, after) for split in SPLITS],
            columns=len(SPLITS),
            title=f"{name} and base model, 95 % intervals; {sizes}",
        ),
        "specialty_analysis": plot_score_panels(
            [_specialty_panel(before, after, split, metric) for split in SPLITS for metric in before.metrics],
            columns=min(4, len(before.metrics)),
            title=f"{name} and base model by specialty, 95 % intervals; {sizes}",
        ),
    }


def _by_scale(before: Run, after: Run) -> list[list[str]]:
    """Metrics that can share an axis: those within [0, 1], but for rounding; each other one stands alone."""
    shares, others = [], []
    for metric in before.metrics:
        found = [run.estimate(split, metric) for run in (before, after) for split in SPLITS]
        ends = [estimate[end] for estimate in found for end in NOTHING if estimate[end] is not None]
        (shares if all(-1e-6 <= end <= 1 + 1e-6 for end in ends) else others).append(metric)
    return [*([shares] if shares else []), *([metric] for metric in others)]


def _panel(before: Run, after: Run, split: str, metrics: Sequence[str], title: str) -> ScorePanel:
    series = [(run.name, [run.estimate(split, metric) for metric in metrics]) for run in (before, after)]
    return ScorePanel(title, metrics, series)


def _specialty_panel(before: Run, after: Run, split: str, metric: str) -> ScorePanel:
    """All specialties that have items in any split, so that panels have the same rows."""
    names = sorted({name for each in SPLITS for name in before.specialties(each)})
    there = set(before.specialties(split))
    series = [
        (run.name, [run.estimate(split, metric, name) if name in there else NOTHING for name in names])
        for run in (before, after)
    ]
    return ScorePanel(f"{metric}, {split}", names, series)


def _cells(estimate: Mapping) -> tuple[float | None, float | None, float | None]:
    return estimate["value"], estimate["low"], estimate["high"]
