"""Readers of new reports: what they yield, and the sentence for each fault."""

import csv
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.report_sources import NewReport, SkippedReport, Source, listing, read_reports
from medtune.errors import InputError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def read(format, path, **names):
    return list(read_reports(Source(format, str(path), **names)))


def refused(format, path, **names):
    with pytest.raises(InputError) as caught:
        read(format, path, **names)
    return str(caught.value)


def test_a_key_that_stands_twice_in_a_line_is_refused(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"text": "Clear ."}\n{"text": "Edema .", "text": "No edema ."}\n')
    assert 'r.jsonl, line 2: the key "text" stands twice' in refused("jsonl", tmp_path / "r.jsonl")


def test_a_folder_is_read_in_the_order_of_names_with_paths_as_ids(tmp_path):
    for name in ("b.txt", 'it\'s "odd" & new.TXT', "a/z.txt", "notes.md", ".hidden.txt", ".git/x.txt", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    ids = [report.id for report in read("folder", tmp_path)]
    assert ids == ["a.txt", "b.txt", 'it\'s "odd" & new.TXT', "a/z.txt"]


def test_texts_keep_their_line_ends_and_lose_a_byte_order_mark(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfNo effusion .\r\nClear .\n")
    assert read("folder", tmp_path) == [NewReport("a.txt", "No effusion .\r\nClear .\n")]


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
def test_csv_and_json_lines_give_any_text_as_it_was_written(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("reports")
    with open(folder / "r.csv", "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([["note", "text"], *rows])
    (folder / "r.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for _, text in rows))
    expected = [
        NewReport(str(number), text) if text.strip() else SkippedReport(str(number), "no text")
        for number, (_, text) in enumerate(rows, start=1)
    ]
    assert read("csv", folder / "r.csv") == expected
    assert read("jsonl", folder / "r.jsonl") == expected


def test_ids_and_texts_come_from_the_named_columns(tmp_path):
    (tmp_path / "r.csv").write_bytes(b'\xef\xbb\xbfBefund,no\r\n"Clear , \r\nno effusion .",7\r\n\r\n,8\r\n')
    assert read("csv", tmp_path / "r.csv", text="Befund", id="no") == [
        NewReport("7", "Clear , \r\nno effusion ."),
        SkippedReport("8", "no text"),
    ]


def test_ids_and_texts_come_from_the_named_fields(tmp_path):
    lines = [{"report": "Clear .", "key": 7}, {"report": None, "key": "x y"}, {"report": " \n", "key": "z"}]
    (tmp_path / "r.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    assert read("jsonl", tmp_path / "r.jsonl", text="report", id="key") == [
        NewReport("7", "Clear ."),
        SkippedReport("x y", "no text"),
        SkippedReport("z", "no text"),
    ]


def test_a_report_of_a_hundred_thousand_tokens_is_read_from_each_format(tmp_path):
    text = "effusion " * 100_000
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "r.csv").write_text(f"text\n{text}\n")
    (tmp_path / "r.jsonl").write_text(json.dumps({"text": text}))
    for format, path in (("folder", tmp_path), ("csv", tmp_path / "r.csv"), ("jsonl", tmp_path / "r.jsonl")):
        (report,) = read(format, path)
        assert report.text == text


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_file_is_read_as_far_as_it_is_asked_for(tmp_path, format):
    path = tmp_path / "endless"
    rows = {"csv": ["text", "Clear ."], "jsonl": ['{"text": "Clear ."}']}[format]
    path.write_text("\n".join([*rows, "x" * 100]) + "\n")
    with open(path, "ab") as stream:
        stream.write(b"\xff\n")  # what stands behind must not be touched
    assert next(read_reports(Source(format, str(path)))) == NewReport("1", "Clear .")


@pytest.mark.parametrize(
    ("content", "names", "message"),
    [
        (b"id;text\n", {}, 'no column "text"; its columns are "id;text"'),
        (b"", {}, 'no column "text"; its columns are none'),
        (b"text,id,text\n", {}, 'more than one column "text"; its columns are "text", "id", "text"'),
        (b"id,text\n", {"id": "key"}, 'no column "key"; its columns are "id", "text"'),
        (b"id,text\n1,a\n2\n", {}, "row 2 (line 3): 1 cells; expected 2"),
        (b"id,text\n1,a\n1,b\n", {"id": "id"}, 'row 2 (line 3): the id "1" occurs more than once'),
        (b"id,text\n ,a\n", {"id": "id"}, "row 1 (line 2): the id is empty"),
        (b"id,text\n1,a\n2,\xe4\n", {}, "not UTF-8 text (byte 14)"),
        (b'id,text\n1,"a\n2,b\n', {}, "line 3: not valid CSV (unexpected end of data)"),
    ],
)
def test_a_faulty_csv_file_gets_one_sentence(tmp_path, content, names, message):
    (tmp_path / "r.csv").write_bytes(content)
    sentence = refused("csv", tmp_path / "r.csv", **names)
    assert sentence.startswith(str(tmp_path / "r.csv")) and message in sentence


@pytest.mark.parametrize(
    ("content", "names", "message"),
    [
        (b'{"text": "a"}\n{"text": \n', {}, "line 2: not valid JSON (Expecting value)"),
        (b'{"text": ' + b"9" * 5000 + b"}", {}, "line 1: not valid JSON (a number or nesting too long to be read)"),
        (b'{"text": ' + b"[" * 100_000 + b"}", {}, "line 1: not valid JSON (a number or nesting too long to be read)"),
        (b'["a"]', {}, "line 1: expected a JSON object, found list"),
        (b'{"note": "a", "\\ud800": 1}', {}, 'line 1: no field "text"; its fields are "note", "\\ud800"'),
        (b'{"text": 3}', {}, 'line 1: the field "text" holds int; expected text'),
        (b'{"text": "a\\ud800"}', {}, 'line 1: the field "text" holds half of a surrogate pair'),
        (b'{"text": "a"}', {"id": "id"}, 'line 1: no field "id"; its fields are "text"'),
        (b'{"text": "a", "id": true}', {"id": "id"}, 'line 1: the field "id" holds bool'),
        (b'{"text": "a", "id": "\\udc00"}', {"id": "id"}, 'line 1: the field "id" holds half of a surrogate pair'),
        (b'{"text": "a", "id": 1}\n{"text": "b", "id": "1"}', {"id": "id"}, 'line 2: the id "1" occurs more than'),
        (b'{"text": "a"}\n{"text": "\xff"}', {}, "not UTF-8 text (byte 24)"),
    ],
)
def test_faulty_json_lines_get_one_sentence(tmp_path, content, names, message):
    (tmp_path / "r.jsonl").write_bytes(content)
    sentence = refused("jsonl", tmp_path / "r.jsonl", **names)
    assert sentence.startswith(str(tmp_path / "r.jsonl")) and message in sentence
    sentence.encode()


def test_a_text_file_that_is_not_utf8_is_named_with_the_byte(tmp_path):
    (tmp_path / "a b'c.txt").write_bytes(b"No \xe4")
    assert refused("folder", tmp_path) == f"{tmp_path}/a b'c.txt: not UTF-8 text (byte 3)"


@pytest.mark.parametrize("format", ["folder", "csv", "jsonl"])
def test_a_missing_source_is_named(tmp_path, format):
    assert refused(format, tmp_path / "nowhere").startswith(f"{tmp_path}/nowhere: no such f")


def test_a_folder_without_reports_and_a_folder_for_a_file_are_refused(tmp_path):
    assert "holds no .txt file" in refused("folder", tmp_path)
    assert "cannot be read (Is a directory)" in refused("csv", tmp_path)


def test_the_listing_of_a_folder_changes_with_its_reports_alone(tmp_path):
    """The time of a folder does not change with what is written in its files, or in folders below."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.txt").write_text("Clear .")
    before = listing(tmp_path)
    (tmp_path / "notes.md").write_text("not a report")
    (tmp_path / ".hidden.txt").write_text("nor this")
    assert listing(tmp_path) == before
    seen = {before}
    (tmp_path / "below" / "a.txt").write_text("Clear , no effusion .")
    seen.add(listing(tmp_path))
    os.utime(tmp_path / "below" / "a.txt", ns=(1, 1))
    seen.add(listing(tmp_path))
    (tmp_path / "below" / "b ü.txt").write_text("No effusion .")
    seen.add(listing(tmp_path))
    (tmp_path / "below" / "a.txt").rename(tmp_path / "a.txt")
    assert len({*seen, listing(tmp_path)}) == 5
    (tmp_path / "gone.txt").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read"):
        listing(tmp_path)
