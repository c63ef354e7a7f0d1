"""The form of an answer, for constrained decoding: nothing but items of known types can be written."""

from medtune.data.relation_output import ENTITIES, LISTS, RELATIONS
from medtune.data.relation_schema import RelationSchema
from medtune.inference.answer_form import AnswerForm
from medtune.studies.relations.rows import Step

_TEXT = {"type": "string", "minLength": 1}


def answer_form(schema: RelationSchema, step: Step = "joint", begun: str | None = None) -> AnswerForm:
    """The form of the answer to a row of this step, as `template` asks for it.

    begun: for a begun answer, what is to be written before the list of relations (`RelationsTask.rest_of_opening`).
    Not in the form: that arguments of relations are listed entities, and of the types that a relation joins.
    """
    types = {ENTITIES: schema.entities, RELATIONS: tuple(relation.name for relation in schema.relations)}
    arrays = {
        name: {"type": "array", "items": _object({f: {"enum": types[name]} if f == "type" else _TEXT for f in fields})}
        for name, fields in LISTS.items()
    }
    if begun is not None:
        return AnswerForm(arrays[RELATIONS], opening=begun, closing="}")
    return AnswerForm(_object(arrays if step == "joint" else {step: arrays[step]}))


def _object(properties: dict) -> dict:
    """All properties are needed, and there are no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
