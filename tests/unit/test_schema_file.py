"""A schema goes to its file and back; a broken file is named."""

import json

import pytest

from medtune.data.relation_schema import STUDY_SCHEMA, RelationSchema, relation_type
from medtune.errors import InputError
from medtune.studies.relations.schema_file import read_schema, write_schema


def content(**changes):
    return {
        "entities": ["Drug", "Disease"],
        "relations": [{"name": "treats", "pairs": [["Drug", "Disease"]], "symmetric": False}],
        **changes,
    }


def test_a_schema_is_the_same_after_writing_and_reading(tmp_path):
    write_schema(tmp_path / "schema.json", STUDY_SCHEMA)
    assert read_schema(tmp_path / "schema.json") == STUDY_SCHEMA


def test_the_same_schema_gives_the_same_file_however_its_pairs_were_given(tmp_path):
    for name, heads in (("a", ("Drug", "Procedure")), ("b", ("Procedure", "Drug"))):
        schema = RelationSchema(("Drug", "Procedure", "Disease"), (relation_type("treats", heads, ("Disease",)),))
        write_schema(tmp_path / name, schema)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_schema_without_relations_is_read(tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(content(relations=[])))
    assert read_schema(tmp_path / "schema.json") == RelationSchema(("Drug", "Disease"), ())


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ([], "expected a schema"),
        (content(entities="Drug"), "entities"),
        (content(extra=1), "extra"),
        (content(entities=["Drug", "Disease", "Drug"]), 'entity type "Drug" occurs twice'),
        (content(relations=content()["relations"] * 2), 'relation type "treats" occurs twice'),
        (content(relations=[{"name": "treats", "pairs": [["Drug"]]}]), r"relations\.0\.pairs\.0"),
        (content(relations=[{"name": "treats", "pairs": [["Drug", "Symptom"]]}]), 'joins "Symptom"'),
        (content(relations=[{"name": "treats", "pairs": [], "symmetric": "no"}]), r"relations\.0\.symmetric"),
    ],
)
def test_a_broken_schema_is_told_in_one_sentence(tmp_path, broken, told):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(broken))
    with pytest.raises(InputError, match=told) as caught:
        read_schema(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
