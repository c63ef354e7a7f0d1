"""The form of an answer, for constrained decoding: nothing but items of known types can be written."""

from collections.abc import Sequence

from medtune.data.relation_schema import RelationSchema
from medtune.inference.answer_form import AnswerForm
from medtune.kinds.answer_schema import TEXT, list_of, object_of, one_of
from medtune.kinds.relations.output import ENTITIES, LISTS, RELATIONS


def answer_form(
    schema: RelationSchema, lists: Sequence[str] = (ENTITIES, RELATIONS), begun: str | None = None
) -> AnswerForm:
    """The form of an answer with these lists.

    begun: for an answer whose entities stand in the prompt, what is to be written before the list of relations.
    Not in the form: that arguments of relations are listed entities, and of the types that a relation joins.
    """
    types = {ENTITIES: schema.entities, RELATIONS: tuple(relation.name for relation in schema.relations)}
    arrays = {
        name: list_of({field: one_of(types[name]) if field == "type" else TEXT for field in fields})
        for name, fields in LISTS.items()
    }
    if begun is not None:
        return AnswerForm(arrays[RELATIONS], opening=begun, closing="}")
    return AnswerForm(object_of({name: arrays[name] for name in lists}))
