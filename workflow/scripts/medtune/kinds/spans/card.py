"""What the model cards of span studies say."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.kinds.own_card import PROMPT, listed_names, own_card
from medtune.kinds.spans.figures import SHOWN
from medtune.kinds.spans.task import SpanTask
from medtune.reporting.cards import StudyCard

LIMITS = (
    "Entities are missed and invented.",
    "It gives no offsets: look its values up in the text, the n-th mention of a value at its n-th occurrence.",
)

EXAMPLE = "Aspirin was given for chest pain; no fever."


def study_card(
    manifest: Mapping[str, Any],
    study: str,
    title: str,
    prompt: str,
    entities: Sequence[str],
    limits: Sequence[str],
) -> StudyCard:
    """The card's texts. manifest: of the prepared data. limits: what the study's section says."""
    task = SpanTask(study, prompt, entities)
    return own_card(
        title,
        SHOWN,
        LIMITS,
        limits,
        summary=f"Lists entities of type {listed_names(entities)} in a text as JSON, "
        '`{"entities":[{"type":…,"text":…}]}`, in their order; '
        "the list is empty when there are none. " + PROMPT.format(text="text"),
        prompt=task.prompt({"text": EXAMPLE}),
        tags=("token-classification", "named-entity-recognition"),
        max_new_tokens=256,
    )
