"""The user's data in tables: what is read, and the sentence for each fault."""

import json

import pytest

from medtune.kinds.spans.task import SpanTask, gold_spans
from tests.unit.own_data import all_rows, prepared, refusal, section

LABELS = ("current", "former", "never")
RATIONALE = {"text": "note", "label": "status", "rationale": "why", "id": "key"}


def records(count=30):
    return [
        {"key": f"k{n}", "note": f"Note {n}\tof «{n}».", "status": LABELS[n % 3], "why": f"It says {n}."}
        for n in range(count)
    ]


def written(folder, format, rows=None):
    """A file of a format with some rows."""
    import pandas

    rows = records() if rows is None else rows
    path = folder / f"notes.{format}"
    if format == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif format == "parquet":
        pandas.DataFrame(rows).to_parquet(path)
    else:
        pandas.DataFrame(rows).to_csv(path, index=False, sep="," if format == "csv" else "\t")
    return path


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet"])
def test_every_table_gives_the_same_examples(tmp_path, format):
    splits, manifest = prepared(tmp_path, section("labels", written(tmp_path, format), columns=RATIONALE))
    rows = all_rows(splits)
    assert len(rows) == 30
    assert rows["k4"] == {
        "id": "k4",
        "text": "Note 4\tof «4».",
        "source": f"notes.{format}",
        "label": "former",
        "rationale": "It says 4.",
    }
    assert manifest["sources"][0]["format"] == format


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_numbers_are_taken_as_labels_and_ids_and_an_empty_rationale_is_none(tmp_path, format):
    rows = [{"key": 100 + n, "note": f"N {n}", "status": n % 2, "why": "Yes." if n else ""} for n in range(30)]
    splits, _ = prepared(
        tmp_path, section("labels", written(tmp_path, format, rows), names={"labels": ["0", "1"]}, columns=RATIONALE)
    )
    found = all_rows(splits)
    assert (found["100"]["label"], found["100"]["rationale"]) == ("0", "")
    assert found["101"]["label"] == "1"


def test_questions_and_answers_are_read(tmp_path):
    rows = [{"question": f"What is {n}?", "answer": f" It is {n}. ", "by": n // 2} for n in range(20)]
    splits, manifest = prepared(tmp_path, section("answers", written(tmp_path, "csv", rows), columns={"group": "by"}))
    assert all_rows(splits)["1"] == {
        "id": "1",
        "text": "What is 0?",
        "source": "notes.csv",
        "group": "0",
        "answer": "It is 0.",
    }
    assert sum(manifest["groups"].values()) == 10


def test_labels_to_be_ignored_are_left_out_and_counted(tmp_path):
    rows = [*records(), {"key": "x", "note": "Who knows", "status": "unknown", "why": ""}]
    splits, manifest = prepared(
        tmp_path, section("labels", written(tmp_path, "csv", rows), columns=RATIONALE, ignore=["unknown"])
    )
    assert "x" not in all_rows(splits)
    assert manifest["dropped"] == [
        {"source": "notes.csv", "reason": "its label is one of data.ignore", "count": 1, "examples": ["x"]}
    ]
    assert manifest["sources"][0]["records"] == 31


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_entities_and_relations_are_lists_or_json_in_a_cell(tmp_path, format):
    rows = []
    for n in range(20):
        entities = [{"start": 0, "end": 7, "type": "Drug"}, {"start": 12, "end": 16, "type": "Problem"}]
        relations = [{"head": 0, "tail": 1, "type": "treats"}]
        rows.append({"text": f"Aspirin for pain {n}", "entities": entities, "relations": relations})
    if format == "csv":
        rows = [{key: json.dumps(value) if key != "text" else value for key, value in row.items()} for row in rows]
    splits, manifest = prepared(tmp_path, section("relations", written(tmp_path, format, rows)))
    row = all_rows(splits)["1"]
    assert [entity["text"] for entity in row["entities"]] == ["Aspirin", "pain"]
    assert row["relations"] == [{"head": 0, "tail": 1, "type": "treats"}]
    assert manifest["relations_by_split"]["test"] == {"treats": 2}


def changed(number, **fields):
    rows = records()
    rows[number] |= fields
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            changed(4, status="Formr"),
            'notes.jsonl, line 5: unknown label "Formr"; expected one of current, former, never; did you mean "former"?'
            "; add it to `labels`, or to `data.ignore`",
        ),
        (changed(4, status=None), "notes.jsonl, line 5: the label is empty; expected text"),
        (changed(4, status=float("nan")), "notes.jsonl, line 5: the label is empty; expected text"),
        (changed(4, status=["never"]), "notes.jsonl, line 5: the label is ['never']; expected text"),
        (changed(4, status=True), "notes.jsonl, line 5: the label is True; expected text"),
        (changed(4, note=" \n"), "notes.jsonl, line 5: the text is empty; expected text"),
        (changed(4, note="\ud800"), "notes.jsonl, line 5: the text holds half of a surrogate pair"),
        (changed(4, key=""), "notes.jsonl, line 5: the id is empty"),
        (
            changed(4, key="k2"),
            'notes.jsonl, line 5: the id "k2" is that of {path}, line 3, too; expected each id once',
        ),
        ([*records(4), {"key": 1}], 'notes.jsonl, line 5: no field "note"; its fields are "key"'),
        (records(2), 'notes.jsonl: no record has "never", which `labels` names; remove it or add examples'),
        ([], "notes.jsonl: holds no records"),
    ],
)
def test_a_faulty_record_gets_one_sentence(tmp_path, rows, message):
    path = written(tmp_path, "jsonl", rows)
    said = refusal(tmp_path, section("labels", path, columns={**RATIONALE, "rationale": None}))
    assert said.startswith(f"{tmp_path}/{message.format(path=path)}") and len(said.splitlines()) == 1


