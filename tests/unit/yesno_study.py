"""Scored runs of the yes/no study, for tests of what comes after generation."""

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from medtune.files import write_json, write_jsonl
from medtune.metrics.estimate import end_columns
from medtune.reporting.tables import columns_of, write_csv
from medtune.studies.yesno.ensemble import ensembles_of
from medtune.studies.yesno.rows import table_rows
from medtune.studies.yesno.runs import RunFiles, read_run
from medtune.studies.yesno.score import ITEM_COLUMNS, score
from medtune.studies.yesno.summarize import summarize

RANK_COLUMNS = (
    *("rank", "seed", *end_columns("validation_accuracy", "test_accuracy"), "test_n"),
    *end_columns("macro_f1", "format_rate", "citation_rate", "mean_answer_tokens", "likelihood_accuracy", "ece"),
    *end_columns("question_overlap", "names_terms", "agrees_with_label", "rationale_rouge_l"),
    *("trainable_parameters", "train_seconds", "peak_memory_mb", "chosen"),
)

LABELS = ("Yes", "No", "Uncertain")
SIZES = {"validation": 33, "test": 33, "challenge": 10}
TABLES = ("ranks", "seeds", "comparisons", "ensemble", "challenge", "confusion", "labels", "sources")
TABLE_PAGES = ("ranks_html", "comparisons_html", "challenge_html")
PLOTS = [f"{plot}_{suffix}" for plot in ("accuracy", "confusion", "reliability", "curves") for suffix in ("png", "svg")]
NAMES = {
    **{name: f"{name}.csv" for name in TABLES},
    **{name: f"{name.removesuffix('_html')}.html" for name in TABLE_PAGES},
    **{name: name.replace("_", ".") for name in PLOTS},
    "choice": "choice.json",
    "choice_text": "choice.md",
    "page": "summary.md",
    "page_html": "summary.html",
    "headline": "headline.txt",
}
EXAMPLES = {
    split: [
        {
            "id": f"{split}/{i}",
            "question": f"Question {i}, of {split}?",
            "label": LABELS[i % 3],
            "rationale": "So.",
            "source": "a",
        }
        for i in range(n)
    ]
    for split, n in SIZES.items()
}


SHARED = {"sentences": {"held_out": 66, "shared": 0, "examples": []}}
MANIFEST = {
    "sources": [{"name": "a", "format": "synthetic"}],
    "held_out": {"test": {"training split": SHARED, "pre-training text": None}},
    "test_ids": {"path": "ids.json", "records": SIZES["test"]},
}


def write_inputs(folder):
    """The challenge's examples and the manifest."""
    write_jsonl(folder / "challenge.jsonl", EXAMPLES["challenge"])
    write_json(folder / "manifest.json", MANIFEST)


def summarized(folder, base, runs, outputs, practised=None):
    practised = practised or make_run(folder / "practised", right(12, 12, 2))
    summarize(
        base,
        replace(practised, practised=True),
        runs,
        folder / "challenge.jsonl",
        outputs,
        folder / "manifest.json",
        seed=0,
    )


def make_run(folder, right, rank=None, seed=None, wrong_first=0):
    """Files of a run that has so many items right in each split; `wrong_first` shifts which are wrong."""
    predictions = []
    for split, examples in EXAMPLES.items():
        for number, example in enumerate(examples):
            place = (number - wrong_first) % len(examples)
            good = place < right[split]
            label = example["label"] if good else LABELS[(number + 1) % 3]
            predictions.append(
                {
                    "id": example["id"],
                    "split": split,
                    "raw": f" {label}. Rationale: So | it\n<is>.",
                    "value": {"label": label, "rationale": "So."},
                    "status": "ok" if rank else "label_only",
                    "output_tokens": 9 if rank else 60,
                    "label_log_likelihoods": {
                        name: math.log(0.5 + 0.01 * (number % 30) if name == label else 0.1) for name in LABELS
                    },
                }
            )
    scores = score(EXAMPLES, predictions, seed=0)
    write_json(folder / "metrics.json", scores.metrics)
    write_csv(folder / "items.csv", scores.items, ITEM_COLUMNS)
    write_jsonl(folder / "predictions.jsonl", predictions)
    files = RunFiles(folder / "metrics.json", folder / "items.csv", folder / "predictions.jsonl")
    if rank is None:
        return files
    record = {
        "rows": 24,
        "trainable_parameters": 1000 * rank,
        "train_seconds": 10.5 + rank,
        "peak_memory_mb": 700.25,
        "history": [
            {"step": 25, "loss": 1.0},
            {"step": 25, "validation_loss": 0.9, "validation_accuracy": 0.5},
            {"step": 50, "validation_loss": 0.8, "validation_accuracy": right["validation"] / 33},
        ],
    }
    write_json(folder / "training.json", record)
    return replace(files, record=folder / "training.json", rank=rank, seed=seed)


def right(validation, test, challenge=6):
    return {"validation": validation, "test": test, "challenge": challenge}


def table_columns():
    """Columns of all tables of a summary, by name."""
    with TemporaryDirectory() as folder:
        base, practised, run = (
            read_run(make_run(Path(folder, name), right(9, 9), *key))
            for name, key in (("base", ()), ("practised", ()), ("8", (8, 42)))
        )
    rows = table_rows(
        [base, replace(practised, practised=True)], [run], run, ensembles_of([run]), EXAMPLES["challenge"], 0
    )
    return {name: columns_of(found) for name, found in rows.items()}
