"""The stage that fits rules to the training split and answers other splits."""

import pytest

from medtune.errors import InputError
from medtune.files import read_json, read_jsonl, write_jsonl
from medtune.stages.apply_rules import Job, apply_rules
from medtune.studies import part_of
from tests.imports import check_no_torch

PROMPT = "Text: {text}\nAnswer:"
GOUT = {"start": 12, "end": 16, "type": "Sign", "text": "gout"}
ASPIRIN = {"start": 0, "end": 7, "type": "Drug", "text": "Aspirin"}
TEXT = "Aspirin for gout."
RELATION = {"treats": {"heads": ["Drug"], "tails": ["Sign"]}}
KINDS = {
    "labels": ({"labels": ["Sign", "Drug"]}, {"label": "Drug"}, "accuracy"),
    "spans": ({"entities": ["Sign", "Drug"]}, {"entities": [ASPIRIN, GOUT]}, "strict_f1"),
    "relations": (
        {"entities": ["Sign", "Drug"], "relations": RELATION},
        {"entities": [ASPIRIN, GOUT], "relations": [{"head": 0, "tail": 1, "type": "treats"}]},
        "relation_f1",
    ),
    "answers": ({}, {"answer": "Rest."}, "ROUGE-L"),
}


def job(folder, kind, rows=3, **changes):
    """A study of `rows` examples in each split, all alike but for their ids."""
    options, annotation, _ = KINDS[kind]
    for split in ("train", "validation", "test"):
        examples = [{"id": f"{split} {n}", "text": TEXT, "source": "x", **annotation} for n in range(rows)]
        write_jsonl(folder / f"{split}.jsonl", examples)
    given = {
        "task": f"own_{kind}",
        "task_options": {"study": "mine", "prompt": PROMPT, **options},
        "train": folder / "train.jsonl",
        "splits": {split: folder / f"{split}.jsonl" for split in ("validation", "test")},
    }
    return Job(**{**given, **changes})


def outputs(folder):
    return {name: folder / f"{name}.json" for name in ("predictions", "training", "answering")}


@pytest.mark.parametrize("kind", KINDS)
def test_rules_of_each_kind_answer_all_examples_and_are_scored(tmp_path, kind):
    figure = KINDS[kind][2]
    work = job(tmp_path, kind)
    files = outputs(tmp_path / "unit")
    apply_rules(work, **files)
    predictions = read_jsonl(files["predictions"])
    assert [(row["split"], row["id"]) for row in predictions] == [
        (split, f"{split} {n}") for split in ("validation", "test") for n in range(3)
    ]
    examples = {split: read_jsonl(path) for split, path in work.splits.items()}
    scores = part_of(f"own_{kind}", "score").score(examples, predictions, 1, **work.task_options)
    assert scores.metrics["splits"]["test"][figure]["value"] == 1
    record, answering = read_json(files["training"]), read_json(files["answering"])
    assert {name: record[name] for name in ("method", "examples", "trainable_parameters", "device")} == {
        "method": "rules",
        "examples": 3,
        "trainable_parameters": 0,
        "device": "cpu",
    }
    assert record["rule"] and record["train_seconds"] > 0 and record["peak_memory_mb"] > 1
    assert (answering["documents"], answering["device"]) == (6, "cpu")
    assert answering["seconds"] > 0 and answering["peak_memory_mb"] > 1


@pytest.mark.parametrize("kind", KINDS)
def test_answers_depend_on_no_annotation_of_what_is_asked(tmp_path, kind):
    """Nor on the seed, which rules have not: a second run writes the same bytes."""
    work = job(tmp_path, kind)
    apply_rules(work, **outputs(tmp_path / "first"))
    bare = [{"id": row["id"], "text": row["text"]} for row in read_jsonl(tmp_path / "test.jsonl")]
    write_jsonl(tmp_path / "test.jsonl", bare)
    apply_rules(work, **outputs(tmp_path / "second"))
    first, second = (outputs(tmp_path / name)["predictions"].read_bytes() for name in ("first", "second"))
    assert first == second


def test_another_field_can_be_read_and_another_study_take_the_rules_of_a_kind(tmp_path):
    rows = [
        {"id": str(n), "question": f"Is {word} good?", "label": label, "rationale": "So."}
        for n, (word, label) in enumerate([("rest", "Yes"), ("smoke", "No")] * 4)
    ]
    for split in ("train", "test"):
        write_jsonl(tmp_path / f"{split}.jsonl", rows)
    files = outputs(tmp_path)
    apply_rules(
        Job(
            task="yesno",
            train=tmp_path / "train.jsonl",
            splits={"test": tmp_path / "test.jsonl"},
            kind="labels",
            text="question",
        ),
        **files,
    )
    found = [row["value"]["label"] for row in read_jsonl(files["predictions"])]
    assert found == [row["label"] for row in rows]


def test_an_empty_training_split_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"train\.jsonl: holds no example"):
        apply_rules(job(tmp_path, "spans", rows=0), **outputs(tmp_path))


def test_a_training_answer_that_cannot_be_written_is_named_by_its_own_id(tmp_path):
    work = job(tmp_path, "answers")
    rows = read_jsonl(work.train)
    write_jsonl(work.train, [*rows[:2], {**rows[2], "answer": "Rest.\nQuestion: why?"}])
    with pytest.raises(InputError, match='mine: id "train 2": a line of the answer begins with "Question:"'):
        apply_rules(work, **outputs(tmp_path))
    assert not any(path.exists() for path in outputs(tmp_path).values())


def test_rules_need_no_torch():
    check_no_torch("medtune.stages.apply_rules", *(f"medtune.methods.rules.{kind}" for kind in KINDS))
