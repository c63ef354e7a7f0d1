"""How a question is put to a model, after examples: in the turns of a chat, or as one plain text after the other."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from medtune.errors import InputError
from medtune.kinds.task import Task
from medtune.models.chat import prompt_ids
from medtune.models.rendering import render_completion, render_prompt

SEPARATORS = ("\n\n", "\n\n###\n\n", "\n\n----------\n\n")
"""What may stand behind the answer of an example."""


class PromptForm(Protocol):
    """stop: the text that ends an answer, None where EOS alone does."""

    stop: str | None

    def prompt(self, shots: Sequence[dict], example: dict) -> list[int]:
        """Token ids of the examples, in this order, and the question, up to where its answer begins."""

    def labels(self) -> list[list[int]]:
        """Token ids of what says each label of the task, as an answer begins after such a prompt."""


def form_of(task: Task, tokenizer: Any, candidates: Sequence[dict], chat: bool | None) -> PromptForm:
    """chat: as `Prompting` has it. candidates: all rows that may be shown. Raises InputError for a chat with a model
    that has no chat template, and where every separator stands in some answer."""
    if chat and not tokenizer.chat_template:
        raise InputError("chat: true: the base model has no chat template; set it to false")
    if chat is False or not tokenizer.chat_template:
        return Plain(task, tokenizer, candidates)
    return Chat(task, tokenizer)


class Plain:
    """Prompt and answer of each example and a separator, then the prompt of the question.

    Prompts and answers are tokenized apart, as in training. A model without training goes on after its answer as the
    examples do: with the separator, where reading stops. It is the first of `SEPARATORS` that stands in no answer of
    the candidates; without candidates there is none.
    """

    def __init__(self, task: Task, tokenizer: Any, candidates: Sequence[dict]):
        self._task, self._tokenizer = task, tokenizer
        self.stop = _separator(map(task.completion, candidates)) if candidates else None
        self._leading = render_prompt("", tokenizer)
        self._shots: dict[str, list[int]] = {}

    def prompt(self, shots: Sequence[dict], example: dict) -> list[int]:
        """As in `PromptForm`. Special tokens that the tokenizer puts before a text stand once, at the beginning."""
        question = self._task.render_prompt(example, self._tokenizer)
        if not shots:
            return question
        special = len(self._leading)
        return [*question[:special], *(token for row in shots for token in self._shot(row)), *question[special:]]

    def labels(self) -> list[list[int]]:
        """As in training."""
        return self._task.label_tokens(self._tokenizer)

    def _shot(self, row: dict) -> list[int]:
        if row["id"] not in self._shots:
            prompt = self._task.render_prompt(row, self._tokenizer)[len(self._leading) :]
            answer = self._ids(self._task.completion(row))
            self._shots[row["id"]] = [*prompt, *answer, *self._ids(self.stop)]
        return self._shots[row["id"]]

    def _ids(self, text: str) -> list[int]:
        return render_completion(text, self._tokenizer)[:-1]


class Chat:
    """Examples are earlier turns of the chat: the prompt by the user, the answer by the assistant."""

    stop = None

    def __init__(self, task: Task, tokenizer: Any):
        self._task, self._tokenizer = task, tokenizer

    def prompt(self, shots: Sequence[dict], example: dict) -> list[int]:
        """As in `PromptForm`, in the model's chat template; thinking is switched off where it knows of it, since a
        thought would use up the tokens of the answer."""
        turns = [(self._task.prompt(row), self._task.completion(row).strip()) for row in shots]
        return prompt_ids(self._tokenizer, "", self._task.prompt(example), turns=turns, enable_thinking=False)

    def labels(self) -> list[list[int]]:
        """Without the white space before a label: the answer begins a turn."""
        return self._task.label_tokens(self._tokenizer, begins_turn=True)


def _separator(answers: Iterable[str]) -> str:
    texts = list(answers)
    for separator in SEPARATORS:
        if not any(separator in text for text in texts):
            return separator
    shown = ", ".join(map(repr, SEPARATORS))
    raise InputError(f"answers of the training split hold each of {shown}, so that none of them can end an answer")
