"""Summarize the study: tables, the choice of a rank on validation, and what the test split shows."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import stdev

import numpy as np

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_text
from medtune.metrics.estimate import end_columns, end_values
from medtune.metrics.intervals import clustered_mean
from medtune.metrics.labels import FIGURES as LABEL_FIGURES
from medtune.reporting.plots import save_figure
from medtune.reporting.tables import write_csv, write_html_table
from medtune.studies.yesno.comparisons import (
    COMPARISON_COLUMNS,
    ENSEMBLE_COLUMNS,
    compare,
    compare_ensembles,
    compare_ranks,
)
from medtune.studies.yesno.ensemble import Ensemble, ensembles_of
from medtune.studies.yesno.pages import (
    HTML_PAGES,
    choice_record,
    choice_words,
    figures,
    headline,
    summary_page,
    what_figures_show,
)
from medtune.studies.yesno.rationales import RATIONALE_COLUMNS
from medtune.studies.yesno.runs import Run, RunFiles, by_size, check_same_items, choose, read_run
from medtune.studies.yesno.score import UNIT

TEST_FIGURES = (
    *("macro_f1", "format_rate", "citation_rate", "mean_answer_tokens", "likelihood_accuracy", "ece"),
    *RATIONALE_COLUMNS,
)
"""What the table of ranks shows of the test split, beside accuracy."""
MEASURED = ("trainable_parameters", "train_seconds", "peak_memory_mb")
RANK_COLUMNS = (
    "rank",
    "seed",
    *end_columns("validation_accuracy", "test_accuracy"),
    "test_n",
    *end_columns(*TEST_FIGURES),
    *MEASURED,
    "chosen",
)
SEED_COLUMNS = (
    *("rank", "seeds", *end_columns("mean_test_accuracy"), "seed_sd", "test_n", "reference_rank"),
    *(*end_columns("difference"), "p_value", "p_holm", "verdict"),
)
CHALLENGE_COLUMNS = (
    *("question", "expected"),
    *(f"{model}_{cell}" for model in ("base", "practised", "chosen") for cell in ("answer", "label", "correct")),
)
CONFUSION_COLUMNS = ("rank", "seed", "gold", "predicted", "count")
LABEL_COLUMNS = (
    *("rank", "seed", "label"),
    *(column for name in LABEL_FIGURES for column in (*end_columns(name), f"{name}_n")),
)
SOURCE_COLUMNS = ("rank", "seed", "split", "source", *end_columns("accuracy"), "accuracy_n")
COLUMNS = {
    "ranks": RANK_COLUMNS,
    "seeds": SEED_COLUMNS,
    "comparisons": COMPARISON_COLUMNS,
    "ensemble": ENSEMBLE_COLUMNS,
    "challenge": CHALLENGE_COLUMNS,
    "confusion": CONFUSION_COLUMNS,
    "labels": LABEL_COLUMNS,
    "sources": SOURCE_COLUMNS,
}


def summarize(
    base: RunFiles,
    practised: RunFiles,
    runs: Sequence[RunFiles],
    challenge: Path | str,
    outputs: Mapping[str, Path | str],
    manifest: Path | str,
    seed: int,
) -> None:
    """Read the scores of the base model and of every run, and write the summary.

    practised: the base model, asked in the form that it knows.  manifest: of the data.
    challenge: the data file of the challenge split.  seed: of the paired tests.
    outputs: paths by name: the tables of `COLUMNS` (CSV); the pages `ranks_html`, `comparisons_html`,
    `challenge_html`; `choice` (JSON), `choice_text` and `page` (Markdown), `headline` (one line of text); and the plots
    `{accuracy,confusion,reliability,curves}_{png,svg}`.
    Raises InputError when a file is missing or broken, or the models were not scored on the same items.
    """
    base_run, trained = read_run(base), sorted(map(read_run, runs), key=by_size)
    check_same_items(base_run, trained)
    practised_run = read_run(practised)
    check_same_items(base_run, [practised_run])
    bases = [base_run, practised_run]
    chosen = choose(trained)
    ensembles = ensembles_of(trained)
    rows = {
        "ranks": rank_rows(bases, trained, chosen),
        "seeds": seed_rows(trained, chosen.rank),
        "comparisons": compare(bases, trained, chosen, seed),
        "ensemble": compare_ensembles(ensembles, chosen),
        "challenge": challenge_rows([*bases, chosen], read_jsonl(challenge)),
        "confusion": confusion_rows([*bases, *trained]),
        "labels": label_rows([*bases, *trained, *ensembles]),
        "sources": source_rows([*bases, *trained, *ensembles]),
    }
    for name, columns in COLUMNS.items():
        write_csv(outputs[name], rows[name], columns)
    described = read_json(manifest)
    shown = what_figures_show(described)
    for name, (title, note) in HTML_PAGES.items():
        text = f"{note} {shown or ''}".strip()
        write_html_table(outputs[f"{name}_html"], title, rows[name], COLUMNS[name], text)
    for name, figure in figures(bases, trained, chosen).items():
        save_figure(figure, outputs[f"{name}_png"])
        save_figure(figure, outputs[f"{name}_svg"])
    words = choice_words(bases, trained, chosen, rows["comparisons"])
    write_json(outputs["choice"], choice_record(trained, chosen, rows["comparisons"]))
    write_text(outputs["choice_text"], f"# The chosen run\n\n{words}\n")
    write_text(outputs["headline"], headline(bases, chosen, shown))
    folder = Path(outputs["page"]).parent
    pictures = {
        name: os.path.relpath(outputs[f"{name}_png"], folder)
        for name in ("accuracy", "confusion", "reliability", "curves")
    }
    write_text(outputs["page"], summary_page(bases, trained, chosen, ensembles, rows, words, pictures, described))


def rank_rows(bases: Sequence[Run], runs: Sequence[Run], chosen: Run) -> list[dict]:
    """A row for each form of asking the base model and one per run; figures of the test split, but for
    validation_accuracy."""
    rows = []
    for run in [*bases, *runs]:
        test = run.splits["test"]
        values = (
            *run.key,
            *end_values(run.splits["validation"]["accuracy"]),
            *end_values(test["accuracy"]),
            test["accuracy"]["n"],
            *(cell for name in TEST_FIGURES for cell in end_values(test[name])),
            *(run.record.get(name) for name in MEASURED),
            run is chosen,
        )
        rows.append(dict(zip(RANK_COLUMNS, values, strict=True)))
    return rows


def seed_rows(runs: Sequence[Run], reference: int) -> list[dict]:
    """Test accuracy by rank over its seeds, and what may be claimed about the rank against the reference rank.

    mean_test_accuracy: its interval is over the questions, with the seeds as they are. seed_sd: standard deviation
    between training seeds on the same questions, None with one seed. The two are not added up.
    difference, p_value: see `compare_ranks`.
    """
    rows = []
    claims = compare_ranks(runs, reference)
    for rank in sorted({run.rank for run in runs}):
        right = np.stack([run.correct("test") for run in runs if run.rank == rank])
        accuracy = clustered_mean(right.sum(axis=0), np.full(right.shape[1], len(right)), UNIT)
        spread = stdev(right.mean(axis=1).tolist()) if len(right) > 1 else None
        values = (rank, len(right), *end_values(accuracy), spread, accuracy.n, reference)
        rows.append(dict(zip(SEED_COLUMNS, values, strict=False)) | claims[rank])
    return rows


def challenge_rows(runs: Sequence[Run], challenge: Sequence[dict]) -> list[dict]:
    """The challenge questions with the answers of several models side by side.

    runs: the base model, the same in its practised form, and the chosen run.
    challenge: examples of that split. Raises InputError when one was not scored.
    """
    scored = [{item["id"]: item for item in run.of_split("challenge")} for run in runs]
    rows = []
    for example in challenge:
        answers = []
        for run, items in zip(runs, scored, strict=True):
            item = items.get(example["id"])
            if item is None:
                raise InputError(f'summary: challenge question "{example["id"]}" was not scored; score again')
            raw = run.predictions["challenge", example["id"]]["raw"].strip()
            answers += [raw, item["predicted"] or None, item["correct"] == "True"]
        values = (example["question"], example["label"], *answers)
        rows.append(dict(zip(CHALLENGE_COLUMNS, values, strict=True)))
    return rows


def confusion_rows(runs: Sequence[Run]) -> list[dict]:
    """Counts of test items by model, gold label and predicted label ("none": no label in the answer)."""
    return [
        dict(zip(CONFUSION_COLUMNS, (*run.key, gold, predicted, count), strict=True))
        for run in runs
        for gold, row in run.splits["test"]["confusion"].items()
        for predicted, count in row.items()
    ]


def label_rows(models: Sequence[Run | Ensemble]) -> list[dict]:
    """Precision, recall and F1 of each label on the test split, by model."""
    return [
        dict(zip(LABEL_COLUMNS, (*model.key, label, *_with_n(figures, *LABEL_FIGURES)), strict=True))
        for model in models
        for label, figures in model.splits["test"]["by_label"].items()
    ]


def source_rows(models: Sequence[Run | Ensemble]) -> list[dict]:
    """Accuracy by source of the questions, by model and split."""
    return [
        dict(zip(SOURCE_COLUMNS, (*model.key, split, source, *end_values(accuracy), accuracy["n"]), strict=True))
        for model in models
        for split, figures in model.splits.items()
        for source, accuracy in figures["by_source"].items()
    ]


def _with_n(figures: Mapping[str, Mapping], *names: str) -> tuple:
    return tuple(cell for name in names for cell in (*end_values(figures[name]), figures[name]["n"]))
