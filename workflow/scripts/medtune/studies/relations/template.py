"""The text of a document for the relations study and its answer, and how an answer is read.

A joint row whose entities are given has its answer begun: the prompt ends with `{"entities":[…],"relations":`, and the
model writes the rest. Tokenizers merge the end of the one with the start of the other (`":[{"`), differently for a list
that is empty. So the begun answer is tokenized with either continuation, and is cut at the last token boundary that
both have at or before its end: these are the tokens that a model has learnt, and they do not tell what follows. What
was cut off, part of `"}],"relations":`, is written by the model again, and `parse` reads an answer that starts in it.
Where no such boundary is left in this part, the begun answer is tokenized on its own, up to its end.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from medtune.data.json_output import ParsedLists, parse_lists
from medtune.data.prompt_files import load_prompt
from medtune.data.related import RelatedDocument, RelatedEntity, Relation, from_row
from medtune.files import fingerprint
from medtune.inert import inert
from medtune.inference.answer_form import AnswerForm
from medtune.kinds.relations.answer_form import answer_form
from medtune.kinds.relations.answers import parsed_value
from medtune.kinds.relations.output import ENTITIES, LISTS, RELATIONS, read_output
from medtune.kinds.relations.task import RelationTask
from medtune.kinds.task import Answering, Parsed
from medtune.models.rendering import Rendered, render, render_completion, render_prompt
from medtune.studies.relations.practised import InstructionForm, ListingForm
from medtune.studies.relations.rows import STEPS, gold_given, row_of, written_of
from medtune.studies.relations.schema_file import read_schema
from medtune.studies.relations.validation import relation_f1, second_rows

KEY = f'"{RELATIONS}":'
_EMPTY = f'{{"{ENTITIES}":[],{KEY}'
_CLOSING = f'"}}],{KEY}'
"""The end of a begun answer, in which it may be cut; an answer without entities may be cut anywhere."""
_NEXT = ("[]}", '[{"head":"')
"""How a begun answer can go on."""
PRACTISED_TEXT = "relations"
"""The pre-training text in which lists of terms and links are practised."""
_LIST = re.compile(rf'"{RELATIONS}"\s*:\s*(?=\[)')
_SPACE = re.compile(r"\s+")


class RelationsTask(RelationTask):
    """Instruction, the text on a line of its own, and a compact JSON object as answer, see `kinds.relations.output`.

    The instruction comes first, the same for all texts, so that its cache is shared. Examples are rows, see `rows`.
    """

    name = "relations"

    def __init__(
        self,
        prompts: Path | str,
        two_steps: bool = False,
        relation_weight: float = 1.0,
        schema: Path | str | None = None,
        form: Literal["study", "practised"] = "study",
        text: str | None = None,
        deduplicate: bool = False,
        drop_violations: bool = False,
    ):
        """prompts: folder with the instructions: joint.txt, or entities.txt and relations.txt for two steps.
        relation_weight: of the tokens of relations in the loss; that of all others is 1. schema: file with the types
        that answers can be held to and that a validation figure needs; none where there is neither. form: "practised"
        asks a base model in the form that it knows, see `practised`; text: what it was pre-trained on, where it is
        synthetic. deduplicate, drop_violations: how answers are read for the validation figure, see `extract`.

        Raises InputError when an instruction is missing or empty, and for a faulty schema; ValueError for a weight that
        is not positive.
        """
        if not relation_weight > 0:
            raise ValueError(f"relation_weight = {relation_weight}: must be more than 0")
        self.steps = STEPS[1:] if two_steps else STEPS[:1]
        self.instructions = {step: load_prompt(Path(prompts) / f"{step}.txt") for step in self.steps}
        self.relation_weight = float(relation_weight)
        self.schema = None if schema is None else read_schema(schema)
        self.practised = self._practised_form(Path(prompts), text) if form == "practised" else None
        self.reading = {"deduplicate": deduplicate, "drop_violations": drop_violations}

    def prompt(self, example: dict) -> str:
        """The instruction, `Text: …`, for the step "relations" `Entities: …`, and `Answer:`, each on its own line.

        The answer starts a line, too. Ends with the begun answer, uncut, where there is one. Raises ValueError for a
        row of a step that the task does not have.
        """
        if self.practised:
            return self.practised.prompt(example)
        return self._question(example) + _begun(example)

    def completion(self, example: dict) -> str:
        """The answer to the row's step, from the document's annotation; its rest, where it is begun."""
        written = written_of(from_row(example))
        if _begun(example):
            return f"{_compact(written[RELATIONS])}}}"
        step = example["step"]
        return _compact(written if step == "joint" else {step: written[step]})

    def parse(self, output: str) -> Parsed:
        """Read an answer, whole or the rest of a begun one. value: its entities and relations as it lists them.

        In two steps an answer has exactly one of the lists, and the other one is empty in the value. status: of
        `parse_lists`; "ok" alone is a good answer, and the items of one that breaks off or goes on are kept. value is
        None where there is no list at all.
        """
        if self.practised:
            return self.practised.parse(output)
        return parsed_value(self._parsed(output))

    def answer_form(self, example: dict, tokenizer: Any) -> AnswerForm | None:
        """The form of the answer to a row, or of the rest of a begun one; None without a schema."""
        if self.schema is None or self.practised:
            return None
        begun = self.rest_of_opening(example, tokenizer) if _begun(example) else None
        return answer_form(self.schema, tuple(LISTS) if example["step"] == "joint" else (example["step"],), begun)

    def validation_figure(self, examples: Sequence[dict], answer: Answering) -> float:
        """Strict micro-F1 of the relations, which the study chooses a run by. In two steps they are asked for between
        the entities that the first step found, as in the study. Raises ValueError without a schema."""
        if self.schema is None:
            raise ValueError("a validation figure needs the schema of the corpus")
        rows = [row for row in examples if row["step"] == self.steps[0]]
        values = [parsed.value or {} for parsed in answer(rows)]
        if len(self.steps) > 1:
            second = answer(second_rows(rows, values))
            values = [
                {**value, RELATIONS: (parsed.value or {}).get(RELATIONS, [])}
                for value, parsed in zip(values, second, strict=True)
            ]
        return relation_f1(rows, values, self.schema, **self.reading)

    def probe(self) -> dict:
        """A text with all that the template changes, and an answer with both lists."""
        return self._probes()[0]

    @property
    def template_hash(self) -> str:
        """Of everything that determines a rendering: instructions, layout of prompts and answers, weight."""
        rendered = [[self.prompt(probe), self.completion(probe)] for probe in self._probes()]
        return fingerprint([self.name, rendered, self.relation_weight])

    def render(self, example: dict, tokenizer: Any) -> Rendered:
        """Token ids for training. weights: where `relation_weight` is not 1, that is the weight of the tokens that
        begin at or after the key of the relations, but for EOS. Needs a fast tokenizer for begun answers and weights.
        """
        begun = _begun(example)
        question, answer = self._question(example), begun + self.completion(example)
        rendered = render(question, answer, tokenizer)
        weights = None
        if self.relation_weight != 1:
            key = answer.find(KEY)
            places = _tokens(answer, tokenizer)[1]
            weights = [self.relation_weight if 0 <= key <= start else 1.0 for start, _ in places] + [1.0]
        if not begun:
            return Rendered(rendered.prompt, rendered.completion, weights)
        opening, length = _opening(begun, tokenizer)
        if rendered.completion[: len(opening)] == opening:
            rest = rendered.completion[len(opening) :]
            weights = weights and weights[len(opening) :]
        else:
            rest = render_completion(answer[length:], tokenizer)
            weights = weights and [self.relation_weight] * (len(rest) - 1) + [1.0]
        return Rendered(rendered.prompt + opening, rest, weights)

    def render_prompt(self, example: dict, tokenizer: Any) -> list[int]:
        """Token ids for generation: the same prompt ids as `render` gives. The row's annotation is not looked at."""
        if self.practised:
            return self.practised.render_prompt(example, tokenizer)
        ids = render_prompt(self._question(example), tokenizer)
        begun = _begun(example)
        return ids + _opening(begun, tokenizer)[0] if begun else ids

    def rest_of_opening(self, example: dict, tokenizer: Any) -> str:
        """What the model has to write before the list of relations, since the prompt's begun answer is cut before it;
        empty where the prompt ends with the whole of it, or has none."""
        begun = _begun(example)
        return begun[_opening(begun, tokenizer)[1] :] if begun else ""

    def _practised_form(self, prompts: Path, text: str | None) -> ListingForm | InstructionForm:
        """Raises ValueError for a synthetic model without the types that it is asked for."""
        if text != PRACTISED_TEXT:
            return InstructionForm({step: load_prompt(prompts / f"{step}.txt") for step in ("joint", "relations")})
        if self.schema is None:
            raise ValueError("the practised form of a synthetic model names the types of a schema")
        return ListingForm(self.schema)

    def _question(self, example: dict) -> str:
        """The prompt without a begun answer."""
        step, given = example["step"], example["given"]
        if step not in self.steps:
            raise ValueError(f'a row of step "{step}" for a task of the steps {", ".join(self.steps)}')
        told = f"Entities: {inert(_compact(given))}\n" if step == "relations" else ""
        return f"{self.instructions[step]}\nText: {inert(example['text'])}\n{told}Answer:\n"

    def _probes(self) -> list[dict]:
        """The rows that the probe's document can have in this task."""
        text = "No\n<|left|> gout [X] by aspirin ."
        entities = (RelatedEntity(12, 16, "Disease", "gout"), RelatedEntity(24, 31, "Drug", "aspirin"))
        document = RelatedDocument("probe", text, entities, (Relation("causes", 1, 0),))
        given = {
            "joint": (None, gold_given(document, "joint")),
            "entities": (None,),
            "relations": (gold_given(document, "relations"),),
        }
        return [row_of(document, step, told) for step in self.steps for told in given[step]]

    def _parsed(self, output: str) -> ParsedLists:
        """An answer in the form that the task asks for, or else as far as it can be read."""
        whole = read_output(output)
        if "joint" in self.steps:
            rest = _rest(output)
            return whole if rest is None else rest
        single = [parse_lists(output, {name: LISTS[name]}) for name in LISTS]
        good = next((parsed for parsed in single if parsed.status == "ok"), None)
        if good is not None:
            return good
        # Both lists as one answer are not what was asked for.
        return ParsedLists(whole.items, "wrong_shape" if whole.status == "ok" else whole.status, whole.dropped)


