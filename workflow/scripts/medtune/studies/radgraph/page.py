"""What the templates in `pages/` are filled with. All of it was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.studies.radgraph.confusion import VIEWS
from medtune.studies.radgraph.runs import NAMES, Run, by_entity
from medtune.studies.radgraph.tables import SYNTHETIC

PAGES = Path(__file__).parent / "pages"


def content(
    runs: Mapping[str, Sequence[Run]],
    rows: Mapping[str, Sequence[Mapping]],
    combined: Mapping[str, Mapping],
    pictures: Mapping[str, Path | str],
    synthetic: bool = False,
) -> dict[str, Any]:
    """What the templates name. runs: by model. rows: of the tables, by name. combined: figures of the four outputs as
    one annotation of the test reports, by model. pictures: file of each plot, by name."""
    of_adapters = [row for row in rows["confusion"] if row["model"] == "adapter" and row["count"]]
    return {
        "names": NAMES,
        "entities": by_entity(runs),
        "adapters": runs["adapter"],
        "rows": rows,
        "confused": {view: [row for row in of_adapters if row["view"] == view] for view in VIEWS},
        "combined": combined,
        "pictures": pictures,
        "synthetic": SYNTHETIC if synthetic else None,
    }
