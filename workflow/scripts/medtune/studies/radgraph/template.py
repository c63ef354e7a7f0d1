"""The text of a RadGraph example and its answer, and how an answer is read."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from medtune.data.json_output import ParsedItems, parse_items
from medtune.data.prompt_files import load_prompt
from medtune.data.span import Span
from medtune.inert import inert
from medtune.kinds.task import Answering, Parsed, Part, Task
from medtune.metrics.span_scores import strict_f1
from medtune.models.chat import instruction_ids
from medtune.studies.radgraph.found import read_items
from medtune.studies.radgraph.practised import LISTING, answer_parts, listing_prompt, read_answer
from medtune.studies.radgraph.prepare import output_of
from medtune.studies.radgraph.reports import LABELS

REQUIRED = {"entity_type": str, "entity_value": str}
OPTIONAL = {"start_position": int, "end_position": int}
_VALUE = re.compile(r'\{[^{}]*?"entity_value"\s*:\s*("(?:[^"\\]|\\.)*")')


class RadGraphTask(Task):
    """One entity type: the instruction, the sentence on a line of its own, and a compact JSON list as answer.

    The instruction comes first, the same for all sentences, so that its cache is shared. Examples have `input`, the
    sentence, and `output`, the answer (see `prepare`).
    """

    name = "radgraph"
    whole_prompts = True
    figure = "strict_f1"
    annotation = ("output", "entities")

    def __init__(
        self,
        entity: str,
        prompt: Path | str,
        form: Literal["study", "practised"] = "study",
        text: str | None = None,
    ):
        """entity: one of `LABELS`. prompt: the instruction, or the path of a file (.txt) that holds it. form: in
        "practised" a base model is asked in the form that it knows, see `practised`. text: what a synthetic base model
        was pre-trained on; None for others.

        Raises ValueError for another entity, InputError when the file is missing or empty.
        """
        if entity not in LABELS:
            raise ValueError(f'unknown entity type "{entity}"; expected one of {", ".join(LABELS)}')
        self.entity = entity
        self.practised = form == "practised"
        self.listing = self.practised and text == LISTING
        path = str(prompt)
        self.instruction = load_prompt(path) if path.endswith(".txt") and "\n" not in path else path.strip()

    def prompt(self, example: dict) -> str:
        """The instruction, `Sentence: …` and `Answer:`, each on its own line; the answer starts a line too.

        In the practised form the instruction is that of the pre-training text, or stands before the sentence alone."""
        if self.listing:
            return listing_prompt(self.entity, inert(example["input"]))
        if self.practised:
            return f"{self.instruction}\n\n{inert(example['input'])}"
        return f"{self.instruction}\nSentence: {inert(example['input'])}\nAnswer:\n"

    def completion(self, example: dict) -> str:
        """The answer."""
        return example["output"]

    def parse(self, output: str) -> Parsed:
        """Read an answer: a list of items with entity_type, entity_value, start_position and end_position.

        The offsets are None where they are missing. status: of `parse_items`; "ok" alone is a good answer, and
        the items of a list that breaks off or goes on are kept. value is None where there is no list at all.
        In the practised form see `practised.read_answer`.
        """
        if self.practised:
            return read_answer(output, self.entity)
        parsed = _parsed(output)
        unreadable = parsed.status == "not_json" or (
            parsed.status == "wrong_shape" and not parsed.items and not parsed.dropped
        )
        return Parsed(None if unreadable else parsed.items, parsed.status)

    def parts(self, output: str) -> list[Part]:
        """For each item its brace, which says that there is another one, and its value with the closing quote; last
        the bracket that ends the list, which says that there is no more, or none at all.

        The keys, the entity type and the offsets are left out: the first two are always the same, and the offsets are
        guesses that are not used. An output without items to read has no parts.
        """
        if self.practised:
            return answer_parts(output, self.entity)
        items = self.parse(output).value
        if items is None:
            return []
        everything = ((0, len(output)),)
        places = _VALUE.finditer(output)
        found = [
            next((_choices(place) for place in places if _string(place[1]) == item["entity_value"]), everything)
            for item in items
        ]
        end = output.rfind("]")
        return [*found, everything if end < 0 else ((end, end + 1),)]

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids for generation; in the practised form in the model's chat template where it has one."""
        if self.practised and not self.listing:
            return instruction_ids(tokenizer, self.instruction, inert(example["input"]))
        return super().render_prompt(example, tokenizer)

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Strict micro-F1 of the type's entities. A value that its sentence does not hold is a false positive."""
        answers = zip(examples, answer(examples), strict=True)
        return strict_f1(
            read_items(example["input"], parsed.value, parsed.status).document(
                [Span(start, end, self.entity) for start, end, _ in example["entities"]]
            )
            for example, parsed in answers
        )

    def probe(self) -> dict:
        """A sentence with all that the template changes, and an answer."""
        sentence = "No\n<|left|> effusion [X] ."
        return {"id": "probe", "input": sentence, "output": output_of([(12, 20, "effusion")], self.entity)}


def _choices(place: re.Match) -> Part:
    """The brace of an item, and its value without the opening quote. place: of `_VALUE`."""
    return (place.start(), place.start() + 1), (place.start(1) + 1, place.end(1))


def _parsed(output: str) -> ParsedItems:
    return parse_items(output, REQUIRED, OPTIONAL)


def _string(literal: str) -> str | None:
    """What a JSON string literal says; None when it is not one."""
    try:
        return json.loads(literal)
    except json.JSONDecodeError:
        return None
