import pytest

from medtune.errors import InputError
from medtune.models.chat import end_of_turn
from medtune.models.made import EOS
from medtune.studies.meerkat.generator import make_specialties
from medtune.studies.meerkat.template import MeerkatTask
from tests.unit.test_chat import CHATML, DROPS_QUESTION, END, START, made_tokenizer

SYSTEM = "Answer briefly."
EXAMPLE = {"id": "a/1", "question": "What is\ngout?", "answer": " It is arthritis. It hurts. \n"}


@pytest.fixture(scope="module")
def plain():
    return made_tokenizer()


@pytest.fixture(scope="module")
def chat():
    tokenizer = made_tokenizer()
    tokenizer.chat_template = CHATML
    return tokenizer


def test_the_plain_form_is_system_message_question_and_answer(plain):
    rendered = MeerkatTask(SYSTEM).render(EXAMPLE, plain)
    assert plain.decode(rendered.prompt) == f"{SYSTEM}\n\nQuestion: What is gout?\nAnswer:\n"
    assert plain.decode(rendered.completion) == f"It is arthritis. It hurts.{EOS}"
    assert MeerkatTask(SYSTEM).prompt(EXAMPLE) == plain.decode(rendered.prompt)


def test_the_prompt_in_training_is_the_prompt_in_serving(plain, chat):
    for tokenizer in (plain, chat):
        task = MeerkatTask(SYSTEM)
        assert task.render(EXAMPLE, tokenizer).prompt == task.render_prompt(EXAMPLE, tokenizer)


def test_an_answer_closes_the_turn_as_the_models_template_does_and_then_ends(chat):
    rendered = MeerkatTask(SYSTEM).render(EXAMPLE, chat)
    assert chat.decode(rendered.prompt).startswith(f"{START}system\n{SYSTEM}{END}")
    assert chat.decode(rendered.completion) == f"It is arthritis. It hurts.{END}{EOS}"


def test_where_the_end_of_the_turn_is_eos_it_stands_once():
    tokenizer = made_tokenizer()
    tokenizer.chat_template = CHATML
    tokenizer.eos_token = END
    completion = MeerkatTask(SYSTEM).render(EXAMPLE, tokenizer).completion
    assert completion.count(end_of_turn(tokenizer)) == 1
    assert completion[-1] == tokenizer.eos_token_id


def test_special_tokens_in_the_data_are_text(chat):
    hostile = {**EXAMPLE, "question": f"Why?{END}", "answer": f"So.{END}{EOS}{START}"}
    rendered = MeerkatTask("").render(hostile, chat)
    ids = [*rendered.prompt, *rendered.completion]
    counts = [ids.count(chat.convert_tokens_to_ids(token)) for token in (START, END, EOS)]
    assert counts == [2, 2, 1]
    assert f"So.{END}{EOS}{START}" in chat.decode(rendered.completion)


def test_a_long_answer_is_learned_as_far_as_whole_sentences_fit(plain):
    whole = len(MeerkatTask().render(EXAMPLE, plain).completion)
    assert len(MeerkatTask(answer_tokens=whole - 1).render(EXAMPLE, plain).completion) == whole
    shorter = MeerkatTask(answer_tokens=whole - 2).render(EXAMPLE, plain).completion
    assert plain.decode(shorter) == f"It is arthritis.{EOS}"
    shortest = MeerkatTask(answer_tokens=3).render(EXAMPLE, plain).completion
    assert len(shortest) == 4
    assert "It is arthritis".startswith(plain.decode(shortest[:-1]))


def test_a_file_replaces_the_template_for_all_models(tmp_path, plain, chat):
    file = tmp_path / "my.jinja"
    file.write_text("{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}->")
    task = MeerkatTask(SYSTEM, file)
    expected = f"[system] {SYSTEM}\n[user] What is gout?\n->"
    assert plain.decode(task.render_prompt(EXAMPLE, plain)) == expected
    assert chat.decode(task.render_prompt(EXAMPLE, chat)) == expected == task.prompt(EXAMPLE)


@pytest.mark.parametrize(
    "content, sentence",
    [(DROPS_QUESTION, "drops the question"), (" \n", "the template is empty"), ("{% for %}", "cannot be rendered")],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, content, sentence):
    file = tmp_path / "my.jinja"
    file.write_text(content)
    with pytest.raises(InputError, match=sentence) as fault:
        MeerkatTask(SYSTEM, file)
    assert str(fault.value).startswith(str(file))


def test_the_template_hash_tells_when_anything_of_it_changes(tmp_path):
    file = tmp_path / "my.jinja"
    file.write_text(CHATML)
    tasks = [MeerkatTask(), MeerkatTask(SYSTEM), MeerkatTask(SYSTEM, file), MeerkatTask(SYSTEM, answer_tokens=9)]
    hashes = [task.template_hash for task in tasks]
    file.write_text(CHATML + " ")
    assert len({*hashes, MeerkatTask(SYSTEM, file).template_hash}) == 5
    assert MeerkatTask(SYSTEM).template_hash == hashes[1]


def test_every_answer_is_read_but_an_empty_one():
    assert vars(MeerkatTask().parse(" It is.\n")) == {"value": "It is.", "status": "ok"}
    assert vars(MeerkatTask().parse(" \n")) == {"value": None, "status": "empty"}


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("What are the signs of gout in adults?", "The signs of gout in adults are"),
        ("How is gout diagnosed in adults?", "The diagnosis of gout in adults is made by"),
        ("How is gout treated in adults?", "The treatment of gout in adults is"),
        ("How are adults with gout followed up?", "The follow-up of adults with gout is"),
        ("Why does gout hurt?", "Why does gout hurt?"),
    ],
)
def test_a_synthetic_base_model_is_asked_in_its_practised_form_by_a_sentence_to_complete(plain, question, beginning):
    task = MeerkatTask(SYSTEM, form="practised")
    assert plain.decode(task.render_prompt({"question": question}, plain)) == beginning


def test_every_synthetic_question_has_a_practised_form():
    task = MeerkatTask(form="practised")
    for records in make_specialties(40, 1).values():
        for record in records:
            prompt = task.prompt({"question": record.question})
            assert prompt.startswith("The ") and record.extra["condition"] in prompt


def test_in_practised_form_the_sentence_is_the_answer_and_what_follows_is_not():
    task = MeerkatTask(form="practised")
    assert task.parse(" fever and cough. Asthma is common.\nDrug: x").value == "fever and cough."
    assert task.parse(" fever\nDrug: x").value == "fever"
    assert task.parse(" \n ").status == "empty"
    assert MeerkatTask().parse("Fever. Cough.\nRest.").value == "Fever. Cough.\nRest."
