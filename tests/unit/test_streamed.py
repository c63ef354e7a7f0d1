from types import SimpleNamespace

import pytest

from medtune.reporting.streamed import SKIPPED, streamed_files


@pytest.fixture
def opened(tmp_path):
    tables = {"entities": (tmp_path / "e.csv", ("note", "label", "text")), SKIPPED: (tmp_path / "s.csv", ("reason",))}
    return streamed_files((tmp_path / "all.json", "list"), tables, 1)


def test_cells_that_are_not_given_are_attributes_and_columns_keep_their_order(opened, tmp_path):
    with opened as files:
        files.add_row("entities", SimpleNamespace(label="Drug", text="a,b"), note="n1")
        files.add_row("entities", text="c", label="Sign", note="n2")

    assert (tmp_path / "e.csv").read_text(encoding="utf-8") == 'note,label,text\nn1,Drug,"a,b"\nn2,Sign,c\n'


def test_a_cell_without_a_column_is_a_fault(opened):
    with opened as files, pytest.raises(TypeError, match="table entities has no column lable"):
        files.add_row("entities", SimpleNamespace(label="Drug", text="a"), note="n1", lable="Sign")


def test_a_column_without_a_cell_is_a_fault(opened):
    with opened as files, pytest.raises(AttributeError, match="text"):
        files.add_row("entities", SimpleNamespace(label="Drug"), note="n1")
