"""What summaries say of contamination: what the splits share, and whether a base model seems to know the test items."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from medtune.files import read_json
from medtune.metrics.significance import ALPHA, holm

SIGNALS = {
    "log_likelihood": "mean log-likelihood per token",
    "lowest_20_percent": "mean of the least likely 20 % of tokens (Min-K %)",
}
"""Of audit.json, and how pages call them."""
KNOWN, UNKNOWN, UNTOLD = "a sign", "no sign", "cannot be told"


def contamination(manifest: Mapping[str, Any], audits: Iterable[Path | str]) -> dict[str, Any]:
    """Content of `contamination.md.j2`. manifest: of the data. audits: files of `medtune.stages.audit_base`, one for
    each base model; p-values are Holm-corrected over all of them and their signals."""
    found = [read_json(path) for path in audits]
    return {
        "records": manifest["records"],
        "leakage": manifest.get("leakage", {}),
        "audits": [{**audit, "model": audit["base_model"]["name"]} for audit in found],
        "signals": signal_rows(found),
    }


def signal_rows(audits: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each signal of each audit: model, signal, train, test and difference (test - train) with their
    intervals, p_holm, and told: `KNOWN` where the test items are significantly likelier than those of training,
    `UNTOLD` where a split has a single unit."""
    rows = [
        {
            "model": audit["base_model"]["name"],
            "signal": name,
            **{split: audit["splits"][split][key] for split in ("train", "test")},
            "difference": audit["differences"][key],
        }
        for audit in audits
        for key, name in SIGNALS.items()
    ]
    corrected = iter(holm([row["difference"]["p_value"] for row in rows if row["difference"]]))
    for row in rows:
        row["p_holm"] = next(corrected) if row["difference"] else None
        row["told"] = _told(row["difference"], row["p_holm"])
    return rows


def _told(difference: Mapping[str, Any] | None, p_holm: float | None) -> str:
    if difference is None:
        return UNTOLD
    return KNOWN if p_holm < ALPHA and difference["value"] > 0 else UNKNOWN
