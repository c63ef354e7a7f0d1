"""What the templates in `pages/` are filled with, and the record of the choice. All of it was computed before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.metrics.over_seeds import LEAST_SEEDS
from medtune.studies.yesno.card import PUBLISHED, setting
from medtune.studies.yesno.ensemble import Ensemble
from medtune.studies.yesno.runs import Run
from medtune.studies.yesno.tables import what_figures_show

PAGES = Path(__file__).parent / "pages"


def choice_record(runs: Sequence[Run], chosen: Run, comparisons: Sequence[Mapping]) -> dict:
    """Content of choice.json: the chosen run, its figures, and which runs it cannot be told apart from."""
    return {
        **chosen.key,
        "chosen_on": "validation accuracy",
        "validation_accuracy": chosen.splits["validation"]["accuracy"],
        "test_accuracy": chosen.splits["test"]["accuracy"],
        "tied_on_validation": [run.key for run in _equals(runs, chosen)],
        "tied_on_test": [_key(row) for row in comparisons if row["family"] == "chosen" and row["verdict"] == "tie"],
        "against_base": _against(chosen, comparisons, "base"),
    }


def content(
    bases: Sequence[Run],
    runs: Sequence[Run],
    chosen: Run,
    ensembles: Sequence[Ensemble],
    rows: Mapping[str, Sequence[Mapping]],
    pictures: Mapping[str, Path | str],
    manifest: Mapping[str, Any],
) -> dict[str, Any]:
    """What the templates name. rows: of the tables, by name. pictures: file of each plot, by name."""
    comparisons = rows["comparisons"]
    others = [row for row in comparisons if row["family"] == "chosen"]
    apart = [row for row in others if row["verdict"] == "tie" and row["correct"] != row["reference_correct"]]
    materials = [material for found in manifest["held_out"].values() for material in found.values()]
    return {
        "bases": bases,
        "runs": runs,
        "chosen": chosen,
        "equals": _equals(runs, chosen),
        "ensembles": ensembles,
        "against_bases": [
            (base, _against(chosen, comparisons, "practised" if base.practised else "base")) for base in bases
        ],
        "others": others,
        "nearest": min(apart, key=lambda row: abs(row["correct"] - row["reference_correct"]), default=None),
        "rows": rows,
        "pictures": pictures,
        "held_out": manifest["held_out"],
        "pretraining_known": None not in materials,
        "synthetic": what_figures_show(manifest),
        "published": PUBLISHED,
        "setting": setting(manifest),
        "least_seeds": LEAST_SEEDS,
    }


def _equals(runs: Sequence[Run], chosen: Run) -> list[Run]:
    """Other runs with the chosen run's validation accuracy."""
    return [run for run in runs if run is not chosen and run.validation_accuracy == chosen.validation_accuracy]


def _against(chosen: Run, comparisons: Sequence[Mapping], family: str) -> Mapping:
    """The comparison of the chosen run with the reference of a family."""
    return next(row for row in comparisons if row["family"] == family and _key(row) == chosen.key)


def _key(row: Mapping) -> dict:
    return {"rank": row["rank"], "seed": row["seed"]}
