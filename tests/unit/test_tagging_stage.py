"""The tag stage: a prediction for every word, the same file each time, honest confidences."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from medtune.data.bio import repair, spans_of
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.span_scores import SpanDocument, count_spans
from medtune.stages import tag as tagging
from medtune.stages.tag import Job, tag_documents
from tests.unit.killed import hidden, kill, start_writing
from tests.unit.test_tagger_training import job_of, run
from tests.unit.tiny_tagger import TAGS, toy_study

SPLITS = ("validation", "test")
OUTPUTS = ("predictions.jsonl", "tagging.json", "tagger.json", "tag.py")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Data, and a model that has not learned all of it."""
    folder = toy_study(tmp_path_factory.mktemp("study"))
    run(job_of(folder, {"max_steps": 12}), folder)
    return folder


def tag(study, folder, **changes):
    torch.set_num_threads(1)
    job = Job(
        **{
            "model": study / "model",
            "splits": {split: study / f"{split}.jsonl" for split in SPLITS},
            "tags": study / "tags.json",
            "window_tokens": 40,
            "overlap_tokens": 8,
            "batch_tokens": 400,
            **changes,
        }
    )
    tag_documents(job, *(folder / name for name in OUTPUTS))
    return read_jsonl(folder / "predictions.jsonl"), read_json(folder / "tagging.json")


@pytest.fixture(scope="module")
def tagged(study, tmp_path_factory):
    return tag(study, tmp_path_factory.mktemp("tagged"))


def test_every_word_of_every_document_has_a_tag_and_two_confidences(study, tagged):
    predictions, _ = tagged
    rows = [(split, row) for split in SPLITS for row in read_jsonl(study / f"{split}.jsonl")]
    assert [(found["split"], found["id"]) for found in predictions] == [(split, row["id"]) for split, row in rows]
    for (_, row), found in zip(rows, predictions, strict=True):
        assert set(found) == {"id", "split", "tags", "confidence", "calibrated"}
        assert len(row["words"]) == len(found["tags"]) == len(found["confidence"]) == len(found["calibrated"])
        assert set(found["tags"]) <= set(TAGS)
        assert all(0 < value <= 1 for name in ("confidence", "calibrated") for value in found[name])


def test_transitions_are_chosen_on_validation(study, tagged, tmp_path):
    options = {"transition_weights": [0.0, 0.4, 50.0], "outside_scores": [0.0, 40.0], "train": study / "train.jsonl"}
    predictions, record = tag(study, tmp_path, **options)
    assert record["transition_weight"] in (0.0, 0.4), "with 50 the documents would play no part"
    assert record["outside_score"] == 0.0, "with 40 nothing would be found"

    def f1(found):
        gold = {row["id"]: row["tags"] for row in read_jsonl(study / "validation.jsonl")}
        pairs = [(spans_of(gold[row["id"]]), spans_of(row["tags"])) for row in found if row["split"] == "validation"]
        return f1_of_counts(count_spans(SpanDocument(*pair) for pair in pairs).f1_counts().sum(axis=0)[None])[0]

    assert f1(predictions) >= f1(tagged[0])
    assert all(repair(row["tags"])[1] == 0 for row in predictions)
    assert (tagged[1]["transition_weight"], tagged[1]["outside_score"]) == (0.0, 0.0)


def test_tags_are_valid_where_the_likeliest_tag_of_each_word_is_not(tagged):
    predictions, record = tagged
    assert record["stray_inside"] > 0, "the model should not be perfect"
    assert not any(repair(found["tags"])[1] for found in predictions)


def test_the_temperature_fits_the_validation_split(tagged):
    predictions, record = tagged
    assert record["nll_after"] < record["nll_before"]
    assert record["n_calibration_words"] == sum(len(f["tags"]) for f in predictions if f["split"] == "validation")
    moved = [
        (raw, calibrated)
        for found in predictions
        for raw, calibrated in zip(found["confidence"], found["calibrated"], strict=True)
    ]
    assert all((calibrated > raw) == (record["temperature"] < 1) for raw, calibrated in moved if 0.5 < raw < 0.999)


