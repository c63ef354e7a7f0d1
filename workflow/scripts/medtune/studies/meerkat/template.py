"""The text of a medical question and its answer, and how an answer is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from medtune.data.sentences import sentences
from medtune.errors import InputError
from medtune.files import fingerprint, read_text
from medtune.kinds.answers.task import mean_rouge_l
from medtune.kinds.task import Answering, Parsed, Task
from medtune.models.chat import PLAIN, check_template, end_of_turn, prompt_ids, prompt_text
from medtune.models.rendering import Rendered, render_completion
from medtune.studies.meerkat.generator import practised_question


def load_template(path: Path | str) -> str:
    """The Jinja chat template in a file. Raises InputError when it is empty, broken, or drops the question."""
    template = read_text(path)
    if not template.strip():
        raise InputError(f"{path}: the template is empty; expected a Jinja chat template")
    check_template(template, str(path))
    return template


class MeerkatTask(Task):
    """System message and question as one chat, the answer as it is.

    The model's own chat template is used where it has one, else a plain one, or that of a file for all models.
    Examples have `question` and `answer`.
    """

    name = "meerkat"
    figure = "rouge_l"
    annotation = ("answer",)

    def __init__(
        self,
        system_message: str = "",
        template: Path | str | None = None,
        answer_tokens: int | None = None,
        form: Literal["study", "practised"] = "study",
    ):
        """system_message: empty for none. template: a file with a Jinja chat template. answer_tokens: longest answer
        that is learned; of longer ones the first sentences, as many as fit, are. form: "practised" asks a synthetic
        base model in the form of its pre-training text, by a sentence to complete; other models know the study's.

        Raises InputError for a template that cannot be used.
        """
        self.form = form
        self.system_message = system_message.strip()
        self.template = None if template is None else load_template(template)
        self.answer_tokens = answer_tokens

    def prompt(self, example: dict) -> str:
        """The prompt as a model without a chat template of its own reads it."""
        if self.form == "practised":
            return practised_question(_one_line(example["question"]))
        return prompt_text(self.template or PLAIN, self.system_message, _one_line(example["question"]))

    def completion(self, example: dict) -> str:
        """The whole answer."""
        return example["answer"].strip()

    def parse(self, output: str) -> Parsed:
        """Every answer that is not empty is one. status: "ok" or "empty"; surrounding white space does not count.

        In practised form it is the rest of the sentence that the prompt begins; what follows is other text."""
        answer = output.strip()
        if self.form == "practised" and answer:
            answer = sentences(answer.splitlines()[0])[0]
        return Parsed(answer, "ok") if answer else Parsed(None, "empty")

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Mean ROUGE-L of the answers against the references; an empty answer has 0."""
        return mean_rouge_l(examples, answer)

    def probe(self) -> dict:
        """A question with its answer."""
        return {"id": "probe", "question": "What is gout?", "answer": "Gout is arthritis by crystals."}

    @property
    def template_hash(self) -> str:
        """Of everything that determines a rendering, but for the chat template that is part of a model."""
        return fingerprint([super().template_hash, self.template, self.answer_tokens])

    def render(self, example: dict, tokenizer: Any) -> Rendered:
        """Token ids for training. The completion closes the turn as the template does, and then with EOS."""
        end, eos = end_of_turn(tokenizer, self.template), tokenizer.eos_token_id
        answer = self._answer_ids(self.completion(example), tokenizer)
        return Rendered(
            self.render_prompt(example, tokenizer), [*answer, *([end] if end not in (None, eos) else []), eos]
        )

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids for generation: the same prompt ids as `render` gives."""
        if self.form == "practised":
            return super().render_prompt(example, tokenizer)
        return prompt_ids(tokenizer, self.system_message, _one_line(example["question"]), self.template)

    def _answer_ids(self, answer: str, tokenizer: Any) -> list[int]:
        """An answer's tokens, at most `answer_tokens`: of a longer one whole sentences, if at least one fits."""
        ids = render_completion(answer, tokenizer)[:-1]
        if self.answer_tokens is None or len(ids) <= self.answer_tokens:
            return ids
        kept: list[int] = []
        text = ""
        for sentence in sentences(answer):
            text = f"{text} {sentence}".strip()
            longer = render_completion(text, tokenizer)[:-1]
            if len(longer) > self.answer_tokens:
                break
            kept = longer
        return kept or ids[: self.answer_tokens]


def _one_line(question: str) -> str:
    """Without line breaks, so that no line of a plain template can be imitated."""
    return " ".join(question.split())
