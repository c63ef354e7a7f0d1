"""What killed processes leave half-written is removed by the next that writes the same, and nothing else is."""

import errno
import fcntl

import pytest

from medtune.files import atomic, filled, write_text
from medtune.scratch import remove_leftovers
from tests.unit.killed import hidden, kill, start_writing


@pytest.mark.parametrize("kind", ["file", "folder", "filled"])
def test_the_next_process_that_writes_the_same_removes_it(tmp_path, kind):
    target, other = tmp_path / "model", tmp_path / "model2"
    if kind == "filled":
        target.mkdir()
    kill(start_writing(kind, target, other))
    assert hidden(tmp_path) == [".model", ".model2"]
    if kind == "file":
        write_text(target, "whole")
        assert target.read_text() == "whole"
    else:
        with filled(target, last="b") if kind == "filled" else atomic(target) as temporary:
            temporary.mkdir(exist_ok=True)
            (temporary / "b").write_text("whole")
        assert [path.name for path in target.iterdir()] == ["b"]
    assert hidden(tmp_path) == [".model2"], "of another file, that another job may be writing"


def test_what_a_living_process_is_writing_stays(tmp_path):
    process = start_writing("folder", tmp_path / "model")
    try:
        remove_leftovers(tmp_path / "model")
        write_text(tmp_path / "model", "whole")
        assert hidden(tmp_path) == [".model"]
    finally:
        kill(process)
    remove_leftovers(tmp_path / "model")
    assert hidden(tmp_path) == []


def test_where_there_are_no_locks_nothing_is_removed_and_files_are_written(tmp_path, monkeypatch):
    kill(start_writing("file", tmp_path / "a.json"))

    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    write_text(tmp_path / "a.json", "whole")
    assert (tmp_path / "a.json").read_text() == "whole"
    assert hidden(tmp_path) == [".a.json"]


def test_names_are_taken_as_they_are(tmp_path):
    kill(start_writing("file", tmp_path / "a1", tmp_path / "a[0-9]"))
    remove_leftovers(tmp_path / "a[0-9]")
    remove_leftovers(tmp_path / "no-folder" / "c.json")
    assert hidden(tmp_path) == [".a1"]


def test_files_of_a_folder_are_moved_the_last_one_last(tmp_path):
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "README.md").write_text("card")
    with pytest.raises(RuntimeError), filled(folder, last="b") as temporary:
        (temporary / "b").write_text("half")
        raise RuntimeError
    assert [path.name for path in folder.iterdir()] == ["README.md"]
    (folder / "c").mkdir()  # no file can take its name
    with pytest.raises(OSError), filled(folder, last="a") as temporary:
        for name in "abc":
            (temporary / name).write_text("whole")
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "b", "c"]
    assert hidden(tmp_path) == []