def test_several_problems_are_told_at_once(tmp_path):
    rows = [{**row, "status": "x"} if n < 5 else row for n, row in enumerate(records())]
    path = written(tmp_path, "jsonl", rows)
    lines = refusal(tmp_path, section("labels", path, columns=RATIONALE)).splitlines()
    assert lines[0] == f"{path}: 5 problems"
    assert [line.split(":")[0] for line in lines[1:]] == [
        *(f"  {path}, line {n}" for n in (1, 2, 3)),
        "  and 2 more",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\na,never,x\n", "n.csv, row 1 (line 2): 3 cells; expected 2"),
        (b"text,status\na,never\n", 'n.csv: no column "label"; its columns are "text", "status"'),
        (b'text,label\n"a,never\n', "n.csv, line 2: not valid CSV"),
        (b"text,label\nB\xfcrger,never\n", "n.csv: not UTF-8 text (byte 12)"),
        (b"text,label\na,\n", "n.csv, row 1 (line 2): the label is empty; expected text"),
        (b"text,label\n", "n.csv: holds no records"),
        (b"", 'n.csv: no column "text"; its columns are none'),
    ],
)
def test_a_faulty_csv_file_gets_one_sentence(tmp_path, content, message):
    (tmp_path / "n.csv").write_bytes(content)
    assert refusal(tmp_path, section("labels", tmp_path / "n.csv")).startswith(f"{tmp_path}/{message}")


def test_missing_files_unknown_endings_and_broken_parquet_are_refused(tmp_path):
    assert refusal(tmp_path, section("labels", tmp_path / "no.csv")) == (
        f"{tmp_path}/no.csv: no such file or folder; set data.path to where the data are"
    )
    (tmp_path / "n.parquet").write_text("text")
    assert "n.parquet: cannot be read as parquet" in refusal(tmp_path, section("labels", tmp_path / "n.parquet"))
    path = written(tmp_path, "parquet")
    assert f'{path}: no column "text"; its columns are "key", "note", "status", "why"' in refusal(
        tmp_path, section("labels", path)
    )
    path.rename(tmp_path / "n.xlsx")
    assert "n.xlsx: the ending does not tell the format; set data.format to one of csv, " in refusal(
        tmp_path, section("labels", tmp_path / "n.xlsx")
    )


TEXT = "Aspirin for pain, aspirin again."
DRUG, PAIN = {"start": 0, "end": 7, "type": "Drug"}, {"start": 12, "end": 16, "type": "Problem"}


def annotated(folder, entities, relations=()):
    path = folder / "n.jsonl"
    row = {"text": TEXT, "entities": entities, "relations": list(relations)}
    filler = [
        {"text": f"{TEXT} {n}", "entities": [DRUG, PAIN], "relations": [{"head": 0, "tail": 1, "type": "treats"}]}
        for n in range(20)
    ]
    path.write_text("\n".join(json.dumps(line) for line in [row, *filler]))
    return path


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ([DRUG, {**PAIN, "end": 99}], "entity 2: the span 12 to 99 is empty or outside the text; expected 0 <= start"),
        ([{**DRUG, "start": 7}], "entity 1: the span 7 to 7 is empty or outside"),
        ([{**DRUG, "start": -1}], "entity 1: the span -1 to 7 is empty or outside"),
        ([{**DRUG, "start": 7, "end": 8}], "entity 1: the text from 7 to 8 is white space; expected an entity"),
        ([{**DRUG, "text": "Aspirins"}], 'entity 1: the text from 0 to 7 is "Aspirin", not "Aspirins"'),
        ([{**DRUG, "type": "Drugs"}], 'entity 1: unknown entity type "Drugs"; expected one of Drug, Problem; did you'),
        ([{**DRUG, "start": "0"}], 'entity 1: start "0", end 7; expected whole numbers'),
        ([{"start": 0, "end": 7}], "entity 1: {'start': 0, 'end': 7}; expected an object with start, end and type"),
        ({"start": 0}, "the entities are {'start': 0}; expected a list of objects"),
        (None, "the entities are None; expected a list of objects"),
    ],
)
def test_faulty_entities_get_one_sentence(tmp_path, entities, message):
    path = annotated(tmp_path, entities)
    assert refusal(tmp_path, section("spans", path)).startswith(f"{path}, line 1: {message}")


