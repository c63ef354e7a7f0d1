"""Every table that a summary writes: each figure has its interval."""

from types import SimpleNamespace

import pytest

from medtune.kinds.automation import AUTOMATION_COLUMNS
from medtune.kinds.labels import figures
from medtune.kinds.method_curves import OUTLOOK_COLUMNS, curve_columns
from medtune.kinds.methods_table import method_columns
from medtune.kinds.summary import COMPARISON_COLUMNS, SEED_COLUMNS, run_columns
from medtune.reporting.tables import write_csv
from medtune.studies.maccrobat import assess_readiness as readiness
from medtune.studies.maccrobat import select_configuration as selection
from medtune.studies.maccrobat import summarize as maccrobat
from medtune.studies.maccrobat.analysis.stages import analyse_confidence as confidence
from medtune.studies.maccrobat.analysis.stages import analyse_errors as errors
from medtune.studies.maccrobat.analysis.stages import analyse_speed as speed
from medtune.studies.maccrobat.analysis.stages import analyse_types as types
from medtune.studies.meerkat import evaluate
from medtune.studies.meerkat import summarize as meerkat
from medtune.studies.radgraph import summarize as radgraph
from medtune.studies.relations import summarize as relations
from tests.columns import ITEM_TABLES, NEEDS_NONE, faults, without_interval
from tests.unit.yesno_study import table_columns

OWN = {
    "runs": run_columns(figures),
    "comparisons": COMPARISON_COLUMNS,
    "seeds": SEED_COLUMNS,
    "methods": method_columns(figures),
    "learning_curve": curve_columns(figures),
    "more_documents": OUTLOOK_COLUMNS,
    "automation": AUTOMATION_COLUMNS,
}
PARTS = {
    "own": SimpleNamespace(COLUMNS=OWN),
    "yesno": SimpleNamespace(COLUMNS=table_columns()),
    "radgraph": radgraph,
    "relations": relations,
    "meerkat": meerkat,
    "meerkat evaluation": evaluate,
    "maccrobat": maccrobat,
    "maccrobat selection": selection,
    "maccrobat readiness": readiness,
    "maccrobat types": types,
    "maccrobat errors": errors,
    "maccrobat confidence": confidence,
    "maccrobat speed": speed,
}
TABLES = [(part, name, columns) for part, module in PARTS.items() for name, columns in module.COLUMNS.items()]


@pytest.mark.parametrize(("part", "table", "columns"), TABLES, ids=[f"{part}-{name}" for part, name, _ in TABLES])
def test_each_figure_has_its_interval(part, table, columns):
    assert without_interval(table, columns) == []


def test_a_figure_without_both_ends_is_told():
    assert without_interval("t", ["rank", "accuracy", "accuracy_low", "n"]) == ["accuracy", "accuracy_low"]
    assert without_interval("t", ["accuracy_low", "accuracy_high"]) == ["accuracy_low", "accuracy_high"]
    assert without_interval("t", ["accuracy", "accuracy_low", "accuracy_high", "n"]) == []


def test_faults_of_written_tables_are_told(tmp_path):
    header = ("rank", "accuracy", "accuracy_low", "accuracy_high", "macro_f1")
    rows = [(4, 0.5, 0.4, 0.6, 0.5), (8, 0.5, 0.6, 0.7, 0.5), (16, 1.0, 1.0, 1.0, 0.5), (24, 0.5, None, None, 0.5)]
    write_csv(tmp_path / "ranks.csv", [dict(zip(header, row, strict=True)) for row in rows], header)
    write_csv(tmp_path / "labels.csv", [], ("rank", "recall"))
    labels, no_interval, *wrong = faults(tmp_path)
    assert labels.endswith("recall has no interval") and no_interval.endswith("macro_f1 has no interval")
    assert [text.split("'rank': '")[1].split("'")[0] for text in wrong] == ["8", "16", "24"]


def test_a_word_that_names_a_row_in_one_table_is_a_figure_in_another():
    assert without_interval("speed", ["precision"]) == []
    assert without_interval("types", ["precision"]) == ["precision"]


def test_the_list_of_columns_that_need_none_has_no_stale_name():
    shown = {column for _, name, columns in TABLES for column in (*columns, *(f"{name}.{one}" for one in columns))}
    assert {column for names in NEEDS_NONE.values() for column in names} <= shown
    assert set(ITEM_TABLES) - {"items"} <= {name for _, name, _ in TABLES}
