"""The user's data from annotation tools: brat, CoNLL, Label Studio, doccano; and the sentence for each fault."""

import json

import pytest

from medtune.data.related import DISCONTINUOUS
from tests.unit.own_data import all_rows, prepared, refusal, section

TEXT = "Aspirin for pain {}"
SPAN_ENTITIES = [
    {"start": 0, "end": 7, "type": "Drug", "text": "Aspirin"},
    {"start": 12, "end": 16, "type": "Problem", "text": "pain"},
]
TREATS = [{"head": 0, "tail": 1, "type": "treats"}]
COUNT = 20


def dumped(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def lined(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# brat


def brat(folder, names, annotation="T1\tDrug 0 7\tAspirin\nT2\tProblem 12 16\tpain\nR1\ttreats Arg1:T1 Arg2:T2\n"):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text(TEXT.format(number))
        (folder / f"{name}.ann").write_text(annotation)
    return folder


def test_a_folder_of_brat_gives_entities_and_relations(tmp_path):
    folder = brat(tmp_path / "corpus", [f"d{n}" for n in range(COUNT)])
    (folder / "README.txt").write_text("About.")
    splits, manifest = prepared(tmp_path, section("relations", folder))
    assert all_rows(splits)["d3"] == {
        "id": "d3",
        "text": "Aspirin for pain 3",
        "source": "corpus",
        "entities": SPAN_ENTITIES,
        "relations": TREATS,
    }
    assert manifest["sources"][0]["format"] == "brat"
    assert manifest["dropped"][0] == {
        "source": "corpus",
        "reason": "no .ann file",
        "count": 1,
        "examples": ["README"],
    }
    spans, _ = prepared(tmp_path, section("spans", folder))
    assert all_rows(spans)["d3"]["entities"] == SPAN_ENTITIES and "relations" not in all_rows(spans)["d3"]


def test_folders_of_brat_named_after_the_splits_give_them(tmp_path):
    folder = brat(tmp_path / "corpus", [f"{split}/{n}" for split in ("train", "validation", "test") for n in (1, 2)])
    splits, _ = prepared(tmp_path, section("spans", folder))
    assert {split: sorted(row["id"] for row in rows) for split, rows in splits.items()} == {
        split: [f"{split}/1", f"{split}/2"] for split in splits
    }


@pytest.mark.parametrize("kind", ["spans", "relations"])
def test_a_discontinuous_mention_is_the_range_around_its_parts(tmp_path, kind):
    folder = brat(tmp_path / "corpus", [f"d{n}" for n in range(COUNT)])
    (folder / "d0.ann").write_text("T1\tDrug 0 7;12 16\tAspirin pain\n")
    splits, manifest = prepared(tmp_path, section(kind, folder))
    assert all_rows(splits)["d0"]["entities"] == [{"start": 0, "end": 16, "type": "Drug", "text": "Aspirin for pain"}]
    assert manifest["left_out"] == {DISCONTINUOUS: 1}


def test_faulty_brat_is_refused(tmp_path):
    folder = brat(tmp_path / "corpus", ["a", "b", "c"])
    (folder / "b.ann").write_text("T1\tDrugs 0 7\tAspirin\n")
    assert f'{folder}/b.ann: entity 1: unknown entity type "Drugs"' in refusal(tmp_path, section("spans", folder))
    (folder / "b.ann").write_text("T1\tDrug 0 70\tAspirin\n")
    assert "b.ann, line 1: T1 ends at 70, past the end" in refusal(tmp_path, section("spans", folder))
    assert "brat holds entities and relations; expected the kind spans" in refusal(tmp_path, section("answers", folder))
    assert "data.columns.group: brat has no columns" in refusal(
        tmp_path, section("spans", folder, columns={"group": "patient"})
    )


# CoNLL


def conll(path, documents=COUNT, marked=True, tags=("B-Drug", "O", "B-Problem", "I-Problem")):
    lines = []
    for number in range(documents):
        lines += ["-DOCSTART- -X- O", ""] if marked else []
        lines += [f"{word} NN {tag}" for word, tag in zip(("Aspirin", "for", "acute", "pain"), tags, strict=True)]
        lines += ["", f"Day{number}\tO", ""]
    path.write_text("\n".join(lines))
    return path


def test_documents_of_conll_are_their_tokens_with_sentences_on_lines(tmp_path):
    splits, manifest = prepared(tmp_path, section("spans", conll(tmp_path / "n.conll")))
    row = all_rows(splits)["3"]
    assert row["text"] == "Aspirin for acute pain\nDay2"
    assert row["entities"] == [
        {"start": 0, "end": 7, "type": "Drug", "text": "Aspirin"},
        {"start": 12, "end": 22, "type": "Problem", "text": "acute pain"},
    ]
    assert len(all_rows(splits)) == COUNT
    assert manifest["left_out"] == {}


def test_without_documents_each_sentence_is_a_record_and_other_schemes_are_read(tmp_path):
    path = conll(tmp_path / "n.iob2", marked=False, tags=("S-Drug", "O", "B-Problem", "E-Problem"))
    splits, _ = prepared(tmp_path, section("spans", path))
    rows = all_rows(splits)
    assert len(rows) == 2 * COUNT
    assert [entity["text"] for entity in rows["1"]["entities"]] == ["Aspirin", "acute pain"]
    path = conll(tmp_path / "n.iob2", marked=False, tags=("I-Drug", "O", "I-Problem", "I-Problem"))
    splits, manifest = prepared(tmp_path, section("spans", path))
    assert [entity["text"] for entity in all_rows(splits)["1"]["entities"]] == ["Aspirin", "acute pain"]
    assert list(manifest["left_out"].values()) == [2 * COUNT]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pain", 'line 2: "pain" stands alone; expected a token and, last in the line, its tag'),
        ("pain NN Problem", 'line 2: "Problem" is no tag; expected O, or B- or I- and an entity type'),
        ("pain B-", 'line 2: "B-" is no tag'),
        ("pain B-Pain", 'line 1: entity 1: unknown entity type "Pain"'),
    ],
)
def test_faulty_conll_is_refused(tmp_path, line, message):
    (tmp_path / "n.conll").write_text(f"For O\n{line}\n")
    assert f"{tmp_path}/n.conll, {message}" in refusal(tmp_path, section("spans", tmp_path / "n.conll"))


