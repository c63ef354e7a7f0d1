"""What the templates in `pages/` are filled with. All of it was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.metrics.over_seeds import LEAST_SEEDS
from medtune.studies.maccrobat.analysis.comparison import TaggerRun, configuration_name, tagger_name

PAGES = Path(__file__).parent / "pages"
NO_CLAIM = f"With fewer than {LEAST_SEEDS} training seeds of each nothing is claimed about the encoders."


def content(
    runs: Sequence[TaggerRun],
    chosen: TaggerRun,
    selected: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping]],
    pictures: Mapping[str, Path | str],
) -> dict[str, Any]:
    """What the templates of the summary name. selected: content of selection.json. rows: of the tables, by name.
    pictures: file of each plot, by name."""
    comparisons = rows["comparisons"]
    verdicts = ("better", "worse", "tie")
    return {
        "runs": runs,
        "chosen": chosen,
        "chosen_configuration": configuration_name(chosen.configuration),
        "reason": selected["reason"],
        "note": selected["note"],
        "rows": rows,
        "pictures": pictures,
        "named": {word: [tagger_name(row) for row in comparisons if row["verdict"] == word] for word in verdicts},
        "smallest_tie": min((row["p_holm"] for row in comparisons if row["verdict"] == "tie"), default=None),
        "no_claim": NO_CLAIM if min(row["seeds"] for row in rows["seeds"]) < LEAST_SEEDS else None,
        "tagger": tagger_name,
        "configuration": row_name,
    }


def row_name(row: Mapping[str, Any]) -> str:
    """How texts call the configuration that a row of a table is about."""
    return configuration_name((row["encoder"], row["lr"]))
