import gzip
import logging
import os
from pathlib import Path

import pytest

from medtune.data.brat import read_brat
from medtune.data.brat_relations import read_brat_relations
from medtune.data.report_sources import Source, listing, read_reports
from medtune.errors import InputError
from medtune.files import (
    atomic,
    check_writable,
    files_in,
    fingerprint,
    read_json,
    read_jsonl,
    write_json,
    write_jsonl,
)
from medtune.studies.meerkat.medical_qa import specialty_files
from medtune.studies.relations.chemprot import tsv_files
from medtune.studies.yesno.pubmedqa import parquet_files


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "stale").touch()
    with atomic(tmp_path / "model") as temporary:
        temporary.mkdir()
        (temporary / "fresh").touch()
    assert [p.name for p in (tmp_path / "model").iterdir()] == ["fresh"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_json(tmp_path / "file" / "a.json", {})
    with pytest.raises(InputError, match="is not a folder"):
        check_writable(tmp_path / "file" / "results" / "deeper")


def test_a_folder_without_permission_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="is not writable"):
        check_writable(tmp_path / "results")


def test_broken_json_is_named_with_its_line(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1}\n\n{"id": \n')
    with pytest.raises(InputError, match=r"a\.jsonl, line 3: not valid JSON"):
        read_jsonl(path)
    path.write_text('{"a": 1,\n "b" 2}')
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: not valid JSON"):
        read_json(path)


def test_a_line_that_is_no_object_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("[1]\n")
    with pytest.raises(InputError, match=r"line 1: expected a JSON object, found list"):
        read_jsonl(path)


def test_missing_files_and_other_encodings_are_told_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_json(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 7\)"):
        read_json(tmp_path / "latin.json")


def test_unusual_line_separators_inside_strings_survive(tmp_path):
    rows = [{"text": "a\u2028b\x85c"}, {"text": "d"}]
    write_jsonl(tmp_path / "a.jsonl", rows)
    assert read_jsonl(tmp_path / "a.jsonl") == rows


def test_the_fingerprint_ignores_the_order_of_keys_and_nothing_else():
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1, "b": [1, 2]}) != fingerprint({"a": 1, "b": [2, 1]})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"{}", mtime=0), "compressed with gzip"),
        ("{}".encode("utf-16"), "UTF-16"),
        ("{}".encode("utf-16-be", "strict").join([b"\xfe\xff", b""]), "UTF-16"),
        ('{"a": 1}'.encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04rest", "a ZIP archive"),
    ],
)
def test_what_is_no_utf_8_text_is_named(tmp_path, content, said):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=rf"x\.json: this is .*{said}.*expected UTF-8 text"):
        read_json(tmp_path / "x.json")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\r\n')
    assert read_jsonl(tmp_path / "x.jsonl") == [{"a": 1}, {"a": 2}]


def test_a_key_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"b": [{"a": 1, "c": 2, "a": 3}]}')
    with pytest.raises(InputError, match=r'x\.json: the key "a" stands twice in one object'):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n{"id": "x", "id": "y"}\n')
    with pytest.raises(InputError, match=r'x\.jsonl, line 2: the key "id" stands twice'):
        read_jsonl(tmp_path / "x.jsonl")


STEM = "dataset_with_answers_a"


def brat(folder):
    (folder / f"{STEM}.ann").write_bytes(b"")
    return [document.id for document in read_brat(folder, "x").documents]


def relations(folder):
    (folder / f"{STEM}.ann").write_bytes(b"")
    return [document.id for document in read_brat_relations(folder, "x").documents]


READERS = {
    "brat": (".txt", brat),
    "brat with relations": (".txt", relations),
    "notes": (".txt", lambda folder: [report.id for report in read_reports(Source("folder", str(folder)))]),
    "notes, listed": (".txt", listing),
    "medical questions": (".json", lambda folder: list(specialty_files(folder))),
    "PubMedQA's parquet files": (".parquet", parquet_files),
    "ChemProt's tables": (".tsv", tsv_files),
}
"""Everything that lists a folder, with the suffix that it looks for."""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", [b"a\xe4b", b"a\nb", b"a\tb", b"a\x1bb", "a\u2028b".encode()])
def test_an_odd_file_name_gives_a_sentence_in_every_reader_of_a_folder(reader, name, tmp_path):
    suffix, read = READERS[reader]
    (tmp_path / f"{STEM}{suffix}").write_text("A note.")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + STEM.encode() + name + suffix.encode())).write_bytes(b"{}")
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    sentence = str(caught.value)
    assert sentence.endswith(": control characters or bytes that are not UTF-8 in the name of a file; rename it")
    assert sentence.isprintable() and suffix in sentence and str(tmp_path) in sentence


@pytest.mark.parametrize("reader", READERS)
def test_hidden_files_and_backups_are_passed_over_and_the_log_says_so(reader, tmp_path, caplog):
    suffix, read = READERS[reader]
    (tmp_path / f"{STEM}{suffix}").write_text("one")
    with caplog.at_level(logging.INFO):
        alone = read(tmp_path)
        assert not caplog.records
        for name in (f".{STEM}{suffix}", f"._{STEM}{suffix}", f"{STEM}{suffix}~", f"#{STEM}{suffix}#"):
            (tmp_path / name).write_text("two")
        assert read(tmp_path) == alone
    assert caplog.messages[-1].startswith(f"{tmp_path}: 4 entries are passed over: hidden or a backup, such as ")


@pytest.mark.parametrize("name", ["notiz ä.txt", "a\u00a0b.txt", "日本.txt", "it's (1) & {x}.txt"])
def test_names_of_letters_of_any_language_and_with_spaces_are_read(name, tmp_path):
    (tmp_path / name).write_text("A note.")
    assert [path.name for path in files_in(tmp_path, (".txt",))] == [name]


def test_a_folder_that_cannot_be_read_gives_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"none: cannot be read \(No such file or directory\)"):
        list(files_in(tmp_path / "none"))
