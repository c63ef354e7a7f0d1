"""Study radgraph."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from medtune.config.section import NAME, Count, License, PathText, Section, Share
from medtune.config.settings import GUARD, GeneralGuard, Generation, NewTexts, Splits, Training


class RadGraphFiles(Section):
    """RadGraph's own files, which PhysioNet gives to credentialed users."""

    format: Literal["radgraph"] = Field(description="RadGraph JSON, or the JSON lines of RadGraph-XL.")
    train: PathText = Field(description="train.json, or all reports.")
    validation: PathText | None = Field(None, description="dev.json; null takes it out of the training file.")
    test: PathText | None = Field(None, description="test.json; null takes it out of the training file.")
    license: License = Field(None, description="License of the data, for manifest and model card; null: not known.")


class RadGraphSynthetic(Section):
    """Reports made by rules, in RadGraph's layout; for trying the workflow."""

    format: Literal["synthetic"] = Field(description="Made by the workflow.")
    train: Count = Field(350, description="Reports for training.")
    validation: Count = Field(25, description="Reports for choosing.")
    test: Count = Field(50, description="Reports for the final figures, read by two (made) annotators.")


RadGraphSource = Annotated[RadGraphFiles | RadGraphSynthetic, Field(discriminator="format")]


class Negatives(Section):
    """Training sentences without the entity, for each sentence with it:
    clip(base × (most positives / positives)^exponent, least, most)."""

    base: PositiveFloat = Field(0.5, description="Negatives per positive of the most frequent type.")
    exponent: Annotated[float, Field(ge=0)] = Field(1.0, description="How fast that rises as a type gets rarer.")
    least: Annotated[float, Field(ge=0)] = Field(0.25, description="Fewest negatives per positive.")
    most: PositiveFloat = Field(3.0, description="Most negatives per positive.")
    synthetic: Annotated[float, Field(ge=0, le=1)] = Field(
        0.25,
        description="Share of the negatives that are made from training sentences, with the cue flipped (`No effusion"
        " .` and `Effusion .`) or by joining two; more where gold ones run short, fewer where few can be made.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Negatives":
        if self.least > self.most:
            raise ValueError("least must not be more than most")
        return self


class RadGraphData(Section):
    """Where the reports come from, and how they become sentences with and without an entity."""

    source: RadGraphSource = Field(description="The reports.")
    labeler: Literal["labeler_1", "labeler_2"] = Field(
        "labeler_1", description="Whose annotation is the gold standard where two annotated."
    )
    splits: Splits = Field(default_factory=Splits, description="Shares of the splits that have no file of their own.")
    negatives: Negatives = Field(default_factory=Negatives, description="How many sentences without the entity.")


class RadGraphAnnotate(NewTexts):
    """New reports that the four adapters annotate (target `annotate`)."""

    page_reports: Count = Field(100, description="Maximum number of reports on the page of coloured entities.")


class RadGraph(Section):
    """Study `radgraph`: entities in radiology reports, one adapter per entity type."""

    model: str = Field(description="Base model: a name under `models`.")
    data: RadGraphData = Field(description="Reports, splits, negative examples.")
    prompts: PathText = Field(
        "config/prompts/radgraph", description="Folder with {entity}/prompt.txt of each entity type."
    )
    output_stem: str = Field(
        "NER_qwen2.5",
        pattern=NAME.pattern,
        description="Stem of folder names: {stem}_adapter, and {stem}_final where `merge` is true.",
    )
    merge: bool = Field(
        False, description="Write each adapter also merged into the base model, as bfloat16: a model without PEFT."
    )
    training: Training = Field(default_factory=Training, description="Fine-tuning of each adapter.")
    generation: Generation = Field(default_factory=Generation, description="Generation of answers.")
    guard: GeneralGuard | None = Field(None, description=GUARD)
    target: Share = Field(0.95, description="Share of accepted reports that must be right, for the threshold.")
    annotate: RadGraphAnnotate | None = Field(None, description="New reports to annotate; null means none.")
