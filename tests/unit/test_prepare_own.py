"""Splits and manifest of a user's own data."""

import csv
import json
import random

import pytest

from medtune.files import sha256_of
from tests.unit.own_data import SPLITS, all_rows, prepared, refusal, section

LABELS = ("current", "former", "never")


def notes(path, count=30, columns=("note", "status", "patient"), order=None, extra=()):
    """A CSV file of notes, each third of a label; two notes a patient. order: seed of the order of rows."""
    rows = [(f"Note {n}, smoker since {n}.", LABELS[n % 3], f"p{n // 6}-{n % 3}") for n in range(count)]
    rows += list(extra)
    if order is not None:
        random.Random(order).shuffle(rows)
    with open(path, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


COLUMNS = {"text": "note", "label": "status"}
GROUPED = {**COLUMNS, "group": "patient"}


def test_rows_hold_the_examples_and_the_manifest_says_what_came_of_the_file(tmp_path):
    splits, manifest = prepared(tmp_path, section("labels", notes(tmp_path / "n.csv"), columns=COLUMNS, license="CC0"))
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 24, "validation": 3, "test": 3}
    assert all_rows(splits)["2"] == {
        "id": "2",
        "text": "Note 1, smoker since 1.",
        "source": "n.csv",
        "label": "former",
    }
    (source,) = manifest["sources"]
    assert source == {
        "name": "n.csv",
        "format": "csv",
        "path": str(tmp_path / "n.csv"),
        "sha256": {"n.csv": sha256_of(tmp_path / "n.csv")},
        "licence": "CC0",
        "records": 30,
    }
    assert manifest["labels_by_split"]["test"] == dict.fromkeys(LABELS, 1)
    assert manifest["files"]["test.jsonl"] == sha256_of(tmp_path / "test.jsonl")
    assert manifest["leakage"]["twins"] == 0


def test_the_splits_are_the_same_for_a_seed_whatever_the_order_of_the_records(tmp_path):
    def texts(order, seed=42):
        options = section("labels", notes(tmp_path / "n.csv", order=order), columns=GROUPED)
        splits, _ = prepared(tmp_path / "out", options, seed)
        return {split: [row["text"] for row in rows] for split, rows in splits.items()}

    assert texts(None) == texts(1) == texts(2)
    assert texts(None) != texts(None, seed=43)


def test_no_split_parts_a_group_nor_notes_with_the_same_text(tmp_path):
    extra = [("No  change!", "never", f"q{n}") for n in range(4)] + [("No change", "never", "p0-0")]
    splits, manifest = prepared(
        tmp_path, section("labels", notes(tmp_path / "n.csv", 60, extra=extra), columns=GROUPED)
    )
    homes = {}
    for split, rows in splits.items():
        for row in rows:
            assert homes.setdefault(row["group"], split) == split
    assert {homes[name] for name in ("q0", "q1", "q2", "q3", "p0-0")} == {homes["q0"]}
    assert manifest["groups"] == {split: len({row["group"] for row in splits[split]}) for split in SPLITS}


def test_near_twins_of_training_texts_are_counted(tmp_path):
    text = "Seen today for cough that began in the spring of {} and has not gone since"
    extra = [(text.format(year), "never", f"x{year}") for year in range(40)]
    splits, manifest = prepared(tmp_path, section("labels", notes(tmp_path / "n.csv", extra=extra), columns=COLUMNS))
    expected = {split: sum(row["text"].startswith("Seen") for row in splits[split]) for split in SPLITS}
    assert expected["test"] > 0
    found = manifest["leakage"]["near_twins"]
    assert (found["validation"], found["test"]) == (expected["validation"], expected["test"])


def given(path, *rows):
    """JSON lines of texts, labels, splits and groups."""
    names = ("text", "label", "split", "group")
    path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    return path


FIT = [("a", "never", "train", "1"), ("b", "never", "validation", "2"), ("c", "never", "test", "3")]
NEVER = {"labels": ["never", "former"]}


def test_given_splits_are_taken(tmp_path):
    rows = [*FIT, ("d", "former", "train", "1"), ("e", "former", "test", "4")]
    options = section("labels", given(tmp_path / "n.jsonl", *rows), names=NEVER, columns={"split": "split"})
    splits, _ = prepared(tmp_path, options)
    texts = {split: sorted(row["text"] for row in rows) for split, rows in splits.items()}
    assert texts == {"train": ["a", "d"], "validation": ["b"], "test": ["c", "e"]}
    assert all("split" not in row for row in splits["train"])


def test_a_folder_with_a_file_for_each_split_gives_the_splits(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for split in SPLITS:
        notes(folder / f"{split}.csv", 3, extra=[(f"Only {split}.", "never", split)])
    for split, file in (("validation", "validation.csv"), ("test", "test.csv")):
        (folder / file).write_text((folder / file).read_text().replace("Note", f"In {split}"))
    splits, manifest = prepared(tmp_path, section("labels", folder, format="csv", columns=COLUMNS))
    assert {row["id"] for row in splits["test"]} == {"test/1", "test/2", "test/3", "test/4"}
    assert set(manifest["sources"][0]["sha256"]) == {"train.csv", "validation.csv", "test.csv"}
    (folder / "test.csv").unlink()
    assert "0 files are named test; expected a file, or a folder" in refusal(
        tmp_path, section("labels", folder, format="csv", columns=COLUMNS)
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            [("a2", "former", "train", "9"), ("x", "former", "test", "1")],
            'line 5: the group "1" stands in test and, at ',
        ),
        ([("x", "former", "train", "9"), ("A!", "former", "test", "8")], "the same text stands in test and, at "),
        ([("x", "former", "dev", "9")], 'line 4: unknown split "dev"; expected one of train, validation, test'),
        ([("x", "former", "validatoin", "9")], 'did you mean "validation"?'),
        ([("x", "former", "test", "9")], 'no record of the split train has "former"'),
        ([("x", "former", "", "9")], "line 4: the split is empty; expected text"),
    ],
)
def test_faulty_given_splits_are_refused(tmp_path, more, message):
    path = given(tmp_path / "n.jsonl", *FIT, *more)
    options = section("labels", path, names=NEVER, columns={"split": "split", "group": "group"})
    assert message in refusal(tmp_path, options)


