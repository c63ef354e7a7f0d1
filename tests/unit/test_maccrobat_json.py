import json

import pytest

from medtune.data.annotated import Mention
from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.studies.maccrobat.hub_json import EMPTY, read_maccrobat_json

TEXT = "A 28-year-old man had pain in the left and right arm."


def entity(text="28-year-old", label="AGE", start=2, end=13):
    return {"text": text, "label": label, "start": start, "end": end}


def record(*entities, text=TEXT, **fields):
    return {"full_text": text, "ner_info": list(entities), "tokens": [], "ner_labels": [], **fields}


def written(folder, *records, name="MACCROBAT2020-V2.json"):
    path = folder / name
    lines = "\n".join(json.dumps(item) for item in records)
    path.write_text(lines if name.endswith(".jsonl") else json.dumps({"data": records}), encoding="utf-8")
    return path


def read(path):
    return read_maccrobat_json(path, "maccrobat")


def refusal(path):
    with pytest.raises(InputError) as caught:
        read(path)
    return str(caught.value).replace(str(path), "F")


def test_a_record_has_text_and_mentions_with_the_corpus_s_spelling_of_types(tmp_path):
    corpus = read(
        written(tmp_path, record(entity(), entity("pain", "SIGN_SYMPTOM", 22, 26), entity("man", "Sex", 14, 17)))
    )
    (document,) = corpus.documents
    assert (document.id, document.text, document.pmid) == ("1", TEXT, None)
    assert document.mentions == (
        Mention(((2, 13),), "Age", "1"),
        Mention(((22, 26),), "Sign_symptom", "2"),
        Mention(((14, 17),), "Sex", "3"),
    )


def test_the_pmid_is_the_id_where_there_is_one(tmp_path):
    (document,) = read(written(tmp_path, record(entity(), pmid=15939911))).documents
    assert (document.id, document.pmid) == ("15939911", "15939911")


def test_a_bare_list_of_records_is_read_too(tmp_path):
    path = tmp_path / "list.json"
    path.write_text(json.dumps([record(entity())]))
    assert len(read(path).documents) == 1


def test_a_surface_that_is_beginning_and_end_of_its_range_is_discontinuous(tmp_path):
    (document,) = read(written(tmp_path, record(entity("left arm", "PLACE", 34, 52)))).documents
    assert [TEXT[start:end] for start, end in document.mentions[0].fragments] == ["left", "arm"]


def test_tokens_and_tags_alone_become_text_and_mentions_and_repairs_are_counted(tmp_path):
    tokens, tags = ["A", "28-year-old", "man", "had", "chest", "pain"], ["O", "B-Age", "I-Sex", "O", "I-X", "I-X"]
    corpus = read(written(tmp_path, {"tokens": tokens, "tags": tags}, name="data.jsonl"))
    (document,) = corpus.documents
    assert document.text == "A 28-year-old man had chest pain"
    assert [(document.text[m.start : m.end], m.label) for m in document.mentions] == [
        ("28-year-old", "Age"), ("man", "Sex"), ("chest pain", "X"),
    ]  # fmt: skip
    assert corpus.repaired == 2


def test_an_empty_record_is_dropped(tmp_path):
    corpus = read(written(tmp_path, record(), record(text=" ")))
    assert len(corpus.documents) == 1
    assert corpus.dropped == (Dropped("maccrobat", "2", EMPTY),)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (7, "F, record 1: expected a JSON object, found int"),
        ({"full_text": TEXT}, 'F, record 1: the field "ner_info" holds null; expected a list'),
        ({"text": TEXT}, 'F, record 1: expected the fields "full_text" and "ner_info", or "tokens" and "tags"'),
        (record(text=3), 'F, record 1: the field "full_text" holds 3; expected text'),
        (record("Age"), "F, record 1, entity 1: expected a JSON object, found str"),
        (record(entity(start="2")), 'F, record 1, entity 1: the field "start" holds "2"; expected a whole number'),
        (record(entity(end=True)), 'F, record 1, entity 1: the field "end" holds true; expected a whole number'),
        (record(entity(label=" ")), 'F, record 1, entity 1: the field "label" is empty; expected an entity type'),
        (
            record(entity(end=99)),
            "F, record 1, entity 1: the span 2 to 99 is empty or outside the text, which has 53 characters",
        ),
        (record(entity(start=-1)), "the span -1 to 13 is empty or outside the text"),
        (record(entity(start=3)), 'F, record 1, entity 1 is "28-year-old", but at 3 to 13 the text has "8-year-old"'),
        ({"tokens": ["A"], "tags": []}, "F, record 1: 1 tokens, but 0 tags; expected one tag for each token"),
        ({"tokens": ["A"], "tags": [1]}, 'F, record 1: the fields "tokens" and "tags" must be lists of text'),
        (
            {"tokens": ["A"], "ner_labels": ["X"]},
            'F, record 1: "X" is no tag; expected "O", or "B-" or "I-" and a type',
        ),
    ],
)
def test_a_faulty_record_is_named_with_what_is_wrong(tmp_path, broken, sentence):
    assert sentence in refusal(written(tmp_path, broken))


def test_an_id_that_occurs_again_is_refused(tmp_path):
    path = written(tmp_path, record(id="a"), record(id="a"))
    assert refusal(path) == 'F, record 2: the id "a" occurs more than once; ids must be unique'


def test_a_file_without_records_is_refused(tmp_path):
    assert "holds no document" in refusal(written(tmp_path))
    path = tmp_path / "object.json"
    path.write_text('{"rows": []}')
    assert refusal(path).startswith("F: expected a list of records")
