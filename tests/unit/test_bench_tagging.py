"""The tagging benchmark works, and its two ways are given the same words."""

import sys

import pytest

from benchmarks import bench_tagging
from medtune.config import TaggerTraining
from tests.unit.tiny_tagger import toy_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return toy_study(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def material(folder):
    return bench_tagging.read(folder / "base", folder, 32, 4, 512, TaggerTraining(epochs=1, learning_rate=3e-3))


def test_both_ways_train_on_and_tag_every_word_in_as_many_steps(material):
    plain, windowed = bench_tagging.measure_plain(material, 0), bench_tagging.measure_windowed(material, 0)
    assert abs(plain.steps - windowed.steps) <= 1
    assert plain.share < 0.5 < windowed.share
    gold = sum(tag.startswith("B-") for row in material.rows["test"] for tag in row["tags"])
    for found in (plain, windowed):
        assert found.counts[:, [0, 2]].sum() == gold
        assert min(found.training, found.tagging) > 0


def test_rows_of_512_hold_each_word_once(material):
    documents = material.documents["train"]
    long = bench_tagging.SubwordDocument(documents[0].pieces * 40, documents[0].sentences)
    rows = bench_tagging.plain_rows(material, [long, documents[1]])
    assert len(rows) > 2 and max(len(row.input_ids) for row in rows) <= 512
    assert sum(len(row.heads) for row in rows) == len(long.pieces) + len(documents[1].pieces)
    ids, mask = bench_tagging.padded(rows[-1:], 0)
    assert ids.shape == mask.shape == (1, 512)
    assert int(mask.sum()) == len(rows[-1].input_ids)


def test_the_report_has_both_ways_and_their_ratios(folder, monkeypatch, capsys):
    arguments = ["--data", str(folder), "--rounds", "1", "--max-steps", "2", "--documents", "6", str(folder / "base")]
    monkeypatch.setattr(sys, "argv", ["bench_tagging.py", *arguments, "--window-tokens", "32", "--overlap-tokens", "4"])
    bench_tagging.main()
    text = capsys.readouterr().out
    assert "| padded to 512 | 2 |" in text and "| windows of alike length | 2 |" in text
    assert "times as many words per second; micro-F1" in text
