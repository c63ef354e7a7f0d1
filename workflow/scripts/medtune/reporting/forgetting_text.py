"""What adapters forgot, as cards and pages show it."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.metrics.significance import p_text
from medtune.reporting.prose import counted, scores_text, short_text
from medtune.reporting.tables import markdown_table

NOTE = (
    "Items that are not of the study, answered by the base model and with the adapter. Log-likelihood: natural "
    "logarithm of the probability of a gold answer's token, mean of each answer and then over answers, with a 95 % "
    "interval. The loss is the base model's less the adapter's, paired over items: above 0 the adapter finds the gold "
    "answers less likely. p by paired permutation, Holm-corrected over the sources of an adapter, and so is the "
    "verdict. Exact: items whose gold answer greedy decoding begins with."
)
HEADERS = (
    *("items of", "n", "log-likelihood, base model", "log-likelihood, adapter", "loss (nats per token)", "p"),
    *("verdict", "exact, base model", "exact, adapter"),
)
LEFT_OUT = {
    "in_training": "whose text the study trains on",
    "too_long": "longer than what the base model reads",
}
"""Why test items of other studies are not asked, by the key of guard.json."""


def forgetting_cells(row: Mapping[str, Any]) -> list[Any]:
    """The cells of a row of guard.json, under `HEADERS`."""
    return [
        row["source"],
        row["n"],
        scores_text(row["base"]),
        scores_text(row["adapter"]),
        scores_text(row, "loss", "+"),
        p_text(row["p_holm"], row["p_value"]),
        row["verdict"],
        short_text(row["base_exact"]),
        short_text(row["adapter_exact"]),
    ]


def forgetting_section(guard: Mapping[str, Any]) -> str:
    """What a card says of one adapter, in Markdown. guard: guard.json."""
    table = markdown_table([forgetting_cells(row) for row in guard["sources"]], HEADERS)
    return "\n\n".join([NOTE, table, *left_out_sentences(guard)])


def left_out_sentences(guard: Mapping[str, Any]) -> Sequence[str]:
    """One where items of other studies were left out, else none."""
    totals = {reason: sum(counts[reason] for counts in guard["left_out"].values()) for reason in LEFT_OUT}
    said = [f"{counted(number, 'item')} {LEFT_OUT[reason]}" for reason, number in totals.items() if number]
    return [f"Of other studies were left out: {', '.join(said)}."] if said else []
