"""A question and its answer: how it is asked, how an answer is written and read."""

import re
from collections.abc import Sequence

from medtune.errors import InputError
from medtune.inert import inert
from medtune.kinds.task import Answering, Parsed, Task
from medtune.metrics.text.names import ROUGE_L
from medtune.metrics.text.rouge import rouge

TEXT = "{text}"
"""Where the question stands in a prompt."""
NEXT_QUESTIONS = ("Question:", "Q:")
"""What begins a line with a further question, whatever the prompt says."""


class AnswerTask(Task):
    """` {answer}` after a prompt that holds the question; EOS ends it.

    Examples have `text`, the question, and `answer`, which may have several lines. A model that was not trained on this
    form, a base model above all, goes on after its answer: with a next question, its answer, and so forth. All from the
    first line on that begins a further question is no part of the answer, and is not scored. Such a line begins, in any
    case, with one of `NEXT_QUESTIONS`, with what stands before the question on its line of the prompt, or with the
    first line of the prompt where the question comes later.
    """

    figure = "rouge_l"
    annotation = ("answer",)

    def __init__(self, study: str, prompt: str):
        """prompt: with `TEXT`, the place of the question."""
        self.name = study
        self._prompt = prompt
        before = [line.strip() for line in prompt.partition(TEXT)[0].lstrip().split("\n")]
        own = [line for line in (before[0], before[-1]) if any(map(str.isalnum, line))]
        marks = dict.fromkeys([*NEXT_QUESTIONS, *own])
        self._further = re.compile(rf"^[^\S\n]*(?:{'|'.join(map(re.escape, marks))})", re.IGNORECASE | re.MULTILINE)

    def prompt(self, example: dict) -> str:
        """The prompt with the question, on one line, in its place."""
        return self._prompt.replace(TEXT, inert(example["text"]))

    def completion(self, example: dict) -> str:
        """The answer, after a space unless the prompt ends in white space.

        Raises InputError for an empty answer, and for one of which `parse` would read a part only.
        """
        answer = example["answer"].strip()
        if not answer:
            raise InputError(f'{self.name}: id "{example["id"]}": the answer is empty; expected text')
        if self.parse(answer).value != answer:
            line = self._further.search(answer)[0].strip()
            raise InputError(
                f'{self.name}: id "{example["id"]}": a line of the answer begins with "{line}", as a further question '
                "does, where reading stops; reword the answer"
            )
        return answer if self._prompt[-1:].isspace() else f" {answer}"

    def parse(self, output: str) -> Parsed:
        """Read an answer: all text before a further question, see the class. Surrounding white space does not count.

        "ok": any text. "unparsable": none; value None.
        """
        further = self._further.search(output)
        answer = (output[: further.start()] if further else output).strip()
        return Parsed(answer, "ok") if answer else Parsed(None, "unparsable")

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Mean ROUGE-L of the answers against the references; an answer that does not parse has 0."""
        return mean_rouge_l(examples, answer)

    def probe(self) -> dict:
        """A question with its answer."""
        return {"id": "probe", "text": "What is gout?", "answer": "Gout is arthritis by crystals."}


def mean_rouge_l(examples: Sequence[dict], answer: Answering) -> float:
    """Mean ROUGE-L of a model's answers to examples with `answer`; one without text has 0."""
    found = [parsed.value or "" for parsed in answer(examples)]
    return float(rouge(found, [example["answer"] for example in examples])[ROUGE_L].items.mean())
