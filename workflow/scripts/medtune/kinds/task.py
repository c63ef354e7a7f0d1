"""What a study tells the generic stages: how to render, parse and score its examples."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from medtune.files import fingerprint
from medtune.inference.answer_form import Form
from medtune.models.rendering import Rendered, render, render_completion, render_prompt

Part = tuple[tuple[int, int], ...]
"""Stretches of an output: (start, end) of characters, end exclusive."""


@dataclass(frozen=True)
class Parsed:
    """A model's output as the task understands it. status: "ok" or what is wrong with it; the
    value of an output that does not parse is None, and it is scored as wrong."""

    value: Any
    status: str


Answering = Callable[[Sequence[dict]], list[Parsed]]
"""Gives a model's answers to examples, in their order."""


class Task(ABC):
    """One study. Examples are dictionaries with a unique `id` and the study's own fields."""

    name: str
    labels: tuple[str, ...] = ()
    """The closed set of answers, where there is one: scored by likelihood as well."""
    whole_prompts: bool = False
    """Whether an answer is of all of its prompt, so that a row whose prompt does not fit is left out of training."""
    figure: str
    """Name of what the study is judged by, such as "accuracy"."""
    annotation: tuple[str, ...]
    """Fields of an example that say the answer: what nothing but training and scoring may look at."""

    @abstractmethod
    def prompt(self, example: dict) -> str:
        """What the model reads."""

    @abstractmethod
    def completion(self, example: dict) -> str:
        """What the model should write."""

    @abstractmethod
    def parse(self, output: str) -> Parsed:
        """Read a model's output; never raises."""

    @abstractmethod
    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """The study's `figure`, in [0, 1], of a model on validation examples: what a checkpoint is chosen by.

        answer: asks the model. An answer that does not parse is wrong.
        """

    def parts(self, output: str) -> list[Part] | None:
        """The parts of an output that get a confidence each: the characters whose choice says something, without the
        fixed form around them. None when the task wants none. Never raises."""
        return None

    def content(self, output: str) -> Part | None:
        """The characters that the confidence of the whole output is taken from; None for all of it. Never raises."""
        parts = self.parts(output)
        return None if parts is None else tuple(place for part in parts for place in part)

    def answer_form(self, example: dict, tokenizer: Any) -> Form | None:
        """What the answer to an example is held to in constrained generation; None when the task has no such form."""
        return None

    def label_of(self, example: dict) -> str:
        """The gold answer of an example, one of `labels`."""
        raise TypeError(f"{self.name} has no closed set of labels")

    def label_completion(self, label: str) -> str:
        """The part of a completion that says `label`, up to where completions no longer differ by label."""
        raise TypeError(f"{self.name} has no closed set of labels")

    def label_tokens(self, tokenizer: Any, begins_turn: bool = False) -> list[list[int]]:
        """Token ids of what says each label, in the order of `labels`: the start of a completion.

        begins_turn: whether the answer is a turn of a chat, without white space before it."""
        return [render_completion(text, tokenizer)[:-1] for text in self._label_texts(begins_turn)]

    def _label_texts(self, begins_turn: bool) -> list[str]:
        """What says each label, in their order."""
        texts = [self.label_completion(label) for label in self.labels]
        return [text.lstrip() for text in texts] if begins_turn else texts

    @abstractmethod
    def probe(self) -> dict:
        """A fixed example whose rendering tells whether the template changed."""

    @property
    def template_hash(self) -> str:
        """Identifies the template: stored with an adapter, and compared before it is used."""
        example = self.probe()
        labels = [self.label_completion(label) for label in self.labels]
        return fingerprint([self.name, self.prompt(example), self.completion(example), labels])

    def render(self, example: dict, tokenizer: Any) -> Rendered:
        """Token ids for training: prompt and completion."""
        return render(self.prompt(example), self.completion(example), tokenizer)

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids for generation: the same prompt ids as `render` gives."""
        return render_prompt(self.prompt(example), tokenizer)
