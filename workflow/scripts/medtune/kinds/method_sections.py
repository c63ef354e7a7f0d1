"""Methods in the configuration of a study of the user's own: what each is, and its settings."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from medtune.config import ALL_LINEAR, RECIPES, Count, Section, TaggerTraining
from medtune.config.rules import AnswerRules, LabelRules, RelationRules, SpanRules

UNTRAINED = ("base", "practised")
"""Runs of the studies without training: the base model asked as the others are, and in the form that it knows."""
LORA = ("rank", "alpha", *RECIPES)
"""Changes that belong in `training.lora`."""
Label = Annotated[str, Field(min_length=1)]


class Rules(Section):
    """A method without a neural model."""

    method: Literal["rules"] = Field(description="Kind of the method.")

    def options(self) -> dict[str, Any]:
        """What the rules are made with, beside the task: plain values."""
        return self.model_dump(exclude={"method"})


class RulesForLabels(LabelRules, Rules):
    """The most frequent label, or TF-IDF with logistic regression."""


class RulesForSpans(SpanRules, Rules):
    """A dictionary of the training mentions, longest match."""


class RulesForRelations(RelationRules, Rules):
    """The dictionary of the training mentions, and the most frequent relation of a pair of types."""


class RulesForAnswers(AnswerRules, Rules):
    """The answer of the nearest training question."""


class Prompt(Section):
    """A base model that is asked, without training; with examples of the training split where there are shots."""

    method: Literal["prompt"] = Field(description="Kind of the method.")
    model: str | None = Field(None, description="Base model: a name under `models`; null means the study's.")
    shots: Annotated[int, Field(ge=0)] = Field(0, description="Examples in the prompt.")
    examples: Literal["random", "similar"] = Field(
        "random",
        description="Which examples: drawn once by the seed, or for each text those most similar to it (TF-IDF).",
    )
    shot_tokens: Count = Field(
        1024, description="Most tokens of the examples of one prompt; those that do not fit are left out and counted."
    )
    chat: bool | None = Field(None, description="Ask as a turn of a chat; null: where the model has a chat template.")
    constrained: bool | None = Field(
        None, description="Hold answers to their form; null means the study's `generation.constrained`."
    )

    @property
    def seeded(self) -> bool:
        """Whether answers depend on the seed."""
        return self.shots > 0 and self.examples == "random"

    def options(self) -> dict[str, Any]:
        """How examples are chosen, where there are shots: plain values."""
        chosen = {"shots": self.shots, "examples": self.examples, "shot_tokens": self.shot_tokens} if self.shots else {}
        return chosen if self.chat is None else {**chosen, "chat": self.chat}


class LabelPrompt(Prompt):
    """A base model that is asked for a label, without training."""

    by: Literal["generation", "likelihood"] = Field(
        "generation", description="The label that the model writes, or the one it finds likeliest."
    )
    calibrated: bool = Field(
        False,
        description="With likelihood: divide by the likelihoods of the labels after prompts without content, against a"
        " bias for one of them (Zhao et al. 2021).",
    )

    @model_validator(mode="after")
    def _calibrates_likelihoods(self) -> "LabelPrompt":
        if self.calibrated and self.by != "likelihood":
            raise ValueError("calibrated: true is for labels that are chosen by likelihood; set by: likelihood")
        return self

    def options(self) -> dict[str, Any]:
        """Also how the label is had, where that is not by generation."""
        by = {"by": self.by, "calibrated": self.calibrated} if self.by == "likelihood" else {}
        return {**super().options(), **by}


class Encoder(Section):
    """An encoder: a classifier of texts (labels), a tagger (spans), a tagger and a classifier of pairs (relations)."""

    method: Literal["encoder"] = Field(description="Kind of the method.")
    model: str | None = Field(None, description="Encoder: a name under `models`; null means `encoder.model`.")
    epochs: PositiveFloat | None = Field(None, description="Passes over the training data.")
    max_steps: Count | None = Field(None, description="Upper limit of optimiser steps.")
    learning_rate: PositiveFloat | None = Field(None, description="Peak learning rate.")

    def changes(self) -> dict[str, Any]:
        """What it changes in `encoder.training`."""
        return self.model_dump(exclude={"method", "model"}, exclude_none=True)


class AdapterChanges(Section):
    """What a run, or a method `adapter`, changes in training."""

    rank: Count | None = Field(None, description="LoRA rank.")
    alpha: Count | None = Field(None, description="LoRA alpha; null means that of `training`, else twice the rank.")
    epochs: PositiveFloat | None = Field(None, description="Passes over the training data.")
    max_steps: Count | None = Field(None, description="Upper limit of optimiser steps.")
    learning_rate: PositiveFloat | None = Field(None, description="Peak learning rate.")
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"] | None = Field(
        None, description="Learning-rate schedule after warm-up."
    )
    scaling: Literal["two_r", "fixed", "rslora"] | None = Field(
        None, description="As `training.lora.scaling`; two_r takes the place of an alpha of `training`."
    )
    targets: Literal["all", "mlp", "attention"] | None = Field(
        None, description="As `training.lora.targets`; takes the place of `training.lora.target_modules`."
    )
    dora: bool | None = Field(None, description="As `training.lora.dora`.")
    lora_plus: Annotated[float, Field(ge=1)] | None = Field(None, description="As `training.lora.lora_plus`.")


class Adapter(AdapterChanges):
    """A LoRA adapter of the study's base model, as a run is."""

    method: Literal["adapter"] = Field(description="Kind of the method.")

    def training(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings, those of `training`, with what it changes in them."""
        changed = self.model_dump(exclude={"method"}, exclude_none=True)
        recipe = {key: changed.pop(key) for key in LORA if key in changed}
        lora = dict(settings["lora"])
        if self.scaling == "two_r":
            lora["alpha"] = None
        if self.targets is not None:
            lora["target_modules"] = ALL_LINEAR
        return {**settings, **changed, "lora": lora | recipe}


class Trained(Section):
    """A run of the study of this workflow that the data are of, as it is: what it answered there is scored here."""

    method: Literal["trained"] = Field(description="Kind of the method.")
    run: str | None = Field(
        None,
        min_length=1,
        description="The run; null: the first one that is trained, of Meerkat the last. Others: yesno rank8,"
        " rank8-seed2 …; maccrobat {encoder}/lr{rate}; meerkat iteration1 …; relations default, a switch; radgraph"
        " adapters. In most also base and practised, without training. Only with `data.study`.",
    )

    @property
    def seeded(self) -> bool:
        """Whether it is of a training, which another seed would change."""
        return self.run not in UNTRAINED


class EncoderSettings(Section):
    """Encoders of a study of your own: what its methods `encoder` share."""

    model: str = Field(description="Encoder: a name under `models`.")
    training: TaggerTraining = Field(default_factory=TaggerTraining, description="Fine-tuning.")
    window_tokens: Annotated[int, Field(ge=8)] = Field(
        512, description="Longest window of a text, in tokens, special ones included."
    )
    overlap_tokens: Annotated[int, Field(ge=0)] = Field(64, description="Tokens that windows share.")
    batch_tokens: Count = Field(16384, description="Token budget of a batch when it answers.")


LabelMethod = Annotated[RulesForLabels | LabelPrompt | Encoder | Adapter | Trained, Field(discriminator="method")]
SpanMethod = Annotated[RulesForSpans | Prompt | Encoder | Adapter | Trained, Field(discriminator="method")]
RelationMethod = Annotated[RulesForRelations | Prompt | Encoder | Adapter | Trained, Field(discriminator="method")]
AnswerMethod = Annotated[RulesForAnswers | Prompt | Adapter | Trained, Field(discriminator="method")]
