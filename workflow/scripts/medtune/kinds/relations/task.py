"""A text, its entities and the relations between them: how it is asked, how an answer is written and read."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.data.json_output import value_places
from medtune.inert import inert
from medtune.inference.answer_form import AnswerForm
from medtune.kinds.own_section import TEXT
from medtune.kinds.relations.answer_form import answer_form
from medtune.kinds.relations.answers import extractions, parsed_value, strict_f1
from medtune.kinds.relations.examples import as_asked, document_of, schema_of
from medtune.kinds.relations.output import ENTITIES, RELATIONS, read_output, write_output
from medtune.kinds.relations.pairs import relation_pair
from medtune.kinds.relations.relation_scores import count_relations
from medtune.kinds.task import Answering, Parsed, Part, Task

READING = {"deduplicate": False, "drop_violations": False}
"""What models say is scored as they say it: repeats and relations against the schema are wrong."""


class RelationTask(Task):
    """A compact JSON object as answer, see `kinds.relations.output`, after a prompt that holds the text.

    Examples are canonical ones, see `examples`.
    """

    whole_prompts = True
    figure = "relation_f1"
    annotation = (ENTITIES, RELATIONS)

    def __init__(self, study: str, prompt: str, entities: Sequence[str], relations: Mapping[str, Mapping[str, Any]]):
        """prompt: with `TEXT`, the place of the text. entities, relations: as `schema_of` takes them."""
        self.name = study
        self.schema = schema_of(entities, relations)
        self._prompt = prompt

    def prompt(self, example: dict) -> str:
        """The prompt with the text, on one line, in its place."""
        return self._prompt.replace(TEXT, inert(example["text"]))

    def completion(self, example: dict) -> str:
        """Entities and relations as one JSON object, in the words of the prompt."""
        return write_output(as_asked(document_of(example)))

    def parse(self, output: str) -> Parsed:
        """Read an answer. value: its entities and relations as it lists them; status: of `parse_lists`. "ok" alone is a
        good answer, and the items of one that breaks off or goes on are kept; the value is None where there is no list
        at all."""
        return parsed_value(read_output(output))

    def content(self, output: str) -> Part:
        """Values and types, and where items and lists begin and end; not the keys, which are always the same."""
        return value_places(output)

    def answer_form(self, example: dict, tokenizer: Any) -> AnswerForm:
        """Both lists, with types of the study."""
        return answer_form(self.schema)

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Strict micro-F1 of the relations, as `score` has it for the same answers."""
        documents = [as_asked(document_of(example)) for example in examples]
        values = [parsed.value for parsed in answer(examples)]
        found = extractions(documents, values, self.schema, **READING)
        return strict_f1(count_relations(list(map(relation_pair, documents, found)), self.schema.symmetric))

    def probe(self) -> dict:
        """A text of the names of all entity types, with each as an entity of this type, and all relations that the
        schema allows: it changes with the types."""
        names = self.schema.entities
        starts = [sum(len(name) + 2 for name in names[:number]) for number in range(len(names))]
        return {
            "id": "probe",
            "text": "; ".join(names),
            "entities": [
                {"start": start, "end": start + len(name), "type": name, "text": name}
                for name, start in zip(names, starts, strict=True)
            ],
            "relations": [
                {"head": names.index(head), "tail": names.index(tail), "type": relation.name}
                for relation in self.schema.relations
                for head, tail in sorted(relation.pairs)
            ],
        }
