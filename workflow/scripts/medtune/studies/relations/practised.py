"""The relations study asked of a base model in a form that it knows, for a row of its own beside what is trained.

A synthetic base model is asked for terms and links of a note, as in its pre-training text, with the study's types named
as those that are wanted. Another model is asked with the study's instruction, in its chat template where it has one.
Either answer is read into the study's own value, and the same scorer scores it.
"""

import json
import re
from typing import Any

from medtune.data.json_output import ParsedItems, parse_items, parse_lists
from medtune.data.relation_schema import RelationSchema
from medtune.inert import inert
from medtune.kinds.relations.output import ENTITIES, LISTS, RELATIONS
from medtune.kinds.task import Parsed
from medtune.models.chat import instruction_ids
from medtune.models.rendering import render_prompt
from medtune.studies.relations.listing import FORMS, Form, practised_prompt

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)(?:\n```|\Z)", re.DOTALL | re.IGNORECASE)


class ListingForm:
    """The form of the pre-training text of `listing`."""

    def __init__(self, schema: RelationSchema):
        self.kinds = {_word(name): name for name in schema.entities}
        self.links = {_word(relation.name): relation.name for relation in schema.relations}

    def prompt(self, example: dict) -> str:
        """The question, up to where the answer begins; entities that are given are told."""
        given = example["given"]
        terms = None if given is None else [(text, _word(label)) for text, label in given]
        return practised_prompt(inert(example["text"]), list(self.kinds), list(self.links), terms)

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Its token ids."""
        return render_prompt(self.prompt(example), tokenizer)

    def parse(self, output: str) -> Parsed:
        """Read an answer in any of the forms that were practised: an object of both lists, or one list alone. Kinds and
        links that the study does not have stay as they are, and are wrong."""
        read = [self._read(output, form) for form in FORMS]
        found = next((parsed for parsed in read if parsed.value and any(parsed.value.values())), read[0])
        return next((parsed for parsed in read if parsed.status == "ok"), found)

    def _read(self, output: str, form: Form) -> Parsed:
        fields = {form.terms: form.term, form.links: form.link}
        (text, kind), (head, link, tail) = form.term, form.link
        if output.lstrip().startswith("["):
            # Names without their kinds were practised, too: they find entities, of no type.
            terms = parse_items(output, {text: str}, {kind: str})
            links = parse_items(output, dict.fromkeys(form.link, str))
            alone = terms if len(terms.items) >= len(links.items) else links
            items = {
                form.terms: terms.items if alone is terms else [],
                form.links: links.items if alone is links else [],
            }
            status = _status(alone)
        else:
            both = parse_lists(output, {name: dict.fromkeys(names, str) for name, names in fields.items()})
            items = {name: both.items.get(name, []) for name in fields}
            # One list where both could stand is what was practised, too.
            lenient = both.status == "wrong_shape" and any(items.values()) and not any(both.dropped.values())
            status = "ok" if lenient else both.status
        value = {
            ENTITIES: [
                {"text": i[text], "type": self.kinds.get(i[kind], i[kind]) if i[kind] else ""}
                for i in items[form.terms]
            ],
            RELATIONS: [
                {"head": i[head], "type": self.links.get(i[link], i[link]), "tail": i[tail]} for i in items[form.links]
            ],
        }
        unreadable = status == "not_json" or (status == "wrong_shape" and not any(items.values()))
        return Parsed(None if unreadable else value, status)


class InstructionForm:
    """The study's instruction, and the text, in the model's chat template or as plain text."""

    def __init__(self, instructions: dict[str, str]):
        """instructions: of the steps "joint" and, for rows whose entities are given, "relations"."""
        self.instructions = instructions

    def prompt(self, example: dict) -> str:
        """Instruction and text, without the template."""
        return "\n".join(self._parts(example))

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids, up to where the answer begins."""
        return instruction_ids(tokenizer, *self._parts(example))

    def parse(self, output: str) -> Parsed:
        """Read the study's JSON, wherever it begins in an answer, also within a block of code."""
        fenced = _FENCED.search(output)
        answer = fenced[1] if fenced else output[max(output.find("{"), 0) :]
        parsed = parse_lists(answer, LISTS)
        items = {name: parsed.items.get(name, []) for name in LISTS}
        some = any(items.values())
        # Words behind the object do no harm here, nor does a list that was left out.
        lenient = parsed.status == "trailing_text" or (parsed.status == "wrong_shape" and some)
        unreadable = parsed.status == "not_json" or (parsed.status == "wrong_shape" and not some)
        return Parsed(None if unreadable else items, "ok" if lenient else parsed.status)

    def _parts(self, example: dict) -> tuple[str, str]:
        given = example["given"]
        if given is None:
            return self.instructions["joint"], f"Text: {inert(example['text'])}"
        told = inert(json.dumps(given, ensure_ascii=False, separators=(",", ":")))
        return self.instructions["relations"], f"Text: {inert(example['text'])}\nEntities: {told}"


def _status(parsed: ParsedItems) -> str:
    return "ok" if parsed.status == "wrong_shape" and parsed.items and not parsed.dropped else parsed.status


def _word(name: str) -> str:
    """A type's name as a word."""
    return name.replace("_", " ").lower()
