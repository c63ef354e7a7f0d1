"""What the model cards of label studies say."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.kinds.labels.figures import SHOWN
from medtune.kinds.labels.task import LabelTask
from medtune.reporting.cards import Headline, StudyCard
from medtune.reporting.prose import listed
from medtune.reporting.tables import escape_markdown

LIMITS = (
    "It answers with the labels above alone, also where none of them suits the text.",
    "Probabilities of labels hold for texts such as those it was trained on: see the calibration error.",
)


def study_card(
    manifest: Mapping[str, Any],
    study: str,
    title: str,
    prompt: str,
    labels: Sequence[str],
    limits: Sequence[str],
    rationale: bool = False,
) -> StudyCard:
    """The card's texts. manifest: of the prepared data. limits: what the study's section says."""
    task = LabelTask(study, prompt, labels, rationale)
    shown = listed([f"`{label}`" if "`" not in label else escape_markdown(label) for label in labels])
    reason = ", then `Rationale:` and a reason of one line" if rationale else ""
    return StudyCard(
        title=f"{escape_markdown(title)}: LoRA adapter",
        summary=f"Gives a text one of the labels {shown}: the label, a full stop{reason}. There is no chat template: "
        "the prompt is the study's own, with the text on one line in its place.",
        prompt=task.prompt(task.probe()),
        headlines=[Headline(figure.key, figure.name, figure.share) for figure in SHOWN],
        limits=[*map(escape_markdown, limits), *LIMITS],
        tags=("text-classification",),
    )
