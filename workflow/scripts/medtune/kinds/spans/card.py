"""What the model cards of span studies say."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.kinds.spans.figures import SHOWN
from medtune.kinds.spans.task import SpanTask
from medtune.reporting.cards import Headline, StudyCard
from medtune.reporting.prose import listed
from medtune.reporting.tables import escape_markdown

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
    types = listed([f"`{name}`" if "`" not in name else escape_markdown(name) for name in entities])
    return StudyCard(
        title=f"{escape_markdown(title)}: LoRA adapter",
        summary=f'Lists entities of type {types} in a text as JSON, `{{"entities":[{{"type":…,"text":…}}]}}`, in '
        "their order; the list is empty when there are none. There is no chat template: the prompt is the study's own, "
        "with the text on one line in its place.",
        prompt=task.prompt({"text": EXAMPLE}),
        headlines=[Headline(figure.key, figure.name, figure.share) for figure in SHOWN],
        limits=[*map(escape_markdown, limits), *LIMITS],
        tags=("token-classification", "named-entity-recognition"),
        max_new_tokens=256,
    )
