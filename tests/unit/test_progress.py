"""Finished work on disk."""

import pytest

from medtune.inference import progress
from medtune.inference.progress import Journal, Progress, TimedProgress


def test_what_was_appended_is_there_again(tmp_path):
    progress = Progress(tmp_path / "done.jsonl")
    progress.append([{"text": "a\u2028b", "p": 0.1}])
    progress.append([])
    assert Progress(tmp_path / "done.jsonl").done == progress.done == [[{"text": "a\u2028b", "p": 0.1}], []]


def test_a_journal_can_be_read_again_while_it_grows(tmp_path):
    journal = Journal(tmp_path / "done.jsonl")
    assert (journal.length, list(journal)) == (0, [])
    journal.append([1])
    assert (journal.length, list(journal)) == (1, [[1]])
    again = Journal(tmp_path / "done.jsonl")
    again.append({"a": 2})
    assert (again.length, list(again), list(again)) == (2, [[1], {"a": 2}], [[1], {"a": 2}])


@pytest.mark.parametrize("torn", [b'[{"text": "b', b"[2]", b"[2]\x00\x00", b"\x00\x00\n[3]\n", b"\xff\n"])
def test_a_torn_end_is_cut_off_and_work_goes_on_behind_it(tmp_path, torn):
    path = tmp_path / "done.jsonl"
    path.write_bytes(b"[1]\n" + torn)
    progress = Progress(path)
    assert progress.done == [[1]]
    progress.append([2])
    assert path.read_bytes() == b"[1]\n[2]\n"


def test_times_of_earlier_runs_are_added(tmp_path, monkeypatch):
    clock = iter([10.0, 13.0, 14.0, 100.0, 105.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    first = TimedProgress(tmp_path / "done", tmp_path / "times")
    first.append([1, 2])
    first.append([3])
    assert (first.items, first.seconds) == (3, 4.0)
    second = TimedProgress(tmp_path / "done", tmp_path / "times")
    assert (second.done, second.items, second.seconds) == ([[1, 2], [3]], 3, 4.0)
    second.append([4])
    assert (second.items, second.seconds) == (4, 9.0)
