"""A text and its entities: how it is asked, how an answer is written and read.

    {"entities":[{"type":"Disease","text":"gout"},{"type":"Drug","text":"aspirin"}]}

Entities are listed in the order of the text, each as often as it stands there; offsets are not asked for: the n-th
mention of a value is its n-th occurrence. Texts are those of the prompt, where white space is a space and the openings
of special tokens are look-alikes (`inert`), so that an answer can copy them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from medtune.data.grounding import Mention
from medtune.data.json_output import item_places, parse_lists, value_places
from medtune.data.listed_entities import Types, listed_mentions
from medtune.data.span import Span
from medtune.errors import InputError
from medtune.inert import inert
from medtune.inference.answer_form import AnswerForm
from medtune.kinds.answer_schema import TEXT, Schema, list_of, object_of, one_of
from medtune.kinds.own_section import TEXT as PLACE
from medtune.kinds.spans.reading import Reading, ground_answer
from medtune.kinds.task import Answering, Parsed, Part, Task
from medtune.metrics.span_scores import strict_f1

ENTITIES = "entities"
LISTS: Mapping[str, Mapping[str, type]] = {ENTITIES: {"type": str, "text": str}}


class SpanTask(Task):
    """A compact JSON object with the list of entities, after a prompt that holds the text on one line.

    Examples have `text` and `entities`, a list of {start, end, type}: characters of the text, end exclusive.
    """

    whole_prompts = True
    figure = "strict_f1"
    annotation = (ENTITIES,)

    def __init__(self, study: str, prompt: str, entities: Sequence[str]):
        """prompt: with {text}, the place of the text. entities: the types."""
        self.name, self.types = study, Types(entities)
        self._prompt = prompt

    def prompt(self, example: dict) -> str:
        """The prompt with the text, on one line, in its place."""
        return self._prompt.replace(PLACE, inert(example["text"]))

    def completion(self, example: dict) -> str:
        """The entities in the order of the text; one that is annotated twice is listed once."""
        text = inert(example["text"])
        listed = [{"type": span.label, "text": text[span.start : span.end]} for span in gold_spans(example)]
        return json.dumps({ENTITIES: listed}, ensure_ascii=False, separators=(",", ":"))

    def parse(self, output: str) -> Parsed:
        """Read an answer: its entities as it lists them, {type, text} each.

        status: of `parse_lists`; "ok" alone is a good answer, and the entities of one that breaks off or goes on are
        kept. value is None where there is no list at all.
        """
        parsed = parse_lists(output, LISTS)
        items = parsed.items[ENTITIES]
        empty = not items and not parsed.dropped[ENTITIES]
        unreadable = parsed.status == "not_json" or (parsed.status == "wrong_shape" and empty)
        return Parsed(None if unreadable else items, parsed.status)

    def parts(self, output: str) -> list[Part]:
        """For each entity its brace, which says that there is another one, its type and its text; last the bracket that
        ends the list, which says that there is no more. An output without a list has no parts."""
        if self.parse(output).value is None:
            return []
        items, end = item_places(output, LISTS, ENTITIES)
        parts = [tuple((a + start, b + start) for a, b in value_places(output[start:stop])) for start, stop in items]
        return [*parts, ((0, len(output)),) if end is None else (end,)]

    def mentions(self, text: str, items: Sequence[Mapping[str, str]] | None) -> list[Mention] | None:
        """Items of a parsed answer as `read` takes them."""
        return None if items is None else listed_mentions(inert(text), items, self.types)

    def read(
        self,
        text: str,
        items: Sequence[Mapping[str, str]] | None,
        status: str,
        confidences: Sequence[float | None] | None = None,
    ) -> Reading:
        """A parsed answer in its places in the text. Arguments as of `ground_answer`."""
        return ground_answer(inert(text), self.mentions(text, items), status, confidences)

    def answer_schema(self) -> Schema:
        """What an answer must look like, as a JSON Schema."""
        return object_of({ENTITIES: list_of({"type": one_of(self.types.names), "text": TEXT})})

    def answer_form(self, example: dict, tokenizer: Any) -> AnswerForm:
        """The same form for all examples."""
        return AnswerForm(self.answer_schema())

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Strict micro-F1. A value that is not in the text is a false positive."""
        answers = zip(examples, answer(examples), strict=True)
        return strict_f1(
            self.read(example["text"], parsed.value, parsed.status).document(gold_spans(example))
            for example, parsed in answers
        )

    def probe(self) -> dict:
        """A text with all that the template changes, and an entity."""
        entity = {"start": 12, "end": 16, "type": self.types.names[0], "text": "gout"}
        return {"id": "probe", "text": "No\n<|left|> gout [X] .", "entities": [entity]}


def gold_spans(example: Mapping[str, Any]) -> list[Span]:
    """Annotated spans in the order of the text, each once. Raises InputError for one that is not within the text."""
    spans = set()
    for entity in example["entities"]:
        start, end = entity["start"], entity["end"]
        if not 0 <= start < end <= len(example["text"]):
            raise InputError(
                f'id "{example["id"]}": entity [{start}, {end}) is not within the text of {len(example["text"])} '
                "characters"
            )
        spans.add(Span(start, end, entity["type"]))
    return sorted(spans)
