"""Study yesno."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from medtune.config.section import Count, License, PathText, Section, Seed, distinct
from medtune.config.settings import GUARD, GeneralGuard, Generation, Splits, Training

WITH_ABSTRACTS = ("pubmedqa_labeled", "pubmedqa_artificial")
"""Formats whose questions come with an abstract."""


class YesNoFile(Section):
    """A file (or the hub's parquet files) of yes/no questions."""

    format: Literal["pubmedqa_labeled", "pubmedqa_artificial", "bioasq"] = Field(
        description="Layout: ori_pqal.json, ori_pqaa.json (or a parquet file or folder of the hub), BioASQ JSON."
    )
    path: PathText = Field(description="File, or folder of parquet files.")
    license: License = Field(
        None,
        description="License of the data, for manifest and model card; null: "
        "that of PubMedQA where the file is its released ori_pqal.json, else not known.",
    )


class YesNoSynthetic(Section):
    """Questions made by rules; for trying the workflow."""

    format: Literal["synthetic"] = Field(description="Made by the workflow.")
    per_class: Count = Field(110, description="Questions made per label.")


YesNoSource = Annotated[YesNoFile | YesNoSynthetic, Field(discriminator="format")]


class YesNoData(Section):
    """Where the questions come from, and how they are split."""

    sources: dict[str, YesNoSource | None] = Field(
        description="Named sources, in order of preference when questions repeat; null switches one off."
    )
    per_class: Count | None = Field(
        110,
        description="Questions kept per label, after deduplication; null keeps all. With `test_ids`, of those that are "
        "left for training and validation.",
    )
    splits: Splits = Field(
        default_factory=Splits,
        description="Shares of the splits, stratified by label; with `test_ids`, train and validation share what is "
        "left, in this proportion.",
    )
    context: Literal["none", "abstract"] = Field(
        "none",
        description="What is asked with a question. abstract: the abstract without its conclusion, PubMedQA's "
        "reasoning-required setting; needs PubMedQA's files, and a longer `training.max_tokens`.",
    )
    test_ids: PathText | None = Field(
        None,
        description="JSON object whose keys are the PubMed ids of the test split, such as the published split "
        "(PubMedQA's test_ground_truth.json); null draws the test split.",
    )

    @field_validator("sources")
    @classmethod
    def _some(cls, value: dict) -> dict:
        if not any(value.values()):
            raise ValueError("at least one source is needed")
        return value

    @model_validator(mode="after")
    def _have_what_is_asked(self) -> "YesNoData":
        """Abstracts and PubMed ids are not in all formats, and of synthetic questions a number is made."""
        for name, source in self.sources.items():
            if source is None:
                continue
            if self.context == "abstract" and source.format not in WITH_ABSTRACTS:
                raise ValueError(
                    f"context: abstract needs an abstract for each question, and the format {source.format} has none; "
                    f"switch the source off (`{name}: null`)"
                )
            if source.format == "synthetic" and (self.test_ids is not None or self.per_class is None):
                key = "per_class: null" if self.per_class is None else "test_ids"
                raise ValueError(f"{key} cannot go with synthetic questions; switch the source off (`{name}: null`)")
        return self


class ChallengeQuestion(Section):
    """One question of the challenge set."""

    question: str = Field(min_length=1, description="The question.")
    expected: Literal["Yes", "No", "Uncertain"] = Field(description="The expected label.")
    reason: str = Field("", description="Why, in a sentence.")


class YesNo(Section):
    """Study `yesno`: Yes / No / Uncertain with a one-sentence rationale, over LoRA ranks."""

    model: str = Field(description="Base model: a name under `models`.")
    data: YesNoData = Field(description="Questions and splits.")
    ranks: list[Count] = Field(min_length=1, description="LoRA ranks; each is a job of its own.")
    seeds: list[Seed] = Field([42], min_length=1, description="Training seeds; each rank is trained with each.")
    training: Training = Field(
        default_factory=Training, description="Fine-tuning; its LoRA rank is replaced by `ranks`."
    )
    generation: Generation = Field(default_factory=Generation, description="Generation of answers.")
    guard: GeneralGuard | None = Field(None, description=GUARD)
    challenge: list[ChallengeQuestion] = Field(
        min_length=10, description="Questions put to the base and the chosen adapter, side by side."
    )

    _distinct = field_validator("ranks", "seeds")(distinct)
