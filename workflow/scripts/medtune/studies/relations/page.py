"""What the templates in `pages/` are filled with. All of it was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.metrics.estimate import end_cells
from medtune.metrics.over_seeds import LEAST_SEEDS, UNCLAIMED
from medtune.metrics.significance import Difference
from medtune.studies.relations.comparisons import HARMED, HELPED, UNTOLD, equals
from medtune.studies.relations.notes import PUBLISHED, PUBLISHED_NOTE, what_figures_show
from medtune.studies.relations.runs import Run, Runs, labels_of

PAGES = Path(__file__).parent / "pages"


def content(
    runs: Runs,
    chosen: Run,
    rows: Mapping[str, Sequence[dict]],
    differences: Mapping[str, Difference],
    pictures: Mapping[str, Path | str],
    manifest: Mapping[str, Any],
) -> dict[str, Any]:
    """What the templates name, but for `reason`, which is one of them. rows: of the tables, by name. differences: of
    gold entities against a run's own, by run. pictures: file of each plot, by name. manifest: of the data."""
    return {
        "runs": runs,
        "chosen": chosen,
        "equals": equals(runs, chosen),
        "labels": labels_of(manifest),
        "rows": rows,
        "compared": {row["run"]: row for row in rows["comparison"] if row["split"] == "test"},
        "given_differences": {name: end_cells("difference", found) for name, found in differences.items()},
        "pictures": pictures,
        "synthetic": what_figures_show(manifest),
        "published": {"note": PUBLISHED_NOTE, "figures": PUBLISHED},
        "verdicts": {"helped": HELPED, "harmed": HARMED, "untold": UNTOLD, "unclaimed": UNCLAIMED},
        "least_seeds": LEAST_SEEDS,
    }
