"""The form of an answer, for constrained decoding: nothing but items of known types can be written."""

from collections.abc import Sequence

from medtune.data.relation_output import ENTITIES, LISTS, RELATIONS
from medtune.data.relation_schema import RelationSchema
from medtune.inference.answer_form import AnswerForm

_TEXT = {"type": "string", "minLength": 1}


def answer_form(
    schema: RelationSchema, lists: Sequence[str] = (ENTITIES, RELATIONS), begun: str | None = None
) -> AnswerForm:
    """The form of an answer with these lists.

    begun: for an answer whose entities stand in the prompt, what is to be written before the list of relations.
    Not in the form: that arguments of relations are listed entities, and of the types that a relation joins.
    """
    types = {ENTITIES: schema.entities, RELATIONS: tuple(relation.name for relation in schema.relations)}
    arrays = {
        name: {"type": "array", "items": _object({f: {"enum": types[name]} if f == "type" else _TEXT for f in fields})}
        for name, fields in LISTS.items()
    }
    if begun is not None:
        return AnswerForm(arrays[RELATIONS], opening=begun, closing="}")
    return AnswerForm(_object({name: arrays[name] for name in lists}))


def _object(properties: dict) -> dict:
    """All properties are needed, and there are no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