def test_given_splits_that_lack_one_are_refused(tmp_path):
    path = given(tmp_path / "n.jsonl", *FIT[:2], ("x", "former", "train", "7"))
    message = refusal(tmp_path, section("labels", path, names=NEVER, columns={"split": "split"}))
    assert message == f"{path}: no record is of the split test; expected some of each of train, validation, test"


def test_a_label_with_one_example_or_of_one_group_is_refused(tmp_path):
    names = {"labels": [*LABELS, "unknown"]}
    path = notes(tmp_path / "n.csv", extra=[("Asked twice.", "unknown", "q")])
    assert 'row 31 (line 32): the label "unknown" has one example alone, which cannot be split' in refusal(
        tmp_path, section("labels", path, names=names, columns=COLUMNS)
    )
    path = notes(tmp_path / "n.csv", extra=[("Asked.", "unknown", "q"), ("Asked twice.", "unknown", "q")])
    assert "has examples of one group or text alone" in refusal(
        tmp_path, section("labels", path, names=names, columns=GROUPED)
    )
    prepared(tmp_path, section("labels", path, names=names, columns=COLUMNS))


def test_too_few_records_for_three_splits_are_refused(tmp_path):
    path = notes(tmp_path / "n.csv", 6)
    assert "split would be empty: 6 records are too few" in refusal(tmp_path, section("labels", path, columns=COLUMNS))


def entities_at(text, *found):
    return [{"start": text.index(word), "end": text.index(word) + len(word), "type": kind} for word, kind in found]


def test_a_rare_type_stands_in_every_split_and_the_manifest_counts_types(tmp_path):
    lines = []
    for number in range(40):
        text = f"Aspirin {number} for pain."
        found = [("Aspirin", "Drug")] + ([("pain", "Problem")] if number in (3, 20, 31) else [])
        lines.append({"id": f"n{number}", "text": text, "entities": entities_at(text, *found)})
    (tmp_path / "n.jsonl").write_text("\n".join(map(json.dumps, lines)))
    splits, manifest = prepared(tmp_path, section("spans", tmp_path / "n.jsonl", columns={"id": "id"}))
    assert manifest["entities_by_split"] == {
        "train": {"Drug": 32, "Problem": 1},
        "validation": {"Drug": 4, "Problem": 1},
        "test": {"Drug": 4, "Problem": 1},
    }
    assert all_rows(splits)["n3"]["entities"][1] == {"start": 14, "end": 18, "type": "Problem", "text": "pain"}
    assert "labels_by_split" not in manifest


@pytest.mark.parametrize("kind", ["answers", "spans"])
def test_one_patient_alone_cannot_be_split_and_the_sentence_says_so(tmp_path, kind):
    entities = [{"start": 0, "end": 4, "type": kind} for kind in ("Drug", "Problem")]
    rows = [{"p": "1", "text": f"Note {n}", "question": f"Q {n}", "answer": "A"} for n in range(9)]
    rows = [{**row, "entities": entities} for row in rows]
    (tmp_path / "n.jsonl").write_text("\n".join(map(json.dumps, rows)))
    message = refusal(tmp_path, section(kind, tmp_path / "n.jsonl", columns={"group": "p"}))
    assert message.startswith(f"{tmp_path / 'n.jsonl'}: the validation split would be empty: 1 ")
    assert message.endswith("add more; records of one group, or with the same text, count as one")


def test_a_label_of_few_patients_who_have_others_too_can_be_learnt(tmp_path):
    """Two of 40 patients have the rare label once each; both went to test for some seeds."""
    extra = [(f"Rare {n}.", "unknown", f"p{n}-0") for n in (1, 5)]
    path = notes(tmp_path / "n.csv", 120, extra=extra)
    names = {"labels": [*LABELS, "unknown"]}
    for seed in range(25):
        _, manifest = prepared(tmp_path / "out", section("labels", path, names=names, columns=GROUPED), seed)
        assert manifest["labels_by_split"]["train"]["unknown"] == 1
        assert manifest["labels_by_split"]["test"]["unknown"] == 1


def test_a_label_that_is_drawn_into_held_out_splits_alone_is_told(tmp_path, monkeypatch):
    def unlucky(units, **_):
        rare = [unit for unit in units if "never" in unit.types]
        others = [unit for unit in units if unit not in rare]
        return {"train": others[2:], "validation": others[:2], "test": rare}

    monkeypatch.setattr("medtune.data.own.splitting.stratified_split", unlucky)
    path = notes(tmp_path / "n.csv")
    assert refusal(tmp_path, section("labels", path, columns=COLUMNS)) == (
        f'{path}: no record of the split train has "never", so that it cannot be learnt, as the splits are drawn; '
        "add some, or give the splits in a column"
    )
