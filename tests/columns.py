"""Every figure in a table has its interval: what says which columns are none, and why."""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from medtune.metrics.estimate import end_columns

NEEDS_NONE: Mapping[str, Collection[str]] = {
    "what the row is of": {
        *("rank", "seed", "seeds", "reference_rank", "family", "ensemble", "members", "split", "label", "source"),
        *("encoder", "lr", "type", "types", "types_with_gold", "tier", "average", "first", "second", "class"),
        *("direction", "pattern", "side", "length", "level", "kind", "outcome", "threshold", "device", "mode"),
        *("batch_size", "rounds", "bin_low", "bin_high", "gold", "predicted", "chosen", "entity", "model", "against"),
        *("target", "view", "run", "switch", "changes", "terms", "labels", "iteration", "reference", "specialty"),
        *("metric", "form", "figure", "unit", "method", "interval_over", "cheapest", "allowed", "rule"),
        *(f"{table}.confidence" for table in ("thresholds", "histogram", "means", "calibration")),
        *(f"{table}.precision" for table in ("speed", "precision", "streaming")),
    },
    "a count": {
        *("n", "test_n", "precision_n", "recall_n", "f1_n", "accuracy_n", "n_documents", "documents", "words"),
        *("correct", "reference_correct", "count", "only_run", "only_reference", "only_ensemble", "only_chosen"),
        *("trainable_parameters", "parameters", "size", "test_gold", "corpus_count", "all_gold", "dropped_gold"),
        *("gold_entities", "same_boundaries", "same_type", "other_type", "found_dropped", "never_shown", "passed"),
        *("automated", "validation_automated", "right", "false_positives", "wrong", "n_reports", "n_gold", "n_seeds"),
        *("validation_units", "validation_wrong", "needed_units", "test_units", "test_wrong"),
        *("validation_n", "validation_accepted", "test_accepted", "conflicts", "ungroundable", "entities", "relations"),
        *("duplicates", "duplicates_left", "duplicate_entities", "duplicate_relations", "unknown_arguments"),
        *(
            "violations",
            "unplaced_entities",
            "train_size",
            "next_train_size",
            "next_documents",
            "sizes",
            "reference_train_size",
            "near_twins",
        ),
        *("n_without", *(f"{kind}_in_accepted" for kind in ("gold", "missed", "spurious"))),
        *(f"{kind}_in_automated" for kind in ("gold", "missed", "spurious")),
        *(f"{name}_{part}" for name in ("n", "errors") for part in ("with", "without")),
    },
    "the result of a test or a rule": {
        *("p_value", "p_holm", "verdict", "finding", "f1_p_holm", "rare_f1_p_holm", "f1_shown", "rare_f1_shown"),
        *(
            "p_value_holm",
            "p_value_against_default",
            "p_holm_against_default",
            "ready",
            "told",
            "below_overall",
            "recommended",
            "picked",
            "needs_human",
            "certify_p_value",
            *("pareto_inference", "pareto_training"),
            *(f"{name}_{column}" for name in ("best", "cheapest") for column in ("p_value", "p_holm", "verdict")),
        ),
    },
    "documents that a test would need": {
        *(f"{name}_settle{end}" for name in ("best", "cheapest") for end in ("", "_least", "_most")),
    },
    "a score of the ranking, which follows from figures of the same row": {
        *("score", *(f"{criterion}_score" for criterion in ("validation_f1", "rare_f1", "speed", "size"))),
    },
    "a ratio of two counts": {"size_ratio"},
    "a spread, beside the interval of its mean": {"seed_sd"},
    "measured once, of this training or process on this machine": {
        *("train_seconds", "peak_memory_mb", "weights_mb", "training_time_ratio", "seconds_per_document"),
        "seconds_per_1000",
    },
}
"""Columns that need no interval, by the reason; those of one table alone with its name before them."""
MEASURED_TABLES = ("speed", "precision", "streaming")
"""Tables of timed rounds, whose ranges are the slowest and the fastest of these: equal where the clock says so."""
ITEM_TABLES = ("challenge", "conflicts", "document_decisions", "entity_decisions", "examples", "items")
"""Tables whose rows are single questions, documents or entities: what was observed, without any figure."""


def without_interval(table: str, columns: Sequence[str]) -> list[str]:
    """Columns that are figures without both ends of their interval beside them, and ends without a figure.

    table: its name, without a suffix. A figure in the column "value" has its ends in "low" and "high".
    """
    if table in ITEM_TABLES:
        return []
    free = {column.removeprefix(f"{table}.") for names in NEEDS_NONE.values() for column in names}
    figures = [*map(end_columns, columns), ("value", "low", "high")]
    with_ends = {column for figure in figures if set(figure) <= set(columns) for column in figure}
    return [column for column in columns if column not in free | with_ends]


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with the tables (CSV) of finished runs: figures without interval, and intervals that do not hold
    their figure or have no width."""
    for path in sorted(folder.rglob("*.csv")):
        if ".state" in path.parts or path.stem.endswith("_model_results"):
            continue
        with path.open(newline="", encoding="utf-8") as stream:
            table = csv.DictReader(stream)
            columns, rows = table.fieldnames, list(table)
        yield from (f"{path}: {column} has no interval" for column in without_interval(path.stem, columns))
        for figure in [*map(end_columns, columns), ("value", "low", "high")]:
            if set(figure) <= set(columns):
                wrong = [row for row in rows if not _holds(path.stem, *(row[column] for column in figure))]
                yield from (f"{path}: {[row[column] for column in figure]} of {row}" for row in wrong)


def _holds(table: str, value: str, low: str, high: str) -> bool:
    if table in MEASURED_TABLES:
        return not (low and high) or float(low) <= float(value) <= float(high)
    if not (value and low and high):
        return not (value or low or high)
    return float(low) <= float(value) <= float(high) and float(low) < float(high)
