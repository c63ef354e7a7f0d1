"""What the model cards of studies of a user's own have in common, whatever the kind."""

from collections.abc import Iterable, Sequence
from typing import Any

from medtune.kinds.shown import Shown
from medtune.reporting.cards import Headline, StudyCard
from medtune.reporting.prose import listed
from medtune.reporting.tables import escape_markdown

PROMPT = "There is no chat template: the prompt is the study's own, with the {text} on one line in its place."


def own_card(title: str, shown: Iterable[Shown], limits: Sequence[str], own: Sequence[str], **more: Any) -> StudyCard:
    """The card of an adapter. shown: figures of the kind. limits: of all models of the kind. own: what the study's
    section says of it. more: other fields of `StudyCard`."""
    return StudyCard(
        title=f"{escape_markdown(title)}: LoRA adapter",
        headlines=[Headline(figure.key, figure.name, figure.share) for figure in shown],
        limits=[*map(escape_markdown, own), *limits],
        **more,
    )


def listed_names(names: Iterable[str]) -> str:
    """Names as code where Markdown allows it."""
    return listed([escape_markdown(name) if "`" in name else f"`{name}`" for name in names])
