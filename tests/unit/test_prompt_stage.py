"""The method `prompt` on the generate stage: examples before questions, labels by likelihood, what it took."""

import json

import numpy as np
import pytest

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.kinds.labels.score import score as score_labels
from medtune.metrics.softmax import log_softmax
from medtune.stages import generate as stage
from medtune.stages.generate import Job, generate_predictions
from medtune.studies import part_of
from tests.unit.tiny_model import tiny_model

ENTITIES = [
    {"start": 0, "end": 7, "type": "Drug", "text": "Aspirin"},
    {"start": 12, "end": 16, "type": "Sign", "text": "pain"},
]
KINDS = {
    "labels": {"labels": ["Yes", "No", "Unknown"]},
    "spans": {"entities": ["Drug", "Sign"]},
    "relations": {"entities": ["Drug", "Sign"], "relations": {"treats": {"heads": ["Drug"], "tails": ["Sign"]}}},
    "answers": {},
}


def example(split, n):
    """One example of all kinds. No two have five words in common."""
    return {
        "id": f"{split}-{n}",
        "text": f"Aspirin for pain {split}{n}{' and cough' * (n % 3)}",
        "label": KINDS["labels"]["labels"][n % 3],
        "entities": ENTITIES,
        "relations": [{"head": 0, "tail": 1, "type": "treats"}],
        "answer": "It is for pain.",
    }


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Base model and splits on disk."""
    folder = tmp_path_factory.mktemp("material")
    model, tokenizer = tiny_model()
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    write_json(folder / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    for split, n in (("train", 9), ("validation", 3), ("test", 12)):
        write_jsonl(folder / f"{split}.jsonl", [example(split, number) for number in range(n)])
    return folder


def write_rows(path, rows):
    """One JSON value on each line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def job_of(material, kind="labels", settings=None, **prompting):
    """prompting: what is not as by default; shots come from the training split."""
    return Job(
        task=f"own_{kind}",
        task_options={"study": "mine", "prompt": "Text: {text}\nAnswer:", **KINDS[kind]},
        settings={"max_new_tokens": 24, "batch_tokens": 2000, **(settings or {})},
        seed=1,
        splits={split: material / f"{split}.jsonl" for split in ("validation", "test")},
        base=material / "base",
        prompting={"train": material / "train.jsonl", "shots": 2, **prompting},
    )


def answered(job, folder):
    """Rows, answering.json and training.json."""
    files = [folder / name for name in ("predictions.jsonl", "answering.json", "training.json")]
    generate_predictions(job, files[0], folder / "state", answering=files[1], record=files[2])
    assert sorted(folder.iterdir()) == sorted(files)
    return read_jsonl(files[0]), read_json(files[1]), read_json(files[2])


def test_answers_after_random_examples_say_which_and_what_it_took(material, tmp_path):
    rows, took, record = answered(job_of(material), tmp_path)
    assert [row["id"] for row in rows] == [f"validation-{n}" for n in range(3)] + [f"test-{n}" for n in range(12)]
    (shown,) = {tuple(row["shots"]) for row in rows}
    labels = [example("train", int(name.removeprefix("train-")))["label"] for name in shown]
    assert len(set(labels)) == 2
    assert not any("\n\n" in row["raw"].lstrip() for row in rows)
    assert (took["documents"], took["device"]) == (15, "cpu")
    assert took["seconds"] > 0
    assert took["peak_memory_mb"] > 10
    assert (took["shots"]["mean_shown"], took["shots"]["documents_with_fewer"]) == (2, 0)
    assert record == {
        "method": "prompt",
        "trainable_parameters": 0,
        "train_seconds": 0.0,
        "peak_memory_mb": 0.0,
        "device": "cpu",
        "examples": 9,
        "base_model": {"name": "tiny", "fingerprint": "base-1"},
    }


def test_the_seed_of_the_examples_alone_changes_them(material, tmp_path):
    def run(name, **prompting):
        generate_predictions(job_of(material, **prompting), tmp_path / name, tmp_path / "state")
        return (tmp_path / name).read_bytes()

    first = run("a", seed=1)
    assert run("b", seed=1) == first
    assert run("c", seed=2) != first


def test_without_examples_a_plain_model_answers_as_it_does_without_the_method(material, tmp_path):
    rows, _, _ = answered(job_of(material, shots=0, train=None), tmp_path / "prompt")
    plain = job_of(material).model_copy(update={"prompting": None})
    generate_predictions(plain, tmp_path / "base.jsonl", tmp_path / "state")
    assert [{key: row[key] for key in row if key != "shots"} for row in rows] == read_jsonl(tmp_path / "base.jsonl")
    assert {tuple(row["shots"]) for row in rows} == {()}


def test_labels_by_likelihood_are_the_largest_and_are_written_as_the_task_does(material, tmp_path, monkeypatch):
    monkeypatch.setattr("medtune.inference.generation.generate", None)
    rows, took, _ = answered(job_of(material, by="likelihood"), tmp_path)
    for row in rows:
        likelihoods = row["label_log_likelihoods"]
        label = max(likelihoods, key=likelihoods.get)
        assert (row["raw"], row["value"]["label"], row["status"]) == (f" {label}.", label, "ok")
        assert row["confidence"] == pytest.approx(np.exp(log_softmax(list(likelihoods.values()))).max(), rel=1e-4)
        assert row["prompt_tokens"] > 0
        assert (row["output_tokens"], row["finish"]) == (None, None)
    assert took["documents"] == 15
    assert took["seconds"] > 0
    gold = {split: read_jsonl(material / f"{split}.jsonl") for split in ("validation", "test")}
    test = score_labels(gold, rows, 1, **KINDS["labels"]).metrics["splits"]["test"]
    right = [row["value"]["label"] == one["label"] for row, one in zip(rows[3:], gold["test"], strict=True)]
    assert test["accuracy"]["value"] == pytest.approx(np.mean(right))


