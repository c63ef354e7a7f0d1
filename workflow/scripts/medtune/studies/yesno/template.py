"""The text of a yes/no question and its answer, and how an answer is read."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from medtune.data.sentences import sentences
from medtune.kinds.labels.task import TEXT, LabelTask
from medtune.kinds.task import Parsed
from medtune.models.chat import instruction_ids
from medtune.studies.yesno.labels import LABELS, SPELLINGS, canonical_label
from medtune.studies.yesno.plain import practised_question

ABSTRACT = "Abstract:"
"""Before the abstract in the study's form."""
CLOSED = re.compile(r"[.!?][\"'”’)\]]*$")

INSTRUCTION = "Answer the question with Yes, No or Uncertain, and give the reason in one sentence."
INSTRUCTION_WITH_ABSTRACT = (
    "Answer the question after the abstract with Yes, No or Uncertain, and give the reason in one sentence."
)
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_STATED = re.compile(r"\banswer(?: is|:)\W*(\w+)", re.IGNORECASE)


class YesNoTask(LabelTask):
    """`Q: {question}\\nA: {Yes|No|Uncertain}. Rationale: {one sentence}`, without a chat template; before it, where the
    abstract is asked with the question, `Abstract: {context}\\n`.

    Examples have `question`, `label` (one of `LABELS`), `rationale`, which may be empty where only the label is known,
    and perhaps `context`: without one a question is asked alone, as those of the challenge are. An answer is read by
    any spelling of its label; its rationale is one closed sentence.
    """

    name = "yesno"
    spellings: Mapping[str, str] = SPELLINGS

    def __init__(
        self,
        form: Literal["study", "practised"] = "study",
        text: str | None = None,
        context: Literal["none", "abstract"] = "none",
    ):
        """form: "practised" asks a base model in the form that it knows: a synthetic one as its pre-training text does
        (text: its name), any other with an instruction, in its chat template where it has one. context: "abstract" asks
        with the abstract; an answer is then of all of it, so that a row whose prompt does not fit is no training row.
        """
        super().__init__(self.name, f"Q: {TEXT}\nA:", LABELS, rationale=True)
        self.form, self.text, self.context = form, text, context
        self.whole_prompts = context == "abstract"

    @property
    def _instructs(self) -> bool:
        return self.form == "practised" and self.text is None

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids for generation."""
        if self._instructs:
            return instruction_ids(tokenizer, *self._instructed(example))
        return super().render_prompt(example, tokenizer)

    def prompt(self, example: dict) -> str:
        """`Q: {question}`, a new line, `A:`; in practised form the question as the base model knows it. Before it the
        abstract where one is asked with it."""
        if self._instructs:
            return "\n\n".join(self._instructed(example))
        context, question = self._abstract(example), example["question"]
        if self.form == "practised":
            asked = practised_question(question)
            return f"{context} {asked}" if context else asked
        return f"{ABSTRACT} {context}\nQ: {question}\nA:" if context else f"Q: {question}\nA:"

    def completion(self, example: dict) -> str:
        """A space, the label and the rationale."""
        return self._begun(super().completion(example))

    def label_completion(self, label: str) -> str:
        """A space, the label and its full stop; without the space where the answer begins a turn or a line."""
        return self._begun(super().label_completion(label))

    def parse(self, output: str) -> Parsed:
        """As in `LabelTask`; in practised form also a label after "the answer is", after a thought."""
        if self.form == "study":
            return super().parse(output)
        output = _THOUGHT.sub("", output)
        parsed, stated = super().parse(output), _STATED.search(output)
        label = canonical_label(stated[1]) if stated and parsed.value is None else None
        return Parsed({"label": label, "rationale": None}, "label_only") if label else parsed

    def is_reason(self, text: str) -> bool:
        """Whether a text is one closed sentence on one line."""
        return super().is_reason(text) and bool(CLOSED.search(text)) and len(sentences(text)) == 1

    def probe(self) -> dict:
        """A question with every part of the template in it."""
        context = {"context": "Fewer strokes were seen with aspirin."} if self.context == "abstract" else {}
        return {
            "id": "probe",
            **context,
            "question": "Does aspirin prevent stroke?",
            "label": "Uncertain",
            "rationale": "Trials disagree.",
        }

    def _abstract(self, example: dict) -> str | None:
        return example.get("context") if self.context == "abstract" else None

    def _instructed(self, example: dict) -> tuple[str, str]:
        """The instruction, and what it is about."""
        context, question = self._abstract(example), example["question"]
        return (INSTRUCTION_WITH_ABSTRACT, f"{context}\n\n{question}") if context else (INSTRUCTION, question)

    def _begun(self, answer: str) -> str:
        return answer.removeprefix(" ") if self._instructs else answer
