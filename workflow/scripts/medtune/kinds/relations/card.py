"""What the model cards of studies of relations say."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.kinds.own_card import PROMPT, listed_names, own_card
from medtune.kinds.relations.figures import SHOWN
from medtune.kinds.relations.task import RelationTask
from medtune.reporting.cards import StudyCard

LIMITS = (
    "A relation is what a text asserts; whether it is true is not looked at.",
    "It gives no offsets: look its values up in the text, as the workflow does.",
    "It may repeat itself and relate what the schema does not allow.",
)
EXAMPLE = "Metformin was started for type 2 diabetes. Polyuria had suggested the diagnosis."


def study_card(
    manifest: Mapping[str, Any],
    study: str,
    title: str,
    prompt: str,
    entities: Sequence[str],
    relations: Mapping[str, Mapping[str, Any]],
    limits: Sequence[str],
) -> StudyCard:
    """The card's texts. manifest: of the prepared data. limits: what the study's section says."""
    task = RelationTask(study, prompt, entities, relations)
    return own_card(
        title,
        SHOWN,
        LIMITS,
        limits,
        summary="Lists the entities of a text and the relations between them, as a JSON object of `entities` (`text`, "
        f"`type`) and `relations` (`head`, `type`, `tail`). Entity types: {listed_names(entities)}. "
        f"Relation types: {listed_names(relations)}. " + PROMPT.format(text="text"),
        prompt=task.prompt({"text": EXAMPLE}),
        tags=("named-entity-recognition", "relation-extraction"),
        items="documents",
        max_new_tokens=512,
    )
