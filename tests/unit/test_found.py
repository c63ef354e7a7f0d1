"""Answers of methods that are no language models: written as the task's text, and scored like any other."""

import math
from types import SimpleNamespace

import pytest

from medtune.errors import InputError
from medtune.kinds.answers.score import score as score_answers
from medtune.kinds.answers.task import AnswerTask
from medtune.kinds.labels.score import score as score_labels
from medtune.kinds.labels.task import LabelTask
from medtune.kinds.relations.score import score as score_relations
from medtune.kinds.relations.task import RelationTask
from medtune.kinds.spans.score import score as score_spans
from medtune.kinds.spans.task import SpanTask
from medtune.methods.adapter.answers import Question, prediction_row
from medtune.methods.found import Found, found_row

LABELS = {"study": "smoking", "prompt": "Text: {text}\nLabel:", "labels": ("smoker", "none")}
SPANS = {"study": "drugs", "prompt": "Text: {text}\n", "entities": ("Drug", "Sign")}
RELATIONS = {
    "study": "treats",
    "prompt": "Text: {text}\n",
    "entities": ("Drug", "Sign"),
    "relations": {"treats": {"heads": ["Drug"], "tails": ["Sign"]}},
}
ANSWERS = {"study": "qa", "prompt": "Question: {text}\nAnswer:"}
TEXT = "Aspirin for chest pain."
ENTITIES = [
    {"start": 0, "end": 7, "type": "Drug", "text": "Aspirin"},
    {"start": 12, "end": 22, "type": "Sign", "text": "chest pain"},
]
TREATS = [{"head": 0, "tail": 1, "type": "treats"}]
CASES = {
    "labels": (LabelTask(**LABELS), {"label": "smoker"}, score_labels, LABELS, "accuracy"),
    "spans": (SpanTask(**SPANS), {"entities": ENTITIES}, score_spans, SPANS, "strict_f1"),
    "relations": (
        RelationTask(**RELATIONS),
        {"entities": ENTITIES, "relations": TREATS},
        score_relations,
        RELATIONS,
        "relation_f1",
    ),
    "answers": (AnswerTask(**ANSWERS), {"answer": "Rest and ice."}, score_answers, ANSWERS, "ROUGE-L"),
}


def example(identifier="a", text=TEXT, **annotation):
    return {"id": identifier, "text": text, "source": "notes.jsonl", **annotation}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("grouped", [False, True])
def test_the_scorer_of_each_kind_reads_rows_without_confidences_and_token_counts(kind, grouped):
    task, fields, score, options, figure = CASES[kind]
    rows = [example(name, **fields, **({"group": f"patient {name}"} if grouped else {})) for name in "ab"]
    found = score({"test": rows}, [found_row(task, "test", row, Found(fields)) for row in rows], 1, **options)
    test = found.metrics["splits"]["test"]
    assert (test[figure]["value"], test[figure]["n"]) == (1, 2)
    assert [item["status"] for item in found.items] == ["ok", "ok"]
    assert [item["output_tokens"] for item in found.items] == [None, None]
    unknown = {
        "labels": ("likelihood_accuracy", "likelihood_macro_f1", "ece", "ece_of_chance", "brier"),
        "spans": ("ece", "ece_of_chance"),
        "relations": ("mean_output_tokens",),
        "answers": ("mean_answer_tokens",),
    }[kind]
    assert {(test[name]["value"], test[name]["n"]) for name in unknown} == {(None, 0)}


@pytest.mark.parametrize("kind", CASES)
def test_nothing_annotated_gets_into_the_answer(kind):
    task, fields, *_ = CASES[kind]
    other = {
        "labels": {"label": "none", "rationale": "Says so."},
        "spans": {"entities": ENTITIES[:1]},
        "relations": {"entities": ENTITIES[:1], "relations": []},
        "answers": {"answer": "Surgery."},
    }[kind]
    found = Found(fields)
    assert found_row(task, "test", example(**other), found) == found_row(task, "test", example(), found)
    with pytest.raises(KeyError):
        found_row(task, "test", example(**fields), Found({}))


def test_a_gold_reason_is_not_copied():
    task = LabelTask(**LABELS, rationale=True)
    row = found_row(task, "test", example(label="none", rationale="Never smoked."), Found({"label": "none"}))
    assert (row["raw"], row["status"], row["value"]["rationale"]) == (" none.", "label_only", None)


def test_a_row_has_the_columns_that_language_models_have():
    task = LabelTask(**LABELS)
    given = SimpleNamespace(text=" none.", length=2, finish="eos", confidence=0.9)
    question = Question("test", example(), [1, 2, 3])
    generated = prediction_row(task, None, question, given, {"smoker": -2.0, "none": -0.1})
    assert list(generated) == list(found_row(task, "test", example(), Found({"label": "none"})))
    assert (generated["prompt_tokens"], generated["output_tokens"], generated["finish"]) == (3, 2, "eos")


def test_confidences_of_labels_are_scored():
    task, rows = LabelTask(**LABELS), [example("a", label="smoker"), example("b", label="none")]
    likely = {"smoker": math.log(0.8), "none": math.log(0.2)}
    answers = [found_row(task, "test", row, Found({"label": "smoker"}, 0.8, likely)) for row in rows]
    assert [answer["confidence"] for answer in answers] == [0.8, 0.8]
    test = score_labels({"test": rows}, answers, 1, **LABELS).metrics["splits"]["test"]
    assert (test["likelihood_accuracy"]["value"], test["brier"]["value"]) == (0.5, pytest.approx((0.08 + 1.28) / 2))
    without = {**answers[0], "label_log_likelihoods": None}
    with pytest.raises(InputError, match='id "a": needs a log-likelihood'):
        score_labels({"test": rows}, [without, answers[1]], 1, **LABELS)


@pytest.mark.parametrize("confidence, least", [(0.5, 0.5), (None, 0.6)])
def test_confidences_of_entities_are_scored(confidence, least):
    task, row = SpanTask(**SPANS), example(entities=ENTITIES[:1])
    answer = found_row(task, "test", row, Found({"entities": ENTITIES}, confidence, parts=[0.9, 0.6]))
    assert answer["part_confidences"] == [0.9, 0.6, confidence]
    found = score_spans({"test": [row]}, [answer], 1, **SPANS)
    assert found.items[0]["confidence"] == least
    # 0.9 is of a right entity, 0.6 of a wrong one.
    assert found.metrics["splits"]["test"]["ece"]["value"] == pytest.approx((0.1 + 0.6) / 2)


@pytest.mark.parametrize("entities", [ENTITIES[::-1], [ENTITIES[0], ENTITIES[0]]])
def test_entities_out_of_order_or_doubled_are_refused(entities):
    with pytest.raises(ValueError, match="each once"):
        Found({"entities": entities})


def test_confidences_that_are_not_one_for_each_entity_are_refused():
    with pytest.raises(ValueError, match="1 confidences of 2 entities"):
        Found({"entities": ENTITIES}, parts=[0.4])
