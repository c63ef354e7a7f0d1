"""Constrained decoding: every answer that ends is what its form allows, in whatever batch it is made."""

import math

import pytest
import torch

from medtune.config import Generation
from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.errors import InputError
from medtune.files import read_jsonl, write_json, write_jsonl
from medtune.inference.answer_form import AnswerForm
from medtune.inference.constraints import Constraint, _grammar
from medtune.inference.generation import generate
from medtune.kinds.labels.task import LabelTask
from medtune.kinds.relations.answer_form import answer_form
from medtune.kinds.relations.output import ENTITIES, RELATIONS, read_output
from medtune.stages.generate import Job, generate_predictions
from medtune.studies.relations.generator import make_splits
from medtune.studies.relations.rows import STEPS, gold_given, row_of, training_rows
from medtune.studies.relations.schema_file import write_schema
from medtune.studies.relations.template import RelationsTask
from tests.unit.tiny_model import random_prompts, tiny_model

INSTRUCTION = list(range(20, 40))
SETTINGS = Generation(max_new_tokens=150, batch_tokens=4096)
WHOLE = answer_form(STUDY_SCHEMA)
CASES = {"no prefix": [], "prefix": INSTRUCTION}


@pytest.fixture(scope="module")
def closing():
    """An untrained model with a liking for quotation marks, so that strings and answers come to an end."""
    model, tokenizer = tiny_model()
    head = torch.nn.Linear(model.config.hidden_size, model.config.vocab_size)
    head.weight.data = model.lm_head.weight.data.clone()
    head.bias.data.zero_()
    head.bias.data[tokenizer.convert_tokens_to_ids('"')] = 6.0
    model.lm_head = head
    return model, tokenizer


def answers_of(model, tokenizer, prompts, forms, settings=SETTINGS):
    return generate(model, tokenizer, prompts, settings, seed=3, constrain=Constraint(model, tokenizer).to(forms))


@pytest.mark.parametrize("temperature", [0.0, 1.0], ids=["greedy", "sampled"])
@pytest.mark.parametrize("prefix", CASES.values(), ids=CASES)
def test_every_answer_that_ends_is_whole_and_has_known_types_alone(closing, prefix, temperature):
    prompts = random_prompts(40, prefix=prefix)
    settings = SETTINGS.model_copy(update={"temperature": temperature})
    answers = answers_of(*closing, prompts, [WHOLE] * len(prompts), settings)
    ended = [answer for answer in answers if answer.finish == "eos"]
    assert len(ended) >= 15
    assert len({answer.length for answer in ended}) > 3  # rows of a batch end at different times
    items = {ENTITIES: [], RELATIONS: []}
    for answer in ended:
        parsed = read_output(answer.text)
        assert parsed.status == "ok"
        for name in items:
            items[name] += parsed.items[name]
    assert {item["type"] for item in items[ENTITIES]} <= set(STUDY_SCHEMA.entities)
    assert {item["type"] for item in items[RELATIONS]} <= {relation.name for relation in STUDY_SCHEMA.relations}
    assert all(item["text"] for item in items[ENTITIES])
    assert sum(map(len, items.values())) > 10
    for answer in answers:
        assert read_output(answer.text).status in ("ok", "truncated")


@pytest.mark.parametrize("prefix", CASES.values(), ids=CASES)
def test_a_row_is_answered_as_it_is_alone(closing, prefix):
    prompts = random_prompts(12, prefix=prefix)
    together = answers_of(*closing, prompts, [WHOLE] * len(prompts))
    alone = [answers_of(*closing, [prompt], [WHOLE])[0] for prompt in prompts]
    assert [answer.text for answer in together] == [answer.text for answer in alone]


def test_each_row_has_a_form_of_its_own_also_the_rest_of_a_begun_answer(closing, tmp_path):
    """What is read of an answer is as the task reads it."""
    rest = '"}],"relations":'
    forms = {
        "joint": WHOLE,
        "begun": answer_form(STUDY_SCHEMA, begun=""),
        "begun and cut": answer_form(STUDY_SCHEMA, begun=rest),
        "entities": answer_form(STUDY_SCHEMA, ["entities"]),
        "relations": answer_form(STUDY_SCHEMA, ["relations"]),
    }
    for step in STEPS:
        (tmp_path / f"{step}.txt").write_text("List them.")
    joint, two_steps = (RelationsTask(tmp_path, two_steps=steps) for steps in (False, True))
    rows = list(forms) * 10
    answers = answers_of(*closing, random_prompts(len(rows)), [forms[row] for row in rows])
    ended = {name: [] for name in forms}
    for row, answer in zip(rows, answers, strict=True):
        if answer.finish == "eos":
            ended[row].append(answer.text)
    assert all(ended.values())
    for name, texts in ended.items():
        task = two_steps if name in ("entities", "relations") else joint
        assert {task.parse(text).status for text in texts} == {"ok"}, name
    assert all(text.startswith(rest + "[") for text in ended["begun and cut"])
    assert not any(text.startswith("{") for text in ended["begun"])


def test_probabilities_stay_those_of_the_free_model(closing):
    model, tokenizer = closing
    prompt = random_prompts(1)[0]
    (answer,) = answers_of(model, tokenizer, [prompt], [WHOLE], SETTINGS.model_copy(update={"max_new_tokens": 3}))
    with torch.no_grad():
        free = model(torch.tensor([prompt])).logits[0, -1].softmax(-1)
    assert answer.token_probabilities[0] == pytest.approx(free[answer.tokens[0]].item(), rel=1e-4)
    assert answer.token_probabilities[0] < 0.5  # nothing made it write the bracket
    assert math.isfinite(answer.confidence)


