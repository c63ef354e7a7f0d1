"""The text of a yes/no question and its answer, and how an answer is read."""

import re

from medtune.data.labels import LABELS, canonical_label
from medtune.data.sentences import sentences
from medtune.tasks.base import Parsed, Task

EXACT = re.compile(rf"({'|'.join(LABELS)})\. Rationale: (.*[^\W_].*)")
CLOSED = re.compile(r"[.!?][\"'”’)\]]*$")
FIRST_WORD = re.compile(r"\W*(\w+)")


class YesNoTask(Task):
    """`Q: {question}\\nA: {Yes|No|Uncertain}. Rationale: {one sentence}`, without a chat template.

    Examples have `question`, `label` (one of `LABELS`) and `rationale`, which may be empty where
    only the label is known.
    """

    name = "yesno"
    labels = LABELS

    def prompt(self, example: dict) -> str:
        """`Q: {question}`, a new line, `A:`."""
        return f"Q: {example['question']}\nA:"

    def completion(self, example: dict) -> str:
        """A space, the label and the rationale."""
        label = self.label_completion(example["label"])
        return f"{label} Rationale: {example['rationale']}" if example["rationale"] else label

    def label_of(self, example: dict) -> str:
        """The gold label."""
        return example["label"]

    def label_completion(self, label: str) -> str:
        """A space, the label and its full stop."""
        return f" {label}."

    def parse(self, output: str) -> Parsed:
        """Read an answer. Surrounding white space does not count.

        "ok": exactly the format, with one closed sentence as rationale; value {"label", "rationale"}.
        "label_only": another form whose first word is a label; value as above with rationale None.
        "unparsable": anything else; value None.
        """
        output = output.strip()
        match = EXACT.fullmatch(output) if len(output.splitlines()) == 1 else None
        if match and CLOSED.search(match[2]) and len(sentences(match[2])) == 1:
            return Parsed({"label": match[1], "rationale": match[2].strip()}, "ok")
        word = FIRST_WORD.match(output)
        label = canonical_label(word[1]) if word else None
        if label:
            return Parsed({"label": label, "rationale": None}, "label_only")
        return Parsed(None, "unparsable")

    def probe(self) -> dict:
        """A question with every part of the template in it."""
        return {
            "id": "probe",
            "question": "Does aspirin prevent stroke?",
            "label": "Uncertain",
            "rationale": "Trials disagree.",
        }
