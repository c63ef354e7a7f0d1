"""Chat templates as token ids: the template's special tokens are its own, what looks like one in the data is text.

A template is Jinja over `messages`, as tokenizers carry it in `chat_template`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from medtune.errors import InputError
from medtune.models.rendering import render_prompt

PLAIN = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}\n\n"
    "{% elif message['role'] == 'user' %}Question: {{ message['content'] }}\n"
    "{% else %}Answer:\n{{ message['content'] }}\n"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Answer:\n{% endif %}"
)
"""For models without a chat template. The answer begins a line, so it needs no leading space."""
_NO_TOKENIZER = tuple((name, "") for name in ("bos_token", "eos_token", "pad_token", "unk_token"))
_SYSTEM, _QUESTION, _ANSWER = "system-probe", "question-probe", "answer-probe"


def check_template(template: str, where: str) -> None:
    """Raise InputError, which begins with `where`, unless the template can be rendered and shows the question."""
    _takes_system(template, where, _NO_TOKENIZER)


def prompt_text(template: str, system: str, question: str) -> str:
    """A question as text, up to where the answer begins, as a model without special tokens reads it.

    system: empty for none. Raises InputError, see `check_template`.
    """
    messages = _messages(system, question, _takes_system(template, _name(own=False), _NO_TOKENIZER))
    return _render(template, messages, True, dict(_NO_TOKENIZER))


def prompt_ids(
    tokenizer: Any,
    system: str,
    question: str,
    template: str | None = None,
    turns: Sequence[tuple[str, str]] = (),
    **variables: Any,
) -> list[int]:
    """Token ids of a question, up to where the answer begins.

    system: empty for none; where a template refuses or drops a system message, it goes before the first question.
    turns: earlier questions with their answers.
    template: in place of the model's own, or of `PLAIN` where the model has none. The model's own writes all special
    tokens itself; before another one stand those that the tokenizer puts before a text, unless it writes them.
    variables: of the template, beyond those that all have. Raises InputError, see `check_template`, and for turns that
    the template drops.
    """
    jinja, own = _template_of(tokenizer, template)
    takes_system = _takes_system(jinja, _name(own), _special_tokens(tokenizer))
    if turns:
        _check_turns(jinja, _name(own), _special_tokens(tokenizer))
    ids = tokenizer.apply_chat_template(
        _messages(system, question, takes_system, turns),
        chat_template=jinja,
        add_generation_prompt=True,
        sanitize_control_tokens=True,
        return_dict=False,
        **variables,
    )
    leading = [] if own else render_prompt("", tokenizer)
    return ids if ids[: len(leading)] == leading else [*leading, *ids]


def instruction_ids(tokenizer: Any, instruction: str, text: str) -> list[int]:
    """Token ids of a plain instruction and the text that it is about, as the model was trained to be asked.

    In the model's own chat template where it has one, with thinking switched off where the template knows of it, since
    a thought would use up the tokens of the answer; else in `PLAIN`. For base models that are asked in the form that
    they know. Raises InputError, see `check_template`.
    """
    return prompt_ids(tokenizer, instruction, text, enable_thinking=False)


def end_of_turn(tokenizer: Any, template: str | None = None) -> int | None:
    """The special token that the template writes behind an answer; None where it writes none. template: as above."""
    jinja, _ = _template_of(tokenizer, template)
    messages = [*_messages("", _QUESTION, False), {"role": "assistant", "content": _ANSWER}]
    text = _render(jinja, messages, False, dict(_special_tokens(tokenizer)))
    behind = text.rpartition(_ANSWER)[2].lstrip() if _ANSWER in text else ""
    ids = tokenizer(behind, add_special_tokens=False)["input_ids"]
    first = tokenizer.added_tokens_decoder.get(ids[0]) if ids else None
    return ids[0] if first is not None and first.special else None


def _template_of(tokenizer: Any, template: str | None) -> tuple[str, bool]:
    """(Jinja, whether it is the model's own)."""
    if template is not None:
        return template, False
    return (tokenizer.get_chat_template(), True) if tokenizer.chat_template else (PLAIN, False)


def _name(own: bool) -> str:
    return "the model's chat template" if own else "the template"


def _special_tokens(tokenizer: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, str(token)) for name, token in tokenizer.special_tokens_map.items()))


def _messages(
    system: str, question: str, takes_system: bool, turns: Sequence[tuple[str, str]] = ()
) -> list[dict[str, str]]:
    messages = [
        {"role": role, "content": text}
        for turn in turns
        for role, text in zip(("user", "assistant"), turn, strict=True)
    ]
    messages.append({"role": "user", "content": question})
    if system and not takes_system:
        messages[0]["content"] = f"{system}\n\n{messages[0]['content']}"
        return messages
    return [{"role": "system", "content": system}, *messages] if system else messages


@lru_cache
def _check_turns(template: str, where: str, special_tokens: tuple[tuple[str, str], ...]) -> None:
    """Raises InputError for a template that does not show an earlier question and its answer."""
    import jinja2

    messages = _messages("", _QUESTION, False, [(_SYSTEM, _ANSWER)])
    try:
        shown = _render(template, messages, True, dict(special_tokens))
    except (jinja2.TemplateError, TypeError) as error:
        raise InputError(f"{where}: refuses earlier turns ({error}), which examples are; ask without a chat") from error
    if not all(text in shown for text in (_SYSTEM, _ANSWER, _QUESTION)):
        raise InputError(f"{where}: drops earlier turns, which examples are; ask without a chat")


@lru_cache
def _takes_system(template: str, where: str, special_tokens: tuple[tuple[str, str], ...]) -> bool:
    """Whether a system message is shown beside the question. Raises InputError, see `check_template`."""
    import jinja2

    try:
        shown = _render(template, _messages(_SYSTEM, _QUESTION, True), True, dict(special_tokens))
    except (jinja2.TemplateError, TypeError):
        shown = ""  # some refuse the role; what is wrong with others comes out below
    if _SYSTEM in shown and _QUESTION in shown:
        return True
    try:
        shown = _render(template, _messages("", _QUESTION, False), True, dict(special_tokens))
    except (jinja2.TemplateError, TypeError) as error:
        raise InputError(f"{where}: cannot be rendered ({error}); expected a Jinja chat template") from error
    if _QUESTION not in shown:
        raise InputError(f"{where}: drops the question; expected the content of each of `messages`")
    return False


def _render(template: str, messages: list[dict[str, str]], open_answer: bool, special_tokens: dict[str, str]) -> str:
    from transformers.utils.chat_template_utils import render_jinja_template

    (text,), _ = render_jinja_template(
        [messages], chat_template=template, add_generation_prompt=open_answer, **special_tokens
    )
    return text
