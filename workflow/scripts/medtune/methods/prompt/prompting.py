"""What a prompted model is asked with."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from medtune.config.section import Section


class Prompting(Section):
    """How a base model is asked.

    shots: number of examples before each question; 0 means zero-shot. train: JSON lines that they are taken from.
    examples: "random", the same for all questions, drawn by `seed`; "similar", those most like each question.
    shot_tokens: limit of the tokens that the examples add to a prompt. chat: whether the question is a turn of a chat;
    None: where the model has a chat template. by: whether a label is generated, or is the one with the largest
    likelihood. calibrated: whether label likelihoods are calibrated contextually, see `calibration`.
    """

    shots: int = Field(0, ge=0)
    examples: Literal["random", "similar"] = "random"
    shot_tokens: int = Field(512, ge=1)
    seed: int = 0
    train: Path | None = None
    chat: bool | None = None
    by: Literal["generation", "likelihood"] = "generation"
    calibrated: bool = False

    @model_validator(mode="after")
    def _whole(self) -> "Prompting":
        if self.shots and self.train is None:
            raise ValueError("shots need `train`, the examples that they are taken from")
        if self.calibrated and self.by != "likelihood":
            raise ValueError("calibrated: label likelihoods are calibrated where they choose the label, by: likelihood")
        return self
