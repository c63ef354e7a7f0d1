"""Every figure in a table has its interval: what says which columns are none, and why."""

from collections.abc import Collection, Mapping, Sequence

from medtune.metrics.estimate import ENDS

NEEDS_NONE: Mapping[str, Collection[str]] = {
    "what the row is of": {
        *("rank", "seed", "seeds", "reference_rank", "family", "ensemble", "members", "split", "label", "source"),
        *("question", "expected", "gold", "predicted", "chosen"),
    },
    "a count": {
        *("n", "test_n", "precision_n", "recall_n", "f1_n", "accuracy_n", "correct", "reference_correct", "count"),
        *("only_run", "only_reference", "only_ensemble", "only_chosen", "trainable_parameters"),
    },
    "the result of a test": {"p_value", "p_holm", "verdict"},
    "a spread, beside the interval of its mean": {"seed_sd"},
    "measured once, of this training on this machine": {"train_seconds", "peak_memory_mb"},
    "of one item": {
        *(f"{model}_{part}" for model in ("base", "chosen") for part in ("answer", "label", "correct")),
    },
}
"""Columns that need no interval, by the reason."""


def without_interval(columns: Sequence[str]) -> list[str]:
    """Columns that are figures without both ends of their interval beside them, and ends without a figure."""
    free = {column for names in NEEDS_NONE.values() for column in names}
    with_ends = {column for column in columns if {f"{column}{end}" for end in ENDS} <= set(columns)}
    ends = {f"{column}{end}" for column in with_ends for end in ENDS}
    return [column for column in columns if column not in free | ends]
