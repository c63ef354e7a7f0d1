"""Two steps at inference: what the second one is told, and how both answers become one prediction."""

import json
import math

import pytest

from medtune.data.related import RelatedDocument, RelatedEntity
from medtune.errors import InputError
from medtune.studies.relations.rows import row_of
from medtune.studies.relations.steps import PASS_FIELDS, given_rows, join_steps
from medtune.studies.relations.template import RelationsTask
from tests.conftest import ROOT

TASK = RelationsTask(ROOT / "config" / "prompts" / "relations", two_steps=True)
DOCUMENT = RelatedDocument("7", "Aspirin for gout.", (RelatedEntity(12, 16, "Disease", "gout"),))
ROWS = {"test": [row_of(DOCUMENT, "entities")]}
ENTITIES = [{"text": name, "type": label} for name, label in (("Aspirin", "Drug"), ("gout", "X"), ("Aspirin", "Drug"))]
RELATIONS = [{"head": "Aspirin", "type": "treats", "tail": "gout"}]


def prediction(raw, split="test", identifier="7", finish="eos", tokens=3, confidence=0.5):
    parsed = TASK.parse(raw)
    return {
        "id": identifier,
        "split": split,
        "raw": raw,
        "value": parsed.value,
        "status": parsed.status,
        "prompt_tokens": 10,
        "output_tokens": tokens,
        "finish": finish,
        "confidence": confidence,
    }


def first(entities=ENTITIES, **fields):
    return prediction(json.dumps({"entities": entities}), **fields)


def second(relations=RELATIONS, **fields):
    return prediction(json.dumps({"relations": relations}), **fields)


def test_the_second_step_is_told_each_predicted_entity_once_whatever_its_type():
    (row,) = given_rows(ROWS, [first()])["test"]
    assert row == row_of(DOCUMENT, "relations", [["Aspirin", "Drug"], ["gout", "X"]])


def test_an_answer_that_cannot_be_read_gives_no_entities():
    assert given_rows(ROWS, [prediction("Sorry.")])["test"][0]["given"] == []


def test_rows_of_any_step_say_which_documents_are_meant():
    assert given_rows({"test": [row_of(DOCUMENT)]}, [first()]) == given_rows(ROWS, [first()])


def test_a_missing_first_answer_is_an_error():
    with pytest.raises(InputError, match='no answer to id "7" of split test'):
        given_rows(ROWS, [])


def test_both_answers_become_one():
    one, other = first(confidence=0.5, tokens=3), second(tokens=4, finish="length", confidence=0.9)
    (joined,) = join_steps([one], [other])
    assert joined["value"] == {"entities": ENTITIES, "relations": RELATIONS}
    assert (joined["id"], joined["split"], joined["status"]) == ("7", "test", "ok")
    assert (joined["prompt_tokens"], joined["output_tokens"], joined["finish"]) == (20, 7, "length")
    assert joined["raw"] == f"{one['raw']}\n{other['raw']}"
    # Four tokens with EOS in the first, four without in the second.
    assert joined["confidence"] == pytest.approx(math.sqrt(0.5 * 0.9), rel=1e-5)
    assert joined["passes"] == [{name: answer[name] for name in PASS_FIELDS} for answer in (one, other)]


@pytest.mark.parametrize(
    ("one", "other", "status", "value"),
    [
        (first(), prediction("?"), "not_json", {"entities": ENTITIES, "relations": []}),
        (prediction("?"), second(), "not_json", {"entities": [], "relations": RELATIONS}),
        (prediction("?"), prediction("[]"), "not_json", None),
        (prediction('{"entities":[1]}'), second(), "wrong_shape", {"entities": [], "relations": RELATIONS}),
        (first(), prediction('{"relations":[{"he'), "truncated", {"entities": ENTITIES, "relations": []}),
        (first(), prediction('{"relations":[]} so'), "trailing_text", {"entities": ENTITIES, "relations": []}),
    ],
)
def test_the_worse_status_counts_and_what_was_read_stays(one, other, status, value):
    (joined,) = join_steps([one], [other])
    assert (joined["status"], joined["value"]) == (status, value)


def test_a_split_without_first_step_stays_as_it_is_and_the_order_is_that_of_the_second_step():
    given = second(split="given")
    others = [second(identifier="8"), second(), given]
    joined = join_steps([first(), first(identifier="8")], others)
    assert [(row["split"], row["id"]) for row in joined] == [("test", "8"), ("test", "7"), ("given", "7")]
    assert joined[2] == given


@pytest.mark.parametrize(
    ("ones", "others", "told"),
    [
        ([first(), first(identifier="8")], [second()], 'id "8" is not in the data'),
        ([first()], [second(), second(identifier="8")], 'no answer to id "8"'),
        ([first()], [second(), second()], "two answers of the second step"),
        ([first(), first()], [second()], 'two answers to id "7"'),
    ],
)
def test_answers_without_their_other_half_are_an_error(ones, others, told):
    with pytest.raises(InputError, match=told):
        join_steps(ones, others)


@pytest.mark.parametrize("step", [0, 1])
def test_a_gold_answer_that_is_too_long_in_one_step_is_so_for_both(step):
    passes = [first(), prediction(json.dumps({"relations": RELATIONS}))]
    assert "longer_gold" not in join_steps([passes[0]], [passes[1]])[0]
    passes[step]["longer_gold"] = True
    assert join_steps([passes[0]], [passes[1]])[0]["longer_gold"]
