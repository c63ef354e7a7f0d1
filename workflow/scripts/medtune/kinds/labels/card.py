"""What the model cards of label studies say."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.kinds.labels.figures import SHOWN
from medtune.kinds.labels.task import LabelTask
from medtune.kinds.own_card import PROMPT, listed_names, own_card
from medtune.reporting.cards import StudyCard

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
    reason = ", then `Rationale:` and a reason of one line" if rationale else ""
    return own_card(
        title,
        SHOWN,
        LIMITS,
        limits,
        summary=f"Gives a text one of the labels {listed_names(labels)}: the label, a full stop{reason}. "
        + PROMPT.format(text="text"),
        prompt=task.prompt(task.probe()),
        tags=("text-classification",),
    )
