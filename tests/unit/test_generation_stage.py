"""The generate stage: predictions of a task, the same however often the job was killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from peft import LoraConfig, get_peft_model

from medtune.data.predictions import LONGER_GOLD
from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.stages import generate as generation
from medtune.stages.generate import Job, generate_predictions
from medtune.studies import get_task
from medtune.studies.yesno.template import YesNoTask
from tests.conftest import ROOT
from tests.unit.tiny_model import tiny_model

RUN = """
import json, sys
from pathlib import Path
from medtune.stages.generate import Job, generate_predictions
job, predictions, state = sys.argv[1:]
generate_predictions(Job.model_validate_json(job), Path(predictions), Path(state))
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Base model, adapter and two splits on disk."""
    folder = tmp_path_factory.mktemp("material")
    model, tokenizer = tiny_model()
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    write_json(folder / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    get_peft_model(model, LoraConfig(target_modules="all-linear", init_lora_weights=False)).save_pretrained(
        folder / "adapter"
    )
    tokenizer.save_pretrained(folder / "adapter")
    write_json(
        folder / "adapter" / "template.json",
        {"template_hash": get_task("yesno").template_hash, "base_fingerprint": "base-1", "base_model": "tiny"},
    )
    for split, n in (("validation", 5), ("test", 25)):
        rows = [
            {
                "id": f"{split}-{i}",
                "question": f"Is drug {i * i} useful" + " often" * (i % 7) + "?",
                "label": "Yes",
                "rationale": "It is." if i % 12 == 11 else "",
            }
            for i in range(n)
        ]
        write_jsonl(folder / f"{split}.jsonl", rows)
    return folder


def job_of(material, adapter=True, **changes):
    return Job(
        **{
            "task": "yesno",
            "settings": {"max_new_tokens": 32, "batch_tokens": 200},
            "seed": 1,
            "splits": {split: material / f"{split}.jsonl" for split in ("validation", "test")},
            "base": material / "base",
            "adapter": material / "adapter" if adapter else None,
            **changes,
        }
    )


def predictions_of(job, folder):
    generate_predictions(job, folder / "predictions.jsonl", folder / "state")
    return (folder / "predictions.jsonl").read_bytes()


def test_each_example_has_one_row_in_order_with_all_that_scoring_needs(material, tmp_path):
    predictions_of(job_of(material), tmp_path)
    rows = read_jsonl(tmp_path / "predictions.jsonl")
    expected = [(split, f"{split}-{i}") for split, n in (("validation", 5), ("test", 25)) for i in range(n)]
    assert [(row["split"], row["id"]) for row in rows] == expected
    for row in rows:
        parsed = get_task("yesno").parse(row["raw"])
        assert (row["value"], row["status"]) == (parsed.value, parsed.status)
        assert row["label_log_likelihoods"].keys() == {"Yes", "No", "Uncertain"}
        assert all(value < 0 for value in row["label_log_likelihoods"].values())
        assert 0 <= row["confidence"] <= 1
        assert row["output_tokens"] <= 32
        assert row["finish"] in ("eos", "length")
    assert list(tmp_path.iterdir()) == [tmp_path / "predictions.jsonl"]


def test_gold_answers_that_cannot_be_generated_in_full_are_marked_and_told(material, tmp_path, caplog):
    tokenizer, task = tiny_model()[1], YesNoTask()
    lengths = {
        (split, example["id"]): len(task.render(example, tokenizer).completion)
        for split in ("validation", "test")
        for example in read_jsonl(material / f"{split}.jsonl")
    }
    limit = min(lengths.values())  # the closing EOS counts
    longer = {key for key, length in lengths.items() if length > limit}
    assert longer == {("test", "test-11"), ("test", "test-23")}
    predictions_of(job_of(material, settings={"max_new_tokens": limit, "batch_tokens": 200}), tmp_path)
    rows = read_jsonl(tmp_path / "predictions.jsonl")
    assert {(row["split"], row["id"]) for row in rows if LONGER_GOLD in row} == longer
    assert f"test.jsonl: 2 of 25 gold answers have more tokens than generation.max_new_tokens = {limit}" in caplog.text
    assert "validation.jsonl" not in caplog.text


def test_tasks_with_parts_get_a_confidence_for_each_and_others_none(material, tmp_path, monkeypatch):
    job = job_of(material, adapter=False)
    predictions_of(job, tmp_path)
    assert not any("part_confidences" in row for row in read_jsonl(tmp_path / "predictions.jsonl"))
    monkeypatch.setattr(YesNoTask, "parts", lambda task, output: [[(0, len(output))], [(0, 1)]])
    predictions_of(job, tmp_path)
    for row in read_jsonl(tmp_path / "predictions.jsonl"):
        whole, first = row["part_confidences"]
        assert 0 <= whole <= first <= 1


def test_the_adapter_is_used(material, tmp_path):
    adapted = predictions_of(job_of(material), tmp_path / "a")
    assert adapted != predictions_of(job_of(material, adapter=False), tmp_path / "b")


def test_the_same_seed_gives_the_same_file_and_another_seed_another(material, tmp_path):
    sampling = {"max_new_tokens": 8, "temperature": 1.0}
    first = predictions_of(job_of(material, settings=sampling), tmp_path / "a")
    assert first == predictions_of(job_of(material, settings=sampling), tmp_path / "b")
    assert first != predictions_of(job_of(material, settings=sampling, seed=2), tmp_path / "c")


def test_a_job_killed_in_the_middle_ends_with_the_file_of_an_undisturbed_one(material, tmp_path):
    job = job_of(material, settings={"max_new_tokens": 64, "batch_tokens": 200})
    undisturbed = predictions_of(job, tmp_path / "undisturbed")
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", RUN, job.model_dump_json(), folder / "predictions.jsonl", folder / "state"]
    # The number of threads decides how sums are rounded.
    threads = str(torch.get_num_threads())
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts"), "OMP_NUM_THREADS": threads}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    done = folder / "state" / "done.jsonl"
    try:
        while not done.exists() or len(done.read_bytes().splitlines()) < 2:
            assert process.poll() is None
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (folder / "predictions.jsonl").exists()
    before = [row for line in done.read_text().splitlines() for row, _ in json.loads(line)]
    assert 0 < len(before) < 30

    again = subprocess.run(
        [sys.executable, "-c", "import logging; logging.basicConfig(level='INFO')\n" + RUN, *command[3:]],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{len(before)} of 30 prompts are answered already" in again.stderr
    assert (folder / "predictions.jsonl").read_bytes() == undisturbed
    assert not (folder / "state").exists()


def test_work_of_other_settings_is_not_taken_up(material, tmp_path, monkeypatch):
    monkeypatch.setattr(generation, "write_jsonl", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        predictions_of(job_of(material, settings={"max_new_tokens": 4}), tmp_path / "a")
    monkeypatch.undo()
    other = job_of(material, settings={"max_new_tokens": 8})
    assert predictions_of(other, tmp_path / "a") == predictions_of(other, tmp_path / "b")


@pytest.fixture
def earlier(material, tmp_path):
    """A copy of the adapter, and predictions that say by which they are: what an earlier run left."""
    folder = tmp_path / "earlier"
    shutil.copytree(material / "adapter", folder / "adapter")
    rows = [{"id": f"{split}-{i}", "split": split} for split, n in (("validation", 5), ("test", 25)) for i in range(n)]
    write_jsonl(folder / "predictions.jsonl", rows)
    return {"earlier_adapter": folder / "adapter", "earlier_predictions": folder / "predictions.jsonl"}


def test_predictions_of_the_same_adapter_are_copied(material, earlier, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(generation, "_load", None)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "done.jsonl").write_text("work of another adapter")
    with caplog.at_level("INFO"):
        copied = predictions_of(job_of(material, **earlier), tmp_path)
    assert copied == earlier["earlier_predictions"].read_bytes()
    assert "is of the same adapter: its predictions are copied" in caplog.text
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("file", ["adapter_config.json", "adapter_model.safetensors", "template.json"])
def test_predictions_of_another_adapter_are_not_copied(material, earlier, tmp_path, monkeypatch, file):
    with open(earlier["earlier_adapter"] / file, "ab") as stream:
        stream.write(b" ")
    must_generate(job_of(material, **earlier), tmp_path, monkeypatch)


@pytest.mark.parametrize("change", ["order", "split", "missing"])
def test_predictions_of_other_examples_are_not_copied(material, earlier, tmp_path, monkeypatch, change):
    rows = read_jsonl(earlier["earlier_predictions"])
    changed = {
        "order": [rows[1], rows[0], *rows[2:]],
        "split": [{**rows[0], "split": "test"}, *rows[1:]],
        "missing": rows[:-1],
    }
    write_jsonl(earlier["earlier_predictions"], changed[change])
    must_generate(job_of(material, **earlier), tmp_path, monkeypatch)


def must_generate(job, folder, monkeypatch):
    """See that the model is loaded, which a copy needs not."""
    monkeypatch.setattr(generation, "_load", lambda job: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        predictions_of(job, folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("template_hash", "0" * 64, 'trained with another template of task "yesno"'),
        ("base_fingerprint", "base-2", 'trained on base model "tiny" with other weights'),
    ],
)
def test_an_adapter_of_another_template_or_base_is_refused(material, tmp_path, key, value, message):
    path = material / "adapter" / "template.json"
    original = read_json(path)
    write_json(path, {**original, key: value})
    try:
        with pytest.raises(InputError, match=message):
            predictions_of(job_of(material), tmp_path)
    finally:
        write_json(path, original)
    assert list(tmp_path.iterdir()) == []


def test_a_prompt_that_does_not_fit_the_model_is_named(material, tmp_path):
    write_jsonl(tmp_path / "long.jsonl", [{"id": "q7", "question": "z" * 1200, "label": "No", "rationale": ""}])
    with pytest.raises(
        InputError, match=r'long.jsonl, record "q7": \d+ prompt tokens and up to 32 new ones exceed the 1024'
    ):
        predictions_of(job_of(material, splits={"test": tmp_path / "long.jsonl"}), tmp_path)
