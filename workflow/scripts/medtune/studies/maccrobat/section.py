"""Study maccrobat."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, field_validator, model_validator

from medtune.config.section import Count, Fraction, PathText, Section, Seed, Share, distinct
from medtune.config.settings import NewTexts, Splits, TaggerTraining, Tagging


class SelectionWeights(Section):
    """Criteria of choosing the configuration for the next phase, and their weights. Only their proportions matter."""

    validation_f1: Annotated[float, Field(ge=0)] = Field(0.5, description="Micro-F1 on the validation split.")
    rare_f1: Annotated[float, Field(ge=0)] = Field(0.2, description="Micro-F1 of the rare types on validation.")
    speed: Annotated[float, Field(ge=0)] = Field(0.2, description="Words tagged per second.")
    size: Annotated[float, Field(ge=0)] = Field(0.1, description="Number of parameters; fewer are better.")

    @model_validator(mode="after")
    def _some_quality(self) -> "SelectionWeights":
        if not self.validation_f1 + self.speed + self.size:
            raise ValueError("validation_f1, speed or size needs a weight above 0")
        return self


class MaccrobatAnalysis(Section):
    """Analysis of the tagged documents: review thresholds, samples, the choice of a configuration."""

    thresholds: list[Share] = Field(
        [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95],
        min_length=1,
        description="Confidences from which on entities (documents) may go without review, ascending.",
    )
    confidence: Literal["raw", "calibrated"] = Field(
        "calibrated", description="Confidence that decides on review: raw softmax, or after temperature scaling."
    )
    target: Fraction = Field(
        0.9, description="Share of auto-coded entities (documents) that must be right, by the interval's lower end."
    )
    high_value: list[str] = Field(
        ["Disease_disorder", "Therapeutic_procedure", "Medication"],
        min_length=1,
        description="Entity types that billing hangs on.",
    )
    high_value_threshold: Share = Field(0.85, description="Confidence at which their precision is reported.")
    samples: Count = Field(25, description="Sampled errors that are shown with their context.")
    timed_documents: Count = Field(16, description="Test documents that the speed is measured on, at most.")
    timing_rounds: Annotated[int, Field(ge=3)] = Field(
        5, description="Times that each way of tagging is timed, with no other job beside it: median, least and most."
    )
    weights: SelectionWeights = Field(
        default_factory=SelectionWeights, description="Criteria of the choice for the next phase."
    )

    @field_validator("thresholds")
    @classmethod
    def _ascending(cls, value: list[float]) -> list[float]:
        if any(later <= earlier for earlier, later in pairwise(value)):
            raise ValueError("must be ascending, without repeats")
        return value

    _distinct = field_validator("high_value")(distinct)


class MaccrobatFiles(Section):
    """The corpus as brat folders, or as the hub's JSON."""

    format: Literal["brat", "json"] = Field(
        description="brat: a folder (and those in it) of .txt and .ann files; json: the hub's .json or .jsonl file."
    )
    path: PathText = Field(description="The folder, or the file.")
    license: str | None = Field(
        None,
        min_length=1,
        description="License of the corpus, for manifest and model card; null: that of MACCROBAT's release where these"
        " are its texts, else not known.",
    )


class MaccrobatSynthetic(Section):
    """Case reports made by rules, in brat layout; for trying the workflow."""

    format: Literal["synthetic"] = Field(description="Made by the workflow.")
    documents: Annotated[int, Field(ge=10)] = Field(160, description="Case reports made.")


MaccrobatSource = Annotated[MaccrobatFiles | MaccrobatSynthetic, Field(discriminator="format")]


class Tiers(Section):
    """Entity types by their number of mentions in the whole corpus: frequent, medium, rare."""

    frequent: Count = Field(1000, description="Types with more mentions are frequent.")
    rare: Count = Field(100, description="Types with fewer mentions are rare.")

    @model_validator(mode="after")
    def _ordered(self) -> "Tiers":
        if self.rare > self.frequent:
            raise ValueError("rare must not be more than frequent")
        return self


class MaccrobatData(Section):
    """Where the case reports come from, how they are split, and what becomes of rare entity types."""

    source: MaccrobatSource = Field(description="The case reports.")
    splits: Splits = Field(
        default_factory=lambda: Splits(train=0.85, validation=0.075, test=0.075),
        description="Shares of the splits, by document, stratified by entity types; unset 0.85, 0.075 and 0.075.",
    )
    tiers: Tiers = Field(default_factory=Tiers, description="Entity types by frequency.")
    rare: Literal["keep", "drop"] = Field(
        "keep", description="keep: all entity types are learned; drop: not those with fewer mentions than drop_below."
    )
    drop_below: Count = Field(50, description="With `rare: drop`, types with fewer mentions are left out.")


class MaccrobatExtract(NewTexts):
    """New notes whose entities the exported tagger finds (target `extract`)."""

    page_notes: Count = Field(100, description="Maximum number of notes on the page of coloured entities.")


class Maccrobat(Section):
    """Study `maccrobat`: entities of case reports as BIO tags, over encoders and learning rates."""

    encoders: list[str] = Field(min_length=1, description="Base models: names under `models`.")
    learning_rates: list[PositiveFloat] = Field(
        min_length=1, description="Peak learning rates; each encoder is trained with each."
    )
    seeds: list[Seed] = Field([42], min_length=1, description="Training seeds; each of these is trained with each.")
    data: MaccrobatData = Field(description="Case reports and splits.")
    window_tokens: Annotated[int, Field(ge=8)] = Field(
        256, description="Longest window of a document, in subwords with special tokens."
    )
    overlap_tokens: Annotated[int, Field(ge=0)] = Field(
        32, description="Subwords that neighbouring windows share in tagging; at most half a window."
    )
    training: TaggerTraining = Field(
        default_factory=TaggerTraining,
        description="Fine-tuning of each encoder; its learning rate is replaced by `learning_rates`.",
    )
    tagging: Tagging = Field(default_factory=Tagging, description="Tagging of the validation and test documents.")
    analysis: MaccrobatAnalysis = Field(
        default_factory=MaccrobatAnalysis, description="Analysis of the tagged documents."
    )
    extract: MaccrobatExtract | None = Field(None, description="New notes to find entities in; null means none.")
    project: str = Field(
        "Medical_NER_FineTuning", pattern=r"^[\w.-]+$", description="Project name of this study at Weights & Biases."
    )

    @field_validator("encoders", "learning_rates", "seeds")
    @classmethod
    def _distinct(cls, value: list) -> list:
        # As they stand in folder names: numbers with six significant digits.
        if len({f"{item:g}" if isinstance(item, float) else item for item in value}) != len(value):
            raise ValueError("must not repeat a value")
        return value
