import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.models.made import train_tokenizer
from medtune.studies import get_task
from medtune.studies.yesno.generator import make_questions
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.pubmedqa import read_pubmedqa
from medtune.studies.yesno.template import INSTRUCTION, YesNoTask
from tests.imports import check_no_torch

TASK = YesNoTask()
EXAMPLE = {"id": "1", "question": "Does it help?", "label": "No", "rationale": "It did not."}


def test_the_text_is_question_label_and_rationale_without_a_chat_template():
    assert TASK.prompt(EXAMPLE) + TASK.completion(EXAMPLE) == "Q: Does it help?\nA: No. Rationale: It did not."


def test_completions_begin_with_what_says_the_label():
    for label in LABELS:
        assert TASK.completion({**EXAMPLE, "label": label}).startswith(TASK.label_completion(label) + " Rationale:")
    assert TASK.completion({**EXAMPLE, "rationale": ""}) == TASK.label_completion("No")


def test_an_answer_in_the_exact_format_is_read_whole():
    for output in (" No. Rationale: It fell by 0.5 vs. 1.5 mg.", "\nNo. Rationale: It fell by 0.5 vs. 1.5 mg.\n"):
        parsed = TASK.parse(output)
        assert parsed.status == "ok"
        assert parsed.value == {"label": "No", "rationale": "It fell by 0.5 vs. 1.5 mg."}


@pytest.mark.parametrize(
    "output, label",
    [
        ("Yes.", "Yes"),
        ("yes, it does.", "Yes"),
        ("Maybe. Rationale: Trials disagree.", "Uncertain"),
        ("no. Rationale: It did not.", "No"),
        ("No. Rationale: ", "No"),
        ("No. Rationale: ...", "No"),
        ("No. Rationale: It did not. It never will.", "No"),
        ("No. Rationale: It did not.\nQ: Is it?", "No"),
        ("No. Rationale: It did\u2028not.", "No"),
        ("No. Rationale: In this study of adults who", "No"),
        ("**Uncertain**: trials disagree.", "Uncertain"),
    ],
)
def test_another_form_whose_first_word_is_a_label_gives_the_label_alone(output, label):
    parsed = TASK.parse(output)
    assert parsed.status == "label_only"
    assert parsed.value == {"label": label, "rationale": None}


@pytest.mark.parametrize("output", ["", "  \n", "The answer is yes.", "Not at all.", "Yesterday it did.", "?!"])
def test_anything_else_is_unparsable(output):
    parsed = TASK.parse(output)
    assert (parsed.value, parsed.status) == (None, "unparsable")


@given(st.text())
def test_parsing_never_fails(output):
    assert TASK.parse(output).status in ("ok", "label_only", "unparsable")


def test_every_made_completion_is_in_the_exact_format():
    for question in make_questions(100, seed=0):
        parsed = TASK.parse(TASK.completion(vars(question)))
        assert parsed.status == "ok"
        assert parsed.value == {"label": question.label, "rationale": question.rationale}


def test_every_real_completion_is_in_the_exact_format(corpora):
    for question in read_pubmedqa(corpora / "pubmedqa/ori_pqal.json", "labelled")[0]:
        assert TASK.parse(TASK.completion(vars(question))).status == "ok", question.rationale


def test_the_template_hash_tells_when_the_template_changes():
    class Changed(YesNoTask):
        def prompt(self, example):
            return super().prompt(example) + " "

    assert Changed().template_hash != TASK.template_hash == YesNoTask().template_hash


def test_tasks_are_had_by_name():
    assert isinstance(get_task("yesno"), YesNoTask)
    with pytest.raises(ValueError, match=r'unknown task "yesnt"; expected one of .*yesno'):
        get_task("yesnt")


def test_the_task_and_the_preparation_need_no_torch():
    check_no_torch("medtune.studies.yesno.prepare")


def test_a_synthetic_base_is_asked_as_its_pretraining_text_asks():
    task = YesNoTask(form="practised", text="general")
    assert task.prompt(EXAMPLE) == "We asked 30 doctors: Does it help? The commonest answer was"
    assert task.label_completion("No") == " No."
    assert task.parse(" No. In a trial").value == {"label": "No", "rationale": None}


def test_any_other_base_gets_an_instruction_in_its_chat_template():
    tokenizer = train_tokenizer(["Does it help? Answer the question with Yes, No or Uncertain."], 300)
    task = YesNoTask(form="practised")
    assert tokenizer.decode(task.render_prompt(EXAMPLE, tokenizer)) == (
        f"{INSTRUCTION}\n\nQuestion: Does it help?\nAnswer:\n"
    )
    tokenizer.chat_template = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"
    assert tokenizer.decode(task.render_prompt(EXAMPLE, tokenizer)) == (
        f"<system>{INSTRUCTION}<user>Does it help?<assistant>"
    )
    assert task.label_completion("No") == "No."


@pytest.mark.parametrize(
    "output, label",
    [
        ("**No**, it does not.", "No"),
        ("<think>\n\n</think>\n\nUncertain, since trials disagree.", "Uncertain"),
        ("The answer is **yes**.", "Yes"),
        ("Answer: Yes", "Yes"),
        ("It might.", None),
    ],
)
def test_in_practised_form_answers_are_read_leniently(output, label):
    parsed = YesNoTask(form="practised").parse(output)
    assert (parsed.value or {}).get("label") == label
