import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medtune.errors import InputError
from medtune.kinds.answers.task import AnswerTask
from medtune.kinds.task import Parsed
from medtune.metrics.text.names import ROUGE_L
from medtune.metrics.text.registry import score_texts
from medtune.studies import get_task
from tests.imports import check_no_torch

PROMPT = "Question: {text}\nAnswer:"
LINES = st.text(st.sampled_from("abQ :?.\n"), max_size=30)


def task(prompt=PROMPT):
    return AnswerTask("qa", prompt)


def asked(answer, text="What is gout?"):
    return {"id": "x", "text": text, "answer": answer}


@given(LINES, st.sampled_from([PROMPT, "{text}\n\n", "Say it.\n{text}\nA:"]))
def test_an_answer_is_read_from_its_own_completion_or_refused(answer, prompt):
    try:
        completion = task(prompt).completion(asked(answer))
    except InputError:
        assert not answer.strip() or re.search(r"^ *q:", answer.strip(), re.I | re.M)
    else:
        assert task(prompt).parse(completion) == Parsed(answer.strip(), "ok")


@given(st.text())
def test_parsing_never_fails_and_leaves_no_white_space_around(output):
    parsed = task().parse(output)
    assert parsed.status == ("unparsable" if parsed.value is None else "ok")
    assert parsed.value is None or parsed.value == parsed.value.strip() != ""


@given(LINES, st.sampled_from(["Question: Next?\nAnswer: no.", "  q: x", "QUESTION:"]))
def test_nothing_after_a_further_question_is_read(answer, further):
    assume(answer.strip())
    assert task().parse(f"{answer}\n{further}") == task().parse(answer)


@pytest.mark.parametrize(
    ("prompt", "output", "value"),
    [
        (PROMPT, " By crystals.\n\nQuestion: What is asthma?\nAnswer: Of lungs.", "By crystals."),
        (PROMPT, "\nQuestion: What is asthma?\nAnswer: Of lungs.", None),
        (PROMPT, " \n\t ", None),
        (PROMPT, " First.\n\n- second\n", "First.\n\n- second"),
        # A question within a line is the answer's own.
        (PROMPT, " The question: what is pain? Q: none.", "The question: what is pain? Q: none."),
        (PROMPT, " Questions: two", "Questions: two"),
        ("Patient says: {text}\nReply:", " Rest.\npatient says: it hurts\nReply: Rest.", "Rest."),
        ("### Ask\n{text}\n### Reply\n", "Rest.\n### Ask\nIt hurts.", "Rest."),
        ("{text}\n", "Rest.\nIt hurts.", "Rest.\nIt hurts."),
        ("- {text}\n", "- rest\n- sleep", "- rest\n- sleep"),
    ],
)
def test_where_an_answer_ends(prompt, output, value):
    assert task(prompt).parse(output) == Parsed(value, "ok" if value else "unparsable")


def test_the_question_is_one_line_of_plain_text_and_other_braces_stay():
    prompt = task("Say {this}.\nQ: {text}\nA:").prompt(asked("", "What\nis {text} <|endoftext|>?"))
    assert prompt == "Say {this}.\nQ: What is {text} ‹|endoftext|>?\nA:"


def test_the_answer_comes_after_one_white_space():
    assert task().completion(asked(" By crystals.\n")) == " By crystals."
    assert task("{text}\n").completion(asked("By crystals.")) == "By crystals."


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (" \n", 'qa: id "x": the answer is empty; expected text'),
        ("One.\n question: two?", 'qa: id "x": a line of the answer begins with "question:", as a further question'),
    ],
)
def test_an_answer_that_cannot_be_read_back_is_refused(answer, message):
    with pytest.raises(InputError, match=re.escape(message)):
        task().completion(asked(answer))


def test_the_validation_figure_is_the_mean_rouge_l_and_no_text_has_nil():
    examples = [asked("By crystals in joints."), asked("Rest and ice.")]
    figure = task().validation_figure(examples, lambda _: [Parsed("By crystals", "ok"), Parsed(None, "unparsable")])
    scores = score_texts(["By crystals", ""], [row["answer"] for row in examples])
    assert figure == pytest.approx(scores.metrics[ROUGE_L].items.mean())
    assert figure == pytest.approx(2 * 1 * 0.5 / 1.5 / 2)


def test_the_template_is_told_by_its_prompt_and_study():
    hashes = {task().template_hash, task("{text}").template_hash, AnswerTask("other", PROMPT).template_hash}
    assert len(hashes) == 3
    assert get_task("own_answers", study="qa", prompt=PROMPT).template_hash == task().template_hash


def test_the_task_loads_no_heavy_library():
    check_no_torch("medtune.kinds.answers.task", "medtune.kinds.answers.figures", "medtune.kinds.answers.card")
