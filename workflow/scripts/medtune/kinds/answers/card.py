"""What the model cards of studies with answers in words say."""

from collections.abc import Mapping, Sequence
from typing import Any

from medtune.kinds.answers.figures import SHOWN
from medtune.kinds.answers.task import AnswerTask
from medtune.kinds.own_card import PROMPT, own_card
from medtune.reporting.cards import StudyCard

LIMITS = (
    "It answers from what the weights hold, without looking anything up.",
    "The metrics compare words with those of one reference answer. A fluent answer that is wrong can score high, and "
    "a right one in other words low.",
)


def study_card(manifest: Mapping[str, Any], study: str, title: str, prompt: str, limits: Sequence[str]) -> StudyCard:
    """The card's texts. manifest: of the prepared data. limits: what the study's section says."""
    task = AnswerTask(study, prompt)
    return own_card(
        title,
        SHOWN,
        LIMITS,
        limits,
        summary="Answers a question in words. " + PROMPT.format(text="question"),
        prompt=task.prompt(task.probe()),
        tags=("question-answering",),
        items="questions",
        max_new_tokens=256,
    )