def test_the_record_has_sizes_and_speed(tagged):
    predictions, record = tagged
    assert record["n_documents"] == len(predictions)
    assert record["n_words"] == sum(len(found["tags"]) for found in predictions)
    assert record["windows"] > len(predictions)
    assert record["parameters"] > 1000 and record["words_per_second"] > 0 and record["peak_memory_mb"] > 0


def test_the_same_job_gives_the_same_file_and_batches_only_change_rounding(study, tagged, tmp_path):
    predictions, _ = tagged
    assert tag(study, tmp_path)[0] == predictions
    other, _ = tag(study, tmp_path, batch_tokens=50)
    for one, two in zip(predictions, other, strict=True):
        assert one["tags"] == two["tags"]
        assert one["confidence"] == pytest.approx(two["confidence"], abs=1e-4)


def test_a_job_that_ends_amid_its_predictions_leaves_nothing(study, tmp_path, monkeypatch):
    calls = iter(range(50))
    monkeypatch.setattr(tagging, "rounded", lambda value: value if next(calls) < 40 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tag(study, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_job_left_half_written_is_removed_by_the_next(study, tagged, tmp_path):
    kill(start_writing("file", *(tmp_path / name for name in OUTPUTS)))
    assert len(hidden(tmp_path)) == len(OUTPUTS)
    assert tag(study, tmp_path)[0] == tagged[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(OUTPUTS)


def test_a_model_for_other_tags_is_refused(study, tmp_path):
    write_json(tmp_path / "tags.json", {"tags": [TAGS[0], *reversed(TAGS[1:])]})
    with pytest.raises(InputError, match=r"model: trained for 5 tags that are not those of the data; train it again"):
        tag(study, tmp_path, tags=tmp_path / "tags.json")
    assert not (tmp_path / "predictions.jsonl").exists()


def test_the_shipped_script_tags_every_document_as_the_stage_did(study, tmp_path):
    """Without this package, from the texts: the words and sentences are found anew."""
    options = {"cuttings": 3, "transition_weights": [0.4], "outside_scores": [0.5], "train": study / "train.jsonl"}
    shipped, texts = tmp_path / "shipped", tmp_path / "texts"
    shutil.copytree(study / "model", shipped)
    texts.mkdir()
    predictions, _ = tag(study, tmp_path, **options)
    for name in ("tagger.json", "tag.py"):
        shutil.copy(tmp_path / name, shipped)
    rows = [row for split in SPLITS for row in read_jsonl(study / f"{split}.jsonl")]
    for row in rows:
        ends = [*row["sentences"][1:], len(row["words"])]
        lines = [" ".join(row["words"][start:end]) for start, end in zip(row["sentences"], ends, strict=True)]
        (texts / f"{row['id']}.txt").write_text("\n".join(lines))
    files = [str(texts / f"{row['id']}.txt") for row in rows]
    command = [sys.executable, "-I", str(shipped / "tag.py"), "--device", "cpu", *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=texts)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["entities"] for line in done.stdout.splitlines()]
    for row, prediction, entities in zip(rows, predictions, found, strict=True):
        expected = [
            (
                " ".join(row["words"][span.start : span.end]),
                span.label,
                min(prediction["calibrated"][span.start : span.end]),
            )
            for span in spans_of(prediction["tags"])
        ]
        assert [(entity["text"], entity["label"]) for entity in entities] == [item[:2] for item in expected]
        assert [entity["confidence"] for entity in entities] == pytest.approx([item[2] for item in expected], abs=1e-5)
    assert sum(map(len, found)) > 20


def test_window_offsets_and_transitions_of_the_settings_play_a_part(study, tmp_path):
    """What would be lost without them, so that the test above can fail."""
    options = {"cuttings": 3, "transition_weights": [4.0], "outside_scores": [2.0], "train": study / "train.jsonl"}
    predictions, _ = tag(study, tmp_path, **options)
    assert [row["tags"] for row in predictions] != [row["tags"] for row in tag(study, tmp_path)[0]]
