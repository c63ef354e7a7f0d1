"""A text and its label: how it is asked, how an answer is written and read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from medtune.errors import InputError
from medtune.inert import inert
from medtune.inference.answer_form import ChoiceForm
from medtune.kinds.labels.label_scores import accuracy
from medtune.kinds.labels.names import RATIONALE, fault_of
from medtune.kinds.task import Answering, Parsed, Task
from medtune.models.rendering import render_completion

TEXT = "{text}"
"""Where the text stands in a prompt."""
_NO_WORD = re.compile(r"\W*")


class LabelTask(Task):
    """` {label}.`, or ` {label}. Rationale: {reason}` where a reason is taught, after a prompt that holds the text.

    Examples have `text`, `label` (one of `labels`) and, where a reason is taught, `rationale`, which may be empty where
    only the label is known. The full stop tells a label from one that it begins ("No", "No change").
    """

    figure = "accuracy"
    annotation = ("label", "rationale")

    def __init__(self, study: str, prompt: str, labels: Sequence[str], rationale: bool = False):
        """prompt: with `TEXT`, the place of the text. rationale: whether a reason is taught.

        Raises InputError for labels that no answer could tell apart (`names.fault_of`).
        """
        fault = fault_of(labels)
        if fault:
            raise InputError(f"{study}: {fault}")
        self.name, self.labels, self.rationale = study, tuple(labels), rationale
        self._prompt = prompt

    @property
    def spellings(self) -> Mapping[str, str]:
        """Labels by the spellings, in lower case, that an answer outside the exact form is read by."""
        return {label.casefold(): label for label in self.labels}

    def prompt(self, example: dict) -> str:
        """The prompt with the text, on one line, in its place."""
        return self._prompt.replace(TEXT, inert(example["text"]))

    def completion(self, example: dict) -> str:
        """A space, the label with its full stop, and the reason, on one line, where one is taught and known."""
        label, reason = f" {example['label']}.", self._reason(example)
        return f"{label}{RATIONALE} {reason}" if reason else label

    def label_of(self, example: dict) -> str:
        """The gold label."""
        return example["label"]

    def label_completion(self, label: str) -> str:
        """A space, the label and its full stop; with what follows where another label goes on ("1", "1.5")."""
        return f" {label}.{RATIONALE}" if self.rationale and self._ambiguous else f" {label}."

    def label_tokens(self, tokenizer: Any, begins_turn: bool = False) -> list[list[int]]:
        """As in `Task`; with EOS where another label goes on from a label's full stop and no reason follows."""
        if self.rationale or not self._ambiguous:
            return super().label_tokens(tokenizer, begins_turn)
        return [render_completion(text, tokenizer) for text in self._label_texts(begins_turn)]

    def answer_form(self, example: dict, tokenizer: Any) -> ChoiceForm:
        """A label with its full stop, and a line with the reason where one is taught."""
        return ChoiceForm(tuple(f"{label}." for label in self.labels), RATIONALE if self.rationale else None)

    def parse(self, output: str) -> Parsed:
        """Read an answer. Surrounding white space does not count.

        "ok": exactly the form, with a reason where one is taught; value {"label", "rationale"}.
        "label_only": another form that begins with a label, in any case; value as above with rationale None.
        "unparsable": anything else; value None.
        """
        output = output.strip()
        head, separator, reason = output.partition(f"{RATIONALE} ")
        said = head.removesuffix(".")
        named = said != head and said in self.labels
        if named and (self.is_reason(reason) if self.rationale else not separator):
            return Parsed({"label": said, "rationale": reason.strip() or None}, "ok")
        label = said if named else self._first_label(output)
        return Parsed({"label": label, "rationale": None}, "label_only") if label else Parsed(None, "unparsable")

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Share of examples whose answer has the gold label."""
        found = [None if parsed.value is None else parsed.value["label"] for parsed in answer(examples)]
        return accuracy([self.label_of(example) for example in examples], found).value

    def probe(self) -> dict:
        """A text with the first label and a reason."""
        return {
            "id": "probe",
            "text": "The lungs are clear.",
            "label": self.labels[0],
            "rationale": "The text says so.",
        }

    def is_reason(self, text: str) -> bool:
        """Whether what stands in a reason's place is one: a line that says something."""
        return len(text.splitlines()) == 1 and any(map(str.isalnum, text))

    def _reason(self, example: dict) -> str:
        reason = " ".join((example.get("rationale") or "").split()) if self.rationale else ""
        return reason if any(map(str.isalnum, reason)) else ""

    @property
    def _ambiguous(self) -> bool:
        """Whether the answer of one label begins that of another."""
        return any(other.startswith(f"{label}.") for label in self.labels for other in self.labels)

    def _first_label(self, output: str) -> str | None:
        """The label that an answer begins with, the longest where there are several; marks before it do not count
        unless they are its own."""
        text = output.casefold()
        starts = dict.fromkeys([text, text[_NO_WORD.match(text).end() :]])
        return next((label for start in starts if (label := _begun(start, self.spellings))), None)


def _begun(text: str, spellings: Mapping[str, str]) -> str | None:
    """The label with the longest spelling that a text in lower case begins with, as a word of its own."""
    for spelling in sorted(spellings, key=len, reverse=True):
        rest = text.removeprefix(spelling)
        if rest != text and not (_is_word(spelling[-1:]) and _is_word(rest[:1])):
            return spellings[spelling]
    return None


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()
