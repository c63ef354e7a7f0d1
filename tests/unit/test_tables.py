import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.errors import InputError
from medtune.reporting.tables import (
    columns_of,
    escape_markdown,
    estimate_text,
    markdown_table,
    read_csv,
    write_csv,
    write_html_table,
)


def test_csv_has_the_columns_asked_for_and_six_digits(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, [{"a": 1 / 3, "b": None, "c": True}, {"a": 12, "b": 'x,"y"\nz', "c": 1234567.8}], ("a", "b", "c"))
    assert path.read_bytes() == b'a,b,c\n0.333333,,True\n12,"x,""y""\nz",1234568\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_any_text_comes_back_from_csv(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    write_csv(path, [{"text": text} for text in texts], ("text",))
    expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    assert [row["text"] for row in read_csv(path)] == expected


def test_a_row_with_other_keys_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="columns"):
        write_csv(tmp_path / "table.csv", [{"a": 1}], ("a", "b"))
    with pytest.raises(ValueError, match="nan"):
        write_csv(tmp_path / "table.csv", [{"a": float("nan")}], ("a",))
    assert list(tmp_path.iterdir()) == []


def test_a_csv_file_that_lacks_a_column_or_a_cell_is_named(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(InputError, match=r"items\.csv: has no column c"):
        read_csv(path, ("a", "c"))
    with pytest.raises(InputError, match=r"items\.csv, record 2: 1 cells; expected 2"):
        read_csv(path)


def test_figures_in_words():
    assert estimate_text({"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}) == "50.0 % (25.0–75.0, n = 8)"
    assert estimate_text({"value": 24.25, "low": 20, "high": 30, "n": 8}, as_percent=False) == "24.2 (20.0–30.0, n = 8)"
    assert estimate_text({"value": None, "low": None, "high": None, "n": 0}) == "none (n = 0)"


def test_markdown_cells_stay_cells():
    assert escape_markdown("a | b\n<script> *c* `d`") == r"a \| b \<script\> \*c\* \`d\`"
    assert markdown_table([["x|y", 1]], ["name", "n"]) == "| name | n |\n| --- | ---: |\n| x\\|y | 1 |"


def test_html_escapes_data_and_marks_the_chosen_row(tmp_path):
    rows = [{"rank": 4, "answer": "<script>alert(1)</script>", "chosen": True}]
    write_html_table(tmp_path / "t.html", "A & B", rows, ("rank", "answer", "chosen"), note="n < 5")
    page = (tmp_path / "t.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "A &amp; B" in page
    assert '<tr class="chosen">' in page


def test_a_table_without_rows_does_not_tell_its_columns():
    assert columns_of([{"b": 1, "a": 2}]) == ("b", "a")
    with pytest.raises(ValueError, match="without rows"):
        columns_of([])
