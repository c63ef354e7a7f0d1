"""A document goes into a row and back; a broken row is told in one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data.related import RelatedDocument, RelatedEntity, Relation
from medtune.errors import InputError
from medtune.files import write_jsonl
from medtune.studies.relations.generator import make_splits
from medtune.studies.relations.rows import document_of, gold_given, read_rows, row_of, training_rows

TEXT = "Aspirin for gout; aspirin again."
ENTITIES = (
    RelatedEntity(0, 7, "Drug", "Aspirin", ("D1",)),
    RelatedEntity(12, 16, "Disease", "gout"),
    RelatedEntity(18, 25, "Drug", "aspirin", ("D1", "D2")),
)
DOCUMENT = RelatedDocument("7", TEXT, ENTITIES, (Relation("treats", 0, 1),))
ROW = row_of(DOCUMENT)


def test_a_row_says_document_step_and_what_is_given():
    assert row_of(DOCUMENT, "relations", [["gout", "Disease"]]) == {
        "id": "7",
        "text": TEXT,
        "entities": [
            {"start": 0, "end": 7, "label": "Drug", "text": "Aspirin", "concepts": ["D1"]},
            {"start": 12, "end": 16, "label": "Disease", "text": "gout", "concepts": []},
            {"start": 18, "end": 25, "label": "Drug", "text": "aspirin", "concepts": ["D1", "D2"]},
        ],
        "relations": [{"type": "treats", "head": 0, "tail": 1}],
        "step": "relations",
        "given": [["gout", "Disease"]],
    }


@given(st.integers(0, 10**6), st.booleans())
def test_made_documents_come_back_as_they_were(seed, two_steps):
    documents = [made.document for made in make_splits({"test": 3}, seed)["test"]]
    rows = training_rows(documents, two_steps)
    assert [document_of(row) for row in rows][:: 2 if two_steps else 1] == documents


def test_relations_between_concepts_come_back_too():
    document = RelatedDocument("7", TEXT, ENTITIES, (Relation("Association", "D1", "D2"),))
    assert document_of(row_of(document)) == document


def test_two_steps_are_two_rows_and_the_second_is_given_the_entities():
    first, second = training_rows([DOCUMENT], two_steps=True)
    assert (first["step"], first["given"]) == ("entities", None)
    assert (second["step"], second["given"]) == ("relations", gold_given(DOCUMENT, "relations"))


def test_a_begun_answer_lists_every_mention_and_the_second_step_is_told_each_pair_once():
    twice = RelatedDocument("7", "gout, gout", tuple(RelatedEntity(n, n + 4, "Disease", "gout") for n in (6, 0)))
    assert gold_given(twice, "joint") == [["gout", "Disease"]] * 2
    assert gold_given(twice, "relations") == [["gout", "Disease"]]


@pytest.mark.parametrize(("step", "told"), [("relations", None), ("entities", []), ("both", None)])
def test_a_row_that_does_not_fit_its_step_is_not_made(step, told):
    with pytest.raises(ValueError, match="step"):
        row_of(DOCUMENT, step, told)


def changed(**fields):
    return {**ROW, **fields}


def entity(**fields):
    return changed(entities=[{**ROW["entities"][0], **fields}, *ROW["entities"][1:]])


def relation(**fields):
    return changed(relations=[{**ROW["relations"][0], **fields}])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({name: value for name, value in ROW.items() if name != "text"}, 'the field "text" is missing'),
        (changed(id=7), 'the field "id" is missing or no text'),
        (changed(relations=None), 'the field "relations" is missing or no list'),
        (changed(entities=["gout"]), "entity 1 has not exactly the fields start, end, label, text, concepts"),
        (entity(start=True), 'entity 1: the field "start" holds True'),
        (entity(concepts=[1]), "entity 1: its concepts are not all text"),
        (entity(end=8), 'document "7": entity 1 is "Aspirin", but at 0 to 8 the text has "Aspirin "'),
        (entity(end=99), "outside the text"),
        (changed(relations=[{"type": "treats", "head": 0}]), "relation 1 has not exactly the fields type, head, tail"),
        (relation(head=None), "relation 1: expected a type"),
        (relation(tail=3), 'the relation "treats" names entity 4, which is not there'),
        (relation(tail="D9"), '"D9", which no entity has as its concept'),
        (changed(step="both"), 'the step is "both"; expected one of joint, entities, relations'),
        (changed(step="relations"), 'the step "relations" needs the entities in the field "given"'),
        (changed(step="entities", given=[]), 'the step "entities" takes no entities in the field "given"'),
        (changed(given=[["gout"]]), 'the field "given" is neither null nor a list of pairs'),
        (changed(given={"gout": "Disease"}), 'the field "given" is neither null nor a list of pairs'),
    ],
)
def test_a_broken_row_is_told_with_its_file_and_record(tmp_path, row, told):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{**ROW, "id": "6"}, row])
    with pytest.raises(InputError) as caught:
        read_rows(path)
    assert str(caught.value).startswith(f"{path}, record 2")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_document_has_one_row_for_a_step(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, training_rows([DOCUMENT], two_steps=True))
    assert len(read_rows(path)) == 2
    write_jsonl(path, [ROW, ROW])
    with pytest.raises(InputError, match='record 2: the document "7" has two rows for the step "joint"'):
        read_rows(path)