@pytest.mark.parametrize(
    ("relation", "message"),
    [
        (
            {"head": 0, "tail": 2, "type": "treats"},
            "relation 1: the tail names entity 2, which is not there; exp",
        ),
        ({"head": -1, "tail": 1, "type": "treats"}, "relation 1: the head names entity -1, which is not there"),
        (
            {"head": 0, "tail": 1, "type": "treat"},
            'relation 1: unknown relation type "treat"; expected one of treats; did',
        ),
        (
            {"head": 1, "tail": 0, "type": "treats"},
            'relation 1: "treats" from Problem to Drug; expected a head of type Drug',
        ),
        ({"head": 1, "tail": 1, "type": "treats"}, "relation 1: its head and tail are the same entity; expected two"),
        ({"head": 1, "tail": 0}, "relation 1: {'head': 1, 'tail': 0}; expected an object with head, tail and type"),
    ],
)
def test_faulty_relations_get_one_sentence(tmp_path, relation, message):
    path = annotated(tmp_path, [DRUG, PAIN], [relation])
    assert refusal(tmp_path, section("relations", path)).startswith(f"{path}, line 1: {message}")


def test_all_others_can_be_ignored(tmp_path):
    other = {"start": 18, "end": 25, "type": "Other"}
    relations = [{"head": 1, "tail": 2, "type": "near"}, {"head": 1, "tail": 2, "type": "treats"}]
    path = annotated(tmp_path, [other, DRUG, PAIN], relations)
    splits, manifest = prepared(tmp_path, section("relations", path, ignore=["*"]))
    row = all_rows(splits)["1"]
    assert [entity["type"] for entity in row["entities"]] == ["Drug", "Problem"]
    assert row["relations"] == [{"head": 0, "tail": 1, "type": "treats"}]
    assert sorted(manifest["left_out"].values()) == [1, 1]


def test_what_is_ignored_or_stands_twice_is_left_out_and_relations_still_join_their_entities(tmp_path):
    other = {"start": 18, "end": 25, "type": "Other"}
    relations = [{"head": 0, "tail": 1, "type": "treats"}, {"head": 2, "tail": 3, "type": "treats"}]
    path = annotated(tmp_path, [other, DRUG, DRUG, PAIN], [*relations, relations[1]])
    splits, manifest = prepared(tmp_path, section("relations", path, ignore=["Other"]))
    row = all_rows(splits)["1"]
    assert [entity["type"] for entity in row["entities"]] == ["Drug", "Problem"]
    assert row["relations"] == [{"head": 0, "tail": 1, "type": "treats"}]
    assert sorted(manifest["left_out"].values()) == [1, 1, 1, 1]


def test_white_space_around_an_entity_is_left_out_and_counted_so_that_an_answer_can_be_right(tmp_path):
    wide = {**DRUG, "end": DRUG["end"] + 1}
    path = annotated(tmp_path, [wide, {**PAIN, "start": PAIN["start"] - 1}])
    splits, manifest = prepared(tmp_path, section("spans", path))
    row = next(row for row in all_rows(splits).values() if row["text"] == TEXT)
    assert [(e["start"], e["end"], e["text"]) for e in row["entities"]] == [(0, 7, "Aspirin"), (12, 16, "pain")]
    assert manifest["left_out"] == {"entities without the white space that they began or ended with": 2}
    task = SpanTask("mine", "{text}", ["Drug", "Problem"])
    answer = task.parse(task.completion(row))
    assert task.read(row["text"], answer.value, answer.status).matches(gold_spans(row))


def test_answers_that_rouge_cannot_count_are_refused_where_most_are_such(tmp_path):
    def path(*answers):
        rows = [{"question": f"Q {n}", "answer": answers[n % len(answers)]} for n in range(20)]
        return written(tmp_path, "jsonl", rows)

    message = refusal(tmp_path, section("answers", path("Утром.", "早上")))
    assert message.startswith(f"{tmp_path}/notes.jsonl: 20 of 20 answers have neither a letter from a to z nor a digit")
    prepared(tmp_path, section("answers", path("Über Nacht", "...")))
    prepared(tmp_path, section("answers", path("ÄÖÜ", "2 x")))
