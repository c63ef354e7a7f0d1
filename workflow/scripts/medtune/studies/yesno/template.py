"""The text of a yes/no question and its answer, and how an answer is read."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from medtune.chat import instruction_ids
from medtune.data.labels import LABELS, canonical_label
from medtune.data.sentences import sentences
from medtune.data.synthetic.plain import practised_question
from medtune.kinds.task import Answering, Parsed, Task
from medtune.metrics.labels import accuracy

EXACT = re.compile(rf"({'|'.join(LABELS)})\. Rationale: (.*[^\W_].*)")
CLOSED = re.compile(r"[.!?][\"'”’)\]]*$")
FIRST_WORD = re.compile(r"\W*(\w+)")

INSTRUCTION = "Answer the question with Yes, No or Uncertain, and give the reason in one sentence."
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_STATED = re.compile(r"\banswer(?: is|:)\W*(\w+)", re.IGNORECASE)


class YesNoTask(Task):
    """`Q: {question}\\nA: {Yes|No|Uncertain}. Rationale: {one sentence}`, without a chat template.

    Examples have `question`, `label` (one of `LABELS`) and `rationale`, which may be empty where
    only the label is known.
    """

    name = "yesno"
    labels = LABELS
    figure = "accuracy"

    def __init__(self, form: Literal["study", "practised"] = "study", text: str | None = None):
        """form: "practised" asks a base model in the form that it knows: a synthetic one as its pre-training text does
        (text: its name), any other with an instruction, in its chat template where it has one."""
        self.form, self.text = form, text

    @property
    def _instructs(self) -> bool:
        return self.form == "practised" and self.text is None

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids for generation."""
        if self._instructs:
            return instruction_ids(tokenizer, INSTRUCTION, example["question"])
        return super().render_prompt(example, tokenizer)

    def prompt(self, example: dict) -> str:
        """`Q: {question}`, a new line, `A:`; in practised form the question as the base model knows it."""
        if self._instructs:
            return f"{INSTRUCTION}\n\n{example['question']}"
        if self.form == "practised":
            return practised_question(example["question"])
        return f"Q: {example['question']}\nA:"

    def completion(self, example: dict) -> str:
        """A space, the label and the rationale."""
        label = self.label_completion(example["label"])
        return f"{label} Rationale: {example['rationale']}" if example["rationale"] else label

    def label_of(self, example: dict) -> str:
        """The gold label."""
        return example["label"]

    def label_completion(self, label: str) -> str:
        """A space, the label and its full stop; without the space where the answer begins a turn or a line."""
        return f"{label}." if self._instructs else f" {label}."

    def parse(self, output: str) -> Parsed:
        """Read an answer. Surrounding white space does not count.

        "ok": exactly the format, with one closed sentence as rationale; value {"label", "rationale"}.
        "label_only": another form whose first word is a label; value as above with rationale None. In practised form
        also a label after "the answer is", after a thought.
        "unparsable": anything else; value None.
        """
        if self.form == "practised":
            output = _THOUGHT.sub("", output)
        output = output.strip()
        match = EXACT.fullmatch(output) if len(output.splitlines()) == 1 else None
        if match and CLOSED.search(match[2]) and len(sentences(match[2])) == 1:
            return Parsed({"label": match[1], "rationale": match[2].strip()}, "ok")
        word = FIRST_WORD.match(output)
        if self.form == "practised" and not (word and canonical_label(word[1])):
            word = _STATED.search(output)
        label = canonical_label(word[1]) if word else None
        if label:
            return Parsed({"label": label, "rationale": None}, "label_only")
        return Parsed(None, "unparsable")

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Share of examples whose answer has the gold label."""
        found = [None if parsed.value is None else parsed.value["label"] for parsed in answer(examples)]
        return accuracy([self.label_of(example) for example in examples], found).value

    def probe(self) -> dict:
        """A question with every part of the template in it."""
        return {
            "id": "probe",
            "question": "Does aspirin prevent stroke?",
            "label": "Uncertain",
            "rationale": "Trials disagree.",
        }
