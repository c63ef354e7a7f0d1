"""Study relations."""

import re
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, field_validator, model_validator

from medtune.config.section import NAME, Count, License, PathText, Section, Seed, distinct
from medtune.config.settings import GUARD, GeneralGuard, Generation, NewTexts, Splits, Training
from medtune.studies.relations.generator import MOST_PASSAGES, TERMS_OF_PASSAGE

SEEDED = re.compile(r"-seed\d+$")
"""How the folders of runs with further seeds end."""
Part = Annotated[float, Field(ge=0, lt=1)]
RESERVED = ("base", "practised", "default", "data", "summary", "predictions")
"""Folders of the study that are no switch's."""


class RelationsFiles(Section):
    """A corpus with entities and relations."""

    format: Literal["biored", "chemprot", "brat"] = Field(
        description="biored: PubTator or (.json) BioC files; chemprot: folders of BioCreative's TSV; brat: folders."
    )
    train: PathText = Field(description="File or folder for training, or of all documents.")
    validation: PathText | None = Field(
        None, description="For choosing; null takes documents out of the training part."
    )
    test: PathText | None = Field(
        None, description="For the final figures; null takes documents out of the training part."
    )
    labels: PathText = Field(
        "own",
        description="own: the corpus's labels; biored_proxy: BioRED's read as the study's; or a file with a label map.",
    )
    license: License = Field(
        None,
        description="License of the data, for manifest and model card; null: not known.",
    )


class RelationsSynthetic(Section):
    """Documents made by rules; for trying the workflow."""

    format: Literal["synthetic"] = Field(description="Made by the workflow.")
    train: Count = Field(4000, description="Documents for training.")
    validation: Count = Field(500, description="Documents for choosing.")
    test: Count = Field(500, description="Documents for the final figures.")
    without_relations: Part = Field(
        0.2, description="Share of validation and test documents in which no relation is asserted."
    )
    passages: Annotated[int, Field(ge=1, le=3)] | None = Field(
        None, description="Most passages (one or two sentences each) of a document, for easier ones; null means three."
    )
    terms: Count | None = Field(
        None,
        description="Terms of each entity type that documents are made of, four for each passage at least; null means "
        "all, about twenty.",
    )

    @model_validator(mode="after")
    def _enough_terms(self) -> "RelationsSynthetic":
        needed = TERMS_OF_PASSAGE * (self.passages or MOST_PASSAGES)
        if self.terms is not None and self.terms < needed:
            raise ValueError(f"terms = {self.terms}: must be {needed} or more, for so many passages")
        return self


RelationsSource = Annotated[RelationsFiles | RelationsSynthetic, Field(discriminator="format")]


class RelationsData(Section):
    """Where the documents come from."""

    source: RelationsSource = Field(description="The documents.")
    splits: Splits = Field(default_factory=Splits, description="Shares of the splits that have no file of their own.")
    mix: RelationsFiles | None = Field(
        None, description="A corpus whose training part is added to the training documents of runs with `mix: true`."
    )
    longest_answer: Count | None = Field(
        None, description="Training documents with a longer answer, in characters, are left out; null keeps all."
    )


class RelationsRun(Section):
    """What a run does; a switch sets some of it."""

    epochs: PositiveFloat | None = Field(None, description="Passes over the training data.")
    max_steps: Count | None = Field(None, description="Upper limit of optimiser steps.")
    max_tokens: Annotated[int, Field(ge=8)] | None = Field(
        None, description="Maximum number of tokens of a training row; longer ones are left out and counted."
    )
    rank: Count | None = Field(None, description="LoRA rank.")
    learning_rate: PositiveFloat | None = Field(None, description="Peak learning rate.")
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"] | None = Field(
        None, description="Learning-rate schedule after warm-up."
    )
    warmup: Annotated[float, Field(ge=0)] | None = Field(None, description="Warm-up, as in `training`.")
    relation_weight: PositiveFloat | None = Field(None, description="Loss weight of the tokens of relations.")
    without_relations: Part | None = Field(
        None, description="Share of training documents in which no relation is asserted (synthetic documents only)."
    )
    mix: bool | None = Field(None, description="Add the corpus of `data.mix` to the training documents.")
    two_steps: bool | None = Field(
        None, description="Entities and relations as two tasks: first the entities, then relations between these."
    )
    constrained: bool | None = Field(
        None, description="Let the model write nothing but JSON of the study's form, as `generation.constrained`."
    )
    deduplicate: bool | None = Field(None, description="Leave out entities and relations that an answer says again.")
    drop_violations: bool | None = Field(None, description="Leave out relations that the schema does not allow.")


class RelationsPredict(NewTexts):
    """New notes whose entities and relations a run finds (target `predict`)."""

    run: str = Field("default", description="The run that reads them: default, or the name of a switch.")
    page_notes: Count = Field(100, description="Maximum number of notes on the page of coloured entities and arrows.")


class Relations(Section):
    """Study `relations`: entities and relations as generated JSON, and the effect of each switch."""

    model: str = Field(description="Base model: a name under `models`.")
    data: RelationsData = Field(description="Documents and splits.")
    prompts: PathText = Field(
        "config/prompts/relations", description="Folder with joint.txt, entities.txt, relations.txt."
    )
    relation_weight: PositiveFloat = Field(1.0, description="Loss weight of the tokens of relations; others have 1.")
    without_relations: Part = Field(
        0.0, description="Share of training documents in which no relation is asserted (synthetic documents only)."
    )
    mix: bool = Field(False, description="Add the corpus of `data.mix` to the training documents.")
    two_steps: bool = Field(False, description="First the entities, then the relations between these.")
    deduplicate: bool = Field(False, description="Leave out entities and relations that an answer says again.")
    drop_violations: bool = Field(False, description="Leave out relations that the schema does not allow.")
    switches: dict[str, RelationsRun | None] = Field(
        default_factory=dict,
        description="Runs beside `default`, by name, and what each changes; null switches one off.",
    )
    seeds: list[Seed] = Field(
        [42],
        min_length=1,
        description="Training seeds; default and each switch are trained with each. With fewer than three, nothing is "
        "claimed about a switch.",
    )
    training: Training = Field(default_factory=Training, description="Fine-tuning.")
    generation: Generation = Field(default_factory=Generation, description="Generation of answers.")
    guard: GeneralGuard | None = Field(None, description=GUARD)
    examples: Count = Field(12, description="Test documents on the page of examples.")
    predict: RelationsPredict | None = Field(None, description="New notes to read; null means none.")

    @field_validator("switches")
    @classmethod
    def _named(cls, value: dict) -> dict:
        for name, run in value.items():
            if name in RESERVED or not NAME.fullmatch(name) or SEEDED.search(name):
                raise ValueError(
                    f'the name "{name}" of a switch may hold letters, digits, dots, dashes and underscores only, and '
                    f"must not be {', '.join(RESERVED[:-1])} or {RESERVED[-1]}, nor end with -seed and a number"
                )
            if run is not None and not run.model_dump(exclude_none=True):
                raise ValueError(f'the switch "{name}" changes nothing; set one of its keys, or null to leave it out')
        return value

    _distinct = field_validator("seeds")(distinct)

    @model_validator(mode="after")
    def _known_run(self) -> "Relations":
        runs = ["default", *(name for name, run in self.switches.items() if run)]
        if self.predict and self.predict.run not in runs:
            raise ValueError(f'predict.run = "{self.predict.run}": must be one of {", ".join(runs)}')
        return self
