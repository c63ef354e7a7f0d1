"""The base model asked in the form that it knows."""

import json

import pytest

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.studies.relations.rows import gold_given, row_of
from medtune.studies.relations.schema_file import write_schema
from medtune.studies.relations.template import RelationsTask
from tests.conftest import ROOT
from tests.unit.test_chat import CHATML, START, made_tokenizer

DOCUMENT = RelatedDocument(
    "d",
    "Aspirin treats gout.",
    (RelatedEntity(0, 7, "Drug", "Aspirin"), RelatedEntity(15, 19, "Disease", "gout")),
    (Relation("treats", 0, 1),),
)
ROW, GIVEN = row_of(DOCUMENT), row_of(DOCUMENT, "joint", gold_given(DOCUMENT, "joint"))
VALUE = {
    "entities": [{"text": "Aspirin", "type": "Drug"}, {"text": "CRP", "type": "Lab_Test"}],
    "relations": [{"head": "Aspirin", "type": "treats", "tail": "gout"}],
}


def task(tmp_path, text):
    write_schema(tmp_path / "schema.json", STUDY_SCHEMA)
    prompts = ROOT / "config" / "prompts" / "relations"
    return RelationsTask(prompts, schema=tmp_path / "schema.json", form="practised", text=text)


def test_a_synthetic_model_is_asked_as_in_its_pre_training_with_the_types_of_the_study(tmp_path):
    asked = task(tmp_path, "relations")
    assert asked.prompt(ROW) == (
        "Name the terms and links.\nKinds: disease, symptom, drug, lab test, procedure. "
        "Links: treats, causes, indicates, prevents, interacts with.\nNote: Aspirin treats gout.\nAnswer:\n"
    )
    assert asked.prompt(GIVEN).endswith('Terms: [["Aspirin","drug"],["gout","disease"]]\nAnswer:\n')
    assert asked.prompt(GIVEN).startswith("Name the links.\n")
    with pytest.raises(ValueError, match="names the types of a schema"):
        RelationsTask(ROOT / "config" / "prompts" / "relations", form="practised", text="relations")


@pytest.mark.parametrize(
    "names",
    [
        ("terms", "name", "kind", "links", "from", "how", "to"),
        ("named", "word", "sort", "pairs", "one", "does", "other"),
    ],
)
def test_answers_of_every_form_that_was_practised_are_read_into_the_value_of_the_study(tmp_path, names):
    asked = task(tmp_path, "relations")
    terms, name, kind, links, head, link, tail = names
    entities = [{name: "Aspirin", kind: "drug"}, {name: "CRP", kind: "lab test"}]
    relations = [{head: "Aspirin", link: "treats", tail: "gout"}]
    whole = asked.parse(json.dumps({terms: entities, links: relations}))
    assert (whole.value, whole.status) == (VALUE, "ok")
    alone = asked.parse(json.dumps(entities))
    assert (alone.value, alone.status) == ({**VALUE, "relations": []}, "ok")
    assert asked.parse(json.dumps({links: relations})).value == {**VALUE, "entities": []}
    assert asked.parse(json.dumps(relations)).value["relations"] == VALUE["relations"]
    names = asked.parse(json.dumps([{name: "Aspirin"}, {name: "gout"}]))
    assert names.status == "ok" and [entity["type"] for entity in names.value["entities"]] == ["", ""]
    other = asked.parse(json.dumps({terms: [{name: "Aspirin", kind: "garment"}], links: []}))
    assert other.value["entities"] == [{"text": "Aspirin", "type": "garment"}]


@pytest.mark.parametrize("output", ["", "Sorry.", '{"a": 1}', "[1]", '[{"name": "x"}', "{" * 2000])
def test_what_is_no_such_answer_is_never_good(tmp_path, output):
    for text in ("relations", None):
        parsed = task(tmp_path, text).parse(output)
        assert parsed.status != "ok" or not any((parsed.value or {}).values())


def test_another_model_is_asked_with_the_instruction_in_its_chat_template(tmp_path):
    asked, tokenizer = task(tmp_path, None), made_tokenizer()
    tokenizer.chat_template = CHATML
    text = tokenizer.decode(asked.render_prompt(ROW, tokenizer))
    assert asked.instructions["joint"].split("\n")[0] in text and "Text: Aspirin treats gout." in text
    assert text.count(START) >= 2
    given = tokenizer.decode(asked.render_prompt(GIVEN, tokenizer))
    assert 'Entities: [["Aspirin","Drug"],["gout","Disease"]]' in given


@pytest.mark.parametrize("around", ["{}", "```json\n{}\n```", "Here it is:\n{}", "{}\nDone."])
def test_words_around_the_answer_of_a_chat_model_do_no_harm(tmp_path, around):
    parsed = task(tmp_path, None).parse(around.replace("{}", json.dumps(VALUE)))
    assert (parsed.value, parsed.status) == (VALUE, "ok")
