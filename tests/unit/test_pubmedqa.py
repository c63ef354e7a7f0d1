import json
import os
from collections import Counter

import pyarrow
import pyarrow.parquet
import pytest

from medtune.data.dropped import Dropped
from medtune.data.sentences import sentences
from medtune.errors import InputError
from medtune.studies.yesno.pubmedqa import read_pubmedqa
from medtune.studies.yesno.questions import NO_RATIONALE, TOO_SHORT, Question


def record(question="Does aspirin prevent stroke?", label="yes", answer="It does [3]. More is to come."):
    return {"QUESTION": question, "CONTEXTS": ["In a trial it did."], "LONG_ANSWER": answer, "final_decision": label}


def written(folder, content, name="ori_pqal.json"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def refusal(path) -> str:
    with pytest.raises(InputError) as caught:
        read_pubmedqa(path, "pubmedqa")
    return str(caught.value)


def test_a_record_becomes_a_question_with_a_clean_first_sentence(tmp_path):
    questions, dropped = read_pubmedqa(written(tmp_path, {"1": record()}), "pubmedqa")
    assert questions == [Question("Does aspirin prevent stroke?", "Yes", "It does.", "pubmedqa", "1")]
    assert questions[0].id == "pubmedqa/1"
    assert dropped == []


def test_a_rationale_without_closing_mark_gets_one_and_loses_the_number_of_a_list_item(tmp_path):
    path = written(tmp_path, {"1": record(answer="1. It does,")})
    assert read_pubmedqa(path, "pubmedqa")[0][0].rationale == "It does."


def test_unusable_records_are_dropped_with_a_reason(tmp_path):
    records = {
        "1": record(),
        "2": record(question="Really so?"),
        "3": record(answer="(Smith et al., 2010)"),
        "4": record(),
    }
    del records["4"]["LONG_ANSWER"]
    questions, dropped = read_pubmedqa(written(tmp_path, records), "pubmedqa")
    assert [question.key for question in questions] == ["1"]
    assert dropped == [
        Dropped("pubmedqa", "2", TOO_SHORT),
        Dropped("pubmedqa", "3", NO_RATIONALE),
        Dropped("pubmedqa", "4", NO_RATIONALE),
    ]


def test_an_unknown_label_names_file_record_and_label(tmp_path):
    path = written(tmp_path, {"1": record(), "21645374": record(label="perhaps")})
    assert refusal(path) == f'{path}, record "21645374": unknown label "perhaps"; expected yes, no or maybe'


@pytest.mark.parametrize("field, problem", [("QUESTION", "no question"), ("final_decision", "no label")])
@pytest.mark.parametrize("empty", ["missing", "", None])
def test_a_record_without_question_or_label_is_refused(tmp_path, field, problem, empty):
    records = {"7": record()}
    records["7"][field] = empty
    if empty == "missing":
        del records["7"][field]
    assert f'ori_pqal.json, record "7": {problem}; expected' in refusal(written(tmp_path, records))


@pytest.mark.parametrize(
    "content, problem",
    [
        ('{"1": {\n"QUESTION": }', "line 2: not valid JSON"),
        ("[]", "expected a JSON object of records by PubMed id, found list"),
        ("{}", "the file holds no records"),
        ('{"1": "text"}', 'record "1": expected a JSON object, found str'),
        (json.dumps({"1": record(answer=5)}), 'record "1": the field "LONG_ANSWER" holds 5; expected text'),
    ],
)
def test_a_file_in_another_layout_is_refused(tmp_path, content, problem):
    message = refusal(written(tmp_path, content))
    assert "ori_pqal.json" in message
    assert problem in message


def test_a_missing_file_and_another_encoding_are_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.json")
    assert "no such file" in refusal(tmp_path / "none.parquet")
    path = tmp_path / "latin.json"
    path.write_bytes(json.dumps({"1": record("Müller says so?")}, ensure_ascii=False).encode("latin-1"))
    assert "not UTF-8" in refusal(path)


def parquet(path, **changes):
    columns = {
        "pubid": [25429730, 25433161],
        "question": ["Are group 2 cells raised?", "Does it help adults?"],
        "context": [{"contexts": ["a"]}, {"contexts": ["b"]}],
        "long_answer": ["They are. Often.", "It does not."],
        "final_decision": ["yes", "no"],
    } | changes
    pyarrow.parquet.write_table(pyarrow.table({k: v for k, v in columns.items() if v is not None}), path)
    return path


def test_parquet_files_of_the_hub_are_read_alone_or_by_the_folder(tmp_path):
    one = parquet(tmp_path / "train-00000-of-00002.parquet")
    parquet(tmp_path / "train-00001-of-00002.parquet", pubid=[3, 4], question=["Is this a third?", "Is this a fourth?"])
    questions, _ = read_pubmedqa(one, "artificial")
    assert questions[0] == Question("Are group 2 cells raised?", "Yes", "They are.", "artificial", "25429730")
    assert [q.key for q in read_pubmedqa(tmp_path, "artificial")[0]] == ["25429730", "25433161", "3", "4"]


def test_a_parquet_file_whose_name_is_no_text_is_refused(tmp_path):
    (tmp_path / os.fsdecode(b"a\xff.parquet")).write_bytes(b"")
    assert r"a\xff.parquet" in refusal(tmp_path)


def test_parquet_in_another_layout_is_refused(tmp_path):
    assert "no column final_decision; found pubid" in refusal(parquet(tmp_path / "a.parquet", final_decision=None))
    assert 'record "25433161": unknown label "so"' in refusal(
        parquet(tmp_path / "b.parquet", final_decision=["no", "so"])
    )
    assert "row 2: no id" in refusal(parquet(tmp_path / "d.parquet", pubid=[1, None]))
    (tmp_path / "c.parquet").write_text("text")
    assert "not a readable parquet file" in refusal(tmp_path / "c.parquet")
    (tmp_path / "empty").mkdir()
    assert "no parquet files" in refusal(tmp_path / "empty")


def test_the_real_labelled_part(corpora):
    questions, dropped = read_pubmedqa(corpora / "pubmedqa/ori_pqal.json", "labelled")
    assert Counter(question.label for question in questions) == {"Yes": 552, "No": 338, "Uncertain": 110}
    assert dropped == []
    assert all(len(sentences(question.rationale)) == 1 for question in questions)
    assert all(question.rationale.endswith((".", ")", '"', "?", "!")) for question in questions)