@pytest.mark.parametrize("examples", ["random", "similar"])
def test_calibrated_labels_are_those_of_one_prompt_at_a_time(material, tmp_path, examples):
    import torch

    rows, _, _ = answered(job_of(material, by="likelihood", calibrated=True, examples=examples), tmp_path)
    model, tokenizer = tiny_model()
    task = stage.get_task("own_labels", study="mine", prompt="Text: {text}\nAnswer:", **KINDS["labels"])
    train = {row["id"]: row for row in read_jsonl(material / "train.jsonl")}
    texts = {row["id"]: row["text"] for row in read_jsonl(material / "test.jsonl")}

    def shares(context, text):
        ids = tokenizer(f"Text: {text}\nAnswer:", add_special_tokens=False)["input_ids"]
        scores = []
        for label in task.label_tokens(tokenizer):
            with torch.no_grad():
                logits = model(torch.tensor([[*context, *ids, *label]])).logits[0].log_softmax(-1)
            scores.append(sum(logits[-len(label) - 1 + k, token].item() for k, token in enumerate(label)))
        return np.exp(log_softmax(scores))

    for row in [row for row in rows if row["split"] == "test"][:4]:
        pieces = [
            piece
            for name in row["shots"]
            for piece in (f"Text: {train[name]['text']}\nAnswer:", f" {train[name]['label']}.", "\n\n")
        ]
        context = [token for piece in pieces for token in tokenizer(piece, add_special_tokens=False)["input_ids"]]
        prior = np.mean([shares(context, text) for text in ("N/A", "(MASK]", "")], axis=0)
        expected = shares(context, texts[row["id"]]) / prior
        found = np.exp([row["label_log_likelihoods"][label] for label in task.labels])
        np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-3)


@pytest.mark.parametrize("kind", ["labels", "spans", "relations"])
def test_constrained_answers_of_all_kinds_with_a_form_break_off_at_most(material, tmp_path, kind):
    free, _, _ = answered(job_of(material, kind), tmp_path / "free")
    rows, _, _ = answered(job_of(material, kind, {"constrained": True}), tmp_path / "held")
    assert {row["status"] for row in rows} <= {"ok", "truncated"}
    assert not {row["status"] for row in free} <= {"ok", "truncated"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_scorer_of_each_kind_reads_the_answers(material, tmp_path, kind):
    job = job_of(material, kind)
    rows, _, _ = answered(job, tmp_path)
    gold = {split: read_jsonl(path) for split, path in job.splits.items()}
    scores = part_of(job.task, "score").score(gold, rows, 1, **job.task_options)
    assert [item["id"] for item in scores.items] == [row["id"] for row in rows]
    assert scores.metrics["splits"]["test"]["n"] == 12


def test_answers_in_words_have_no_form(material, tmp_path):
    assert answered(job_of(material, "answers"), tmp_path / "free")[0]
    with pytest.raises(InputError, match='constrained: the task "mine" has no form of answers; set it to false'):
        answered(job_of(material, "answers", {"constrained": True}), tmp_path / "held")


def test_an_adapter_is_not_prompted(material):
    with pytest.raises(ValueError, match="an adapter is asked as it was trained"):
        Job(**{**job_of(material).model_dump(), "adapter": material / "adapter"})


def test_likelihood_is_for_labels_alone(material, tmp_path):
    with pytest.raises(InputError, match='by: likelihood: the task "mine" has no closed set of labels'):
        answered(job_of(material, "spans", by="likelihood"), tmp_path)


def test_examples_that_do_not_fit_the_model_are_counted(material, tmp_path, caplog):
    question = {**example("test", 0), "text": "z" * 900}
    write_jsonl(tmp_path / "long.jsonl", [question, example("test", 1)])
    job = job_of(material, shots=4).model_copy(update={"splits": {"test": tmp_path / "long.jsonl"}})
    context, prompt = 1024, len("Text: ") + 900
    generate_predictions(job, tmp_path / "out", tmp_path / "state", answering=tmp_path / "answering.json")
    long, short = read_jsonl(tmp_path / "out")
    assert prompt <= long["prompt_tokens"] <= context - 24
    assert len(long["shots"]) < len(short["shots"]) == 4
    counts = read_json(tmp_path / "answering.json")["shots"]
    assert counts["left_out_by_context"] == 4 - len(long["shots"])
    assert counts["documents_with_fewer"] == 1
    assert "1 of 2 questions have fewer than 4 examples" in caplog.text


@pytest.mark.parametrize("finished", [False, True], ids=["part", "all"])
def test_what_answering_took_is_counted_over_all_attempts(material, tmp_path, monkeypatch, finished):
    job = job_of(material, settings={"batch_tokens": 300})
    undisturbed, _, _ = answered(job, tmp_path / "undisturbed")
    monkeypatch.setattr(stage, "write_jsonl", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generate_predictions(job, tmp_path / "out" / "predictions.jsonl", tmp_path / "out" / "state")
    monkeypatch.undo()
    done = tmp_path / "out" / "state" / stage.PROGRESS
    lines = done.read_text().splitlines(keepends=True)
    assert len(lines) > 2
    times = done.with_name(stage.TIMES)
    kept = [[number, 100.0] for number, _ in map(json.loads, times.read_text().splitlines())]
    if not finished:
        done.write_text(lines[0])
        del kept[1:]
    write_rows(times, kept)
    rows, took, _ = answered(job, tmp_path / "out")
    assert rows == undisturbed
    assert took["documents"] == 15
    assert took["seconds"] == pytest.approx(100 * len(kept), abs=60)
    assert finished is (took["seconds"] == 100 * len(kept))