@pytest.fixture
def follows():
    """Whether tokens are a whole answer of a form."""
    import llguidance

    constraint = Constraint(*tiny_model())

    def check(tokens, form=WHOLE):
        matcher = llguidance.LLMatcher(constraint._vocabulary, _grammar(form))
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    return check


def test_compact_json_can_be_written_and_nothing_looser(follows):
    _, tokenizer = tiny_model()

    def written(text, form=WHOLE):
        return follows(tokenizer(text, add_special_tokens=False)["input_ids"], form)

    answer = '{"entities":[{"text":"β-\\"x\\\\","type":"Drug"}],"relations":[{"head":"a","type":"treats","tail":"b"}]}'
    assert written(answer)
    assert written(" " + answer)
    assert written('{"entities":[],"relations":[]}')
    for wrong in (
        answer.replace(",", ", "),
        answer + " ",
        answer.replace("Drug", "Dragon"),
        answer.replace("treats", "cures"),
        answer.replace("β", "\\ud800"),
        '{"entities":[{"text":"","type":"Drug"}],"relations":[]}',
        '{"relations":[],"entities":[]}',
        '{"entities":[]}',
    ):
        assert not written(wrong), wrong
    assert written("[]}", answer_form(STUDY_SCHEMA, begun=""))
    assert not written("[]", answer_form(STUDY_SCHEMA, begun=""))


def test_all_that_models_are_trained_to_write_has_the_form(follows, tmp_path):
    for step in STEPS:
        (tmp_path / f"{step}.txt").write_text("List them.")
    write_schema(tmp_path / "schema.json", STUDY_SCHEMA)
    joint, two_steps = (RelationsTask(tmp_path, steps, schema=tmp_path / "schema.json") for steps in (False, True))
    _, tokenizer = tiny_model()
    for item in make_splits({"test": 15}, seed=2)["test"]:
        document = item.document
        begun = row_of(document, "joint", gold_given(document, "joint"))
        cases = [
            (joint, row_of(document)),
            (joint, begun),
            *((two_steps, row) for row in training_rows([document], two_steps=True)),
        ]
        for task, row in cases:
            answer = task.render(row, tokenizer).completion[:-1]
            assert follows(answer, task.answer_form(row, tokenizer)), tokenizer.decode(answer)


LABELS = ('Yes "quoted"', "No", "No change", "1", "1.5", "Fieber ≥ 38 °C", "back\\slash", "(a|b)*")


@pytest.mark.parametrize("rationale", [False, True], ids=["label", "label and reason"])
def test_all_that_says_a_label_has_the_form_and_nothing_else(follows, rationale):
    task = LabelTask("mixed", "{text}", LABELS, rationale)
    _, tokenizer = tiny_model()
    form = task.answer_form({}, tokenizer)

    def written(text):
        return follows(tokenizer(text, add_special_tokens=False)["input_ids"], form)

    for label in LABELS:
        answer = task.completion({"label": label, "rationale": "Über 38 °C,\nsays “he”: <b>."})
        assert task.parse(answer).status == "ok"
        assert written(answer)
        assert written(answer.lstrip())  # as the turn of a chat begins
        for wrong in (
            f"  {answer}",
            f"{answer}\n",
            f" {label}",
            f" {label}x.",
            f" {label}. Rationale:",
            f" {label}. x",
        ):
            assert not written(wrong), wrong
    assert not written(" Unknown.")
    assert written(" No.") is not rationale


@pytest.mark.parametrize("prefix", CASES.values(), ids=CASES)
def test_a_model_held_to_labels_says_one_of_them(closing, prefix):
    task = LabelTask("smoking", "{text}", ["Yes", "No", "No change"])
    prompts = random_prompts(12, prefix=prefix)
    answers = answers_of(*closing, prompts, [task.answer_form({}, None)] * len(prompts))
    assert {answer.finish for answer in answers} == {"eos"}
    assert {task.parse(answer.text).status for answer in answers} == {"ok"}


def test_a_form_that_cannot_be_followed_is_refused():
    with pytest.raises(ValueError, match="no_such_type"):
        Constraint(*tiny_model()).to([AnswerForm({"type": "no_such_type"})])


@pytest.fixture
def stage(tmp_path):
    """A base model on disk with documents and instructions, and what makes a job of it."""
    model, tokenizer = tiny_model()
    for part in (model, tokenizer):
        part.save_pretrained(tmp_path / "base")
    write_json(tmp_path / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    (tmp_path / "joint.txt").write_text("List them.")
    rows = [row_of(item.document) for item in make_splits({"test": 4}, seed=1)["test"]]
    write_jsonl(tmp_path / "test.jsonl", rows)
    return Job(
        task="relations",
        task_options={"prompts": tmp_path},
        settings={"max_new_tokens": 8, "constrained": True},
        seed=1,
        splits={"test": tmp_path / "test.jsonl"},
        base=tmp_path / "base",
    )


def test_the_stage_holds_answers_to_the_form_of_the_task(stage, tmp_path):
    write_schema(tmp_path / "schema.json", STUDY_SCHEMA)
    stage.task_options["schema"] = tmp_path / "schema.json"
    generate_predictions(stage, tmp_path / "predictions.jsonl", tmp_path / "state")
    rows = read_jsonl(tmp_path / "predictions.jsonl")
    assert len(rows) == 4
    assert all(row["raw"].lstrip().startswith('{"entit') and row["status"] == "truncated" for row in rows)


def test_a_task_without_a_form_is_refused(stage, tmp_path):
    with pytest.raises(InputError, match=r'generation\.constrained: the task "relations" has no form of answers; set'):
        generate_predictions(stage, tmp_path / "predictions.jsonl", tmp_path / "state")
    assert not (tmp_path / "predictions.jsonl").exists()