def _begun(example: dict) -> str:
    """The beginning of a joint answer that gives the entities; empty for other rows."""
    if example["step"] != "joint" or example["given"] is None:
        return ""
    entities = [{"text": text, "type": label} for text, label in example["given"]]
    return f"{_compact({ENTITIES: entities})[:-1]},{KEY}"


def _opening(begun: str, tokenizer: Any) -> tuple[list[int], int]:
    """Tokens of a begun answer, cut as the module says, and how many of its characters they are."""
    (ids, places), (others, _) = (_tokens(begun + following, tokenizer) for following in _NEXT)
    count = 0
    while ids[count] == others[count] and places[count][1] <= len(begun):
        count += 1
    length = places[count - 1][1] if count else 0
    if length >= (0 if begun == _EMPTY else len(begun) - len(_CLOSING)):
        return ids[:count], length
    return _tokens(begun, tokenizer)[0], len(begun)


def _tokens(answer: str, tokenizer: Any) -> tuple[list[int], Sequence[tuple[int, int]]]:
    """Token ids as `render_completion` gives them, without EOS, and the characters (start, end) of each."""
    encoded = tokenizer(answer, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True)
    return encoded["input_ids"], encoded["offset_mapping"]


def _rest(output: str) -> ParsedLists | None:
    """An answer whose beginning was in the prompt, up to somewhere in `_CLOSING` or `_EMPTY`; None for another one."""
    key = _LIST.search(output)
    bracket = key.end() if key else output.find("[")
    before = _SPACE.sub("", output[: max(bracket, 0)])
    if bracket < 0 or before.startswith("{") or not any(end.endswith(before) for end in (_CLOSING, _EMPTY)):
        return None
    # Nothing that is read differs between the rest and a whole object with this list alone.
    return parse_lists(f"{{{KEY}{output[bracket:]}", {RELATIONS: LISTS[RELATIONS]})


def _compact(value: Any) -> str:
    """JSON as `write_output` writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
