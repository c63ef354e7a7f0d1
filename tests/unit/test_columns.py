"""Every table that a summary writes: each figure has its interval."""

import pytest

from medtune.tasks.yesno import summarize as yesno
from tests.columns import NEEDS_NONE, without_interval

TABLES = {f"yesno/{name}": columns for name, columns in yesno.COLUMNS.items()}


@pytest.mark.parametrize("name", TABLES)
def test_each_figure_has_its_interval(name):
    assert without_interval(TABLES[name]) == []


def test_a_figure_without_both_ends_is_told():
    assert without_interval(["rank", "accuracy", "accuracy_low", "n"]) == ["accuracy", "accuracy_low"]
    assert without_interval(["accuracy_low", "accuracy_high"]) == ["accuracy_low", "accuracy_high"]
    assert without_interval(["accuracy", "accuracy_low", "accuracy_high", "n"]) == []


def test_the_list_of_columns_that_need_none_has_no_stale_name():
    shown = {column for columns in TABLES.values() for column in columns}
    assert {column for names in NEEDS_NONE.values() for column in names} <= shown
