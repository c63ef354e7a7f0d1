import datasets
import pytest

from medtune.studies.meerkat.sets_on_disk import write_set
from tests.imports import check_no_torch

ROWS = [{"id": "a/1", "question": "Is β > 5 µg?", "left out": "x"}, {"id": "a/2", "question": "Ja\u2028nein"}]
COLUMNS = ("id", "question")


def test_a_set_opens_with_load_from_disk_and_holds_the_columns(tmp_path):
    write_set(tmp_path / "train_dataset", ROWS, COLUMNS)
    found = datasets.load_from_disk(tmp_path / "train_dataset")
    assert found.column_names == list(COLUMNS)
    assert datasets.load_from_disk(tmp_path / "train_dataset").to_list() == [
        {name: row[name] for name in COLUMNS} for row in ROWS
    ]


def test_a_set_may_be_empty(tmp_path):
    write_set(tmp_path / "eval_pool_dataset", [], COLUMNS)
    assert datasets.load_from_disk(tmp_path / "eval_pool_dataset").column_names == list(COLUMNS)
    assert datasets.load_from_disk(tmp_path / "eval_pool_dataset").to_list() == []


def test_the_bytes_depend_on_the_rows_alone(tmp_path):
    for name in ("one", "two"):
        write_set(tmp_path / name, ROWS, COLUMNS)
    files = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")]
    assert files[0] == files[1]


def test_a_set_replaces_the_one_before_and_a_failure_leaves_it(tmp_path):
    write_set(tmp_path / "set", ROWS, COLUMNS)
    with pytest.raises(KeyError):
        write_set(tmp_path / "set", [{"id": "a"}], COLUMNS)
    assert len(datasets.load_from_disk(tmp_path / "set")) == 2
    write_set(tmp_path / "set", ROWS[:1], COLUMNS)
    assert len(datasets.load_from_disk(tmp_path / "set")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_the_data_modules_need_no_torch():
    check_no_torch(
        "medtune.studies.meerkat.medical_qa", "medtune.studies.meerkat.sets_on_disk", "medtune.studies.meerkat.prepare"
    )