def test_conll_holds_no_relations(tmp_path):
    assert "a conll file holds entities alone; expected the kind spans, not relations" in refusal(
        tmp_path, section("relations", conll(tmp_path / "n.conll"))
    )


# Label Studio


def region(key, start, end, label, text=None):
    value = {"start": start, "end": end, "labels": [label]} | ({"text": text} if text else {})
    return {"id": key, "from_name": "ner", "to_name": "text", "type": "labels", "value": value}


def arrow(head="a", tail="b", direction="right", labels=("treats",)):
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": direction, "labels": list(labels)}


def choice(label, name="status"):
    return {"id": "c", "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [label]}}


def area(text, name="why"):
    return {"id": "t", "from_name": name, "to_name": "text", "type": "textarea", "value": {"text": [text]}}


REGIONS = [region("a", 0, 7, "Drug", "Aspirin"), region("b", 12, 16, "Problem", "pain")]


def tasks(path, *results, count=COUNT, text=TEXT, **first):
    """Tasks with the results of each in turn; first: other keys of the first task's first annotation."""
    made = [
        {
            "id": 100 + n,
            "data": {"text": text.format(n), "patient": n // 2},
            "annotations": [{"result": list(results[n % len(results)]), "was_cancelled": False}],
            "predictions": [],
        }
        for n in range(count)
    ]
    made[0]["annotations"][0] |= first
    return dumped(path, made)


STUDIO = {"format": "label_studio"}


def test_label_studio_gives_entities_and_relations_by_their_arrows(tmp_path):
    path = tasks(tmp_path / "e.json", [*REGIONS, arrow()], [*REGIONS, arrow("b", "a", "left")])
    splits, _ = prepared(tmp_path, section("relations", path, **STUDIO, columns={"group": "patient"}))
    for key in ("100", "101"):
        row = all_rows(splits)[key]
        assert (row["entities"], row["relations"], row["group"]) == (SPAN_ENTITIES, TREATS, "0")
    spans, _ = prepared(tmp_path, section("spans", path, **STUDIO))
    assert all_rows(spans)["100"]["entities"] == SPAN_ENTITIES


def test_label_studio_gives_labels_with_reasons_and_answers(tmp_path):
    names = {"labels": ["never", "former"]}
    path = tasks(tmp_path / "e.json", [choice("never"), area("Says so.")], [choice("former"), area("Note.", "note")])
    splits, _ = prepared(tmp_path, section("labels", path, **STUDIO, names=names, columns={"rationale": "why"}))
    rows = all_rows(splits)
    assert (rows["100"]["label"], rows["100"]["rationale"]) == ("never", "Says so.")
    assert (rows["101"]["label"], rows["101"]["rationale"]) == ("former", "")
    answers, _ = prepared(tmp_path, section("answers", path, **STUDIO, columns={"text": "text"}))
    assert all_rows(answers)["101"]["answer"] == "Note."


def test_of_several_controls_label_studio_takes_the_named_one(tmp_path):
    names = {"labels": ["never", "former"]}
    path = tasks(tmp_path / "e.json", [choice("never"), choice("no", "pain")], [choice("former"), choice("no", "pain")])
    assert "task 100: choices of status and pain; name one of them in data.columns" in refusal(
        tmp_path, section("labels", path, **STUDIO, names=names)
    )
    splits, _ = prepared(tmp_path, section("labels", path, **STUDIO, names=names, columns={"label": "status"}))
    assert all_rows(splits)["101"]["label"] == "former"


def test_tasks_that_were_skipped_or_not_labelled_are_dropped_and_further_annotations_counted(tmp_path):
    names = {"labels": ["never", "former"]}
    path = tasks(tmp_path / "e.json", [choice("never")], [choice("former")], was_cancelled=True)
    content = json.loads(path.read_text())
    content[1]["annotations"] = []
    content[2]["annotations"][0]["result"] = []
    content[3]["annotations"].append({"result": [choice("never")], "ground_truth": True})
    splits, manifest = prepared(tmp_path, section("labels", dumped(path, content), **STUDIO, names=names))
    assert [(item["count"], item["examples"]) for item in manifest["dropped"]] == [(2, ["100", "101"]), (1, ["102"])]
    assert all_rows(splits)["103"]["label"] == "never"
    assert list(manifest["left_out"].values()) == [1]


def test_offsets_of_old_label_studio_in_units_of_utf_16_are_told_by_the_texts(tmp_path):
    moved = [region("a", 3, 10, "Drug", "Aspirin"), region("b", 15, 19, "Problem", "pain")]
    for results in (moved, [region("a", 2, 9, "Drug", "Aspirin"), region("b", 14, 18, "Problem", "pain")]):
        path = tasks(tmp_path / "e.json", results, text="💊 " + TEXT)
        splits, _ = prepared(tmp_path, section("spans", path, **STUDIO))
        assert [entity["text"] for entity in all_rows(splits)["100"]["entities"]] == ["Aspirin", "pain"]


@pytest.mark.parametrize(
    ("kind", "results", "message"),
    [
        ("spans", [region("a", 1, 8, "Drug", "Aspirin")], 'entity 1: the text from 1 to 8 is "spirin ", not "Aspirin"'),
        ("spans", [region("a", "/p[1]", "/p[1]", "Drug")], 'region "a": no offsets in plain text'),
        ("relations", [*REGIONS, arrow("a", "z")], 'a relation names the region "z", which is not there or no entity'),
        ("relations", [*REGIONS, arrow(labels=())], "a relation has no label; expected one of treats"),
        ("labels", [{**choice("a"), "value": {"choices": ["a", "b"]}}], "2 choices, a, b; expected one"),
        ("labels", ["x"], "its annotation has no list of results"),
    ],
)
def test_faulty_tasks_of_label_studio_are_refused(tmp_path, kind, results, message):
    said = refusal(tmp_path, section(kind, tasks(tmp_path / "e.json", results, count=1), **STUDIO))
    assert said.startswith(f"{tmp_path}/e.json, task 100") and message in said


def test_other_exports_of_label_studio_are_refused(tmp_path):
    path = dumped(tmp_path / "e.json", [{"id": 1, "text": "Aspirin", "ner": []}])
    assert 'expected Label Studio\'s export "JSON", not "JSON-MIN"' in refusal(
        tmp_path, section("spans", path, **STUDIO)
    )
    assert "expected a list of tasks" in refusal(tmp_path, section("spans", dumped(path, {}), **STUDIO))
    path = tasks(path, REGIONS)
    assert 'task 100: no field "note" in its data; its fields are "text", "patient"' in refusal(
        tmp_path, section("spans", path, **STUDIO, columns={"text": "note"})
    )


# doccano

DOCCANO = {"format": "doccano"}
TUPLES = [[0, 7, "Drug"], [12, 16, "Problem"]]
OBJECTS = [
    {"id": 8, "label": "Drug", "start_offset": 0, "end_offset": 7},
    {"id": 9, "label": "Problem", "start_offset": 12, "end_offset": 16},
]


def exported(path, **fields):
    return lined(path, [{"id": 100 + n, "text": TEXT.format(n), "Comments": [], **fields} for n in range(COUNT)])


@pytest.mark.parametrize("fields", [{"label": TUPLES}, {"entities": TUPLES}, {"entities": OBJECTS, "relations": []}])
def test_doccano_gives_entities(tmp_path, fields):
    splits, _ = prepared(tmp_path, section("spans", exported(tmp_path / "e.jsonl", **fields), **DOCCANO))
    assert all_rows(splits)["100"]["entities"] == SPAN_ENTITIES


def test_doccano_gives_relations_between_the_entities_of_their_ids(tmp_path):
    relations = [{"id": 1, "from_id": 8, "to_id": 9, "type": "treats"}]
    path = exported(tmp_path / "e.jsonl", entities=OBJECTS, relations=relations)
    splits, _ = prepared(tmp_path, section("relations", path, **DOCCANO))
    assert all_rows(splits)["100"]["relations"] == TREATS
    path = exported(tmp_path / "e.jsonl", entities=OBJECTS, relations=[{**relations[0], "to_id": 7}])
    assert "e.jsonl, line 1: a relation names the entity 7, which is not there" in refusal(
        tmp_path, section("relations", path, **DOCCANO)
    )
    path = exported(tmp_path / "e.jsonl", label=TUPLES)
    assert 'no relations; expected the export "JSONL(relation)"' in refusal(
        tmp_path, section("relations", path, **DOCCANO)
    )


def test_doccano_gives_labels_and_answers_and_drops_texts_without(tmp_path):
    names = {"labels": ["never", "former"]}
    rows = [
        {"id": n, "text": TEXT.format(n), "label": [("never", "former")[n % 2]], "patient": f"p{n}"} for n in range(20)
    ]
    path = lined(tmp_path / "e.jsonl", [*rows, {"id": 99, "text": "Later.", "label": [], "patient": "q"}])
    splits, manifest = prepared(tmp_path, section("labels", path, **DOCCANO, names=names, columns={"group": "patient"}))
    assert (all_rows(splits)["1"]["label"], all_rows(splits)["1"]["group"]) == ("former", "p1")
    assert manifest["dropped"][0]["examples"] == ["99"]
    answers, _ = prepared(tmp_path, section("answers", path, **DOCCANO))
    assert all_rows(answers)["1"]["answer"] == "former"
    path = lined(path, [{"id": 1, "text": "a", "label": ["never", "former"]}])
    assert "line 1: 2 labels, never, former; expected one" in refusal(
        tmp_path, section("labels", path, **DOCCANO, names=names)
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a"}, 'no list "label" or "entities"'),
        ({"label": []}, 'no field "text"; expected an export of doccano'),
        ({"text": "a", "label": [[0, 1]]}, "entity 1: [0, 1]; expected [start, end, type]"),
    ],
)
def test_faulty_lines_of_doccano_are_refused(tmp_path, row, message):
    said = refusal(tmp_path, section("spans", lined(tmp_path / "e.jsonl", [row]), **DOCCANO))
    assert said.startswith(f"{tmp_path}/e.jsonl, line 1") and message in said


def test_a_no_break_space_is_of_a_token_of_conll(tmp_path):
    lines = "".join(f"Aspirin\u00a0{n}\tB-Drug\n\u00a0\tO\nache\tB-Problem\r\n\n" for n in range(COUNT))
    (tmp_path / "n.conll").write_text(lines, newline="")
    splits, _ = prepared(tmp_path, section("spans", tmp_path / "n.conll"))
    row = all_rows(splits)["3"]
    assert row["text"] == "Aspirin\u00a02 \u00a0 ache"
    assert [entity["text"] for entity in row["entities"]] == ["Aspirin\u00a02", "ache"]
