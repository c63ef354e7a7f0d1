"""Sections that studies share: fine-tuning, tagging, generation, tracking, splits."""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PositiveFloat,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from medtune.config.section import Count, Fraction, PathText, Section, distinct

ALL_LINEAR = "all-linear"
RECIPES = ("targets", "scaling", "dora", "lora_plus")


class Lora(Section):
    """The adapter. Ranks that fan out over jobs are set in the study's own section."""

    rank: Count = Field(8, description="LoRA rank r: columns of the low-rank update.")
    alpha: Count | None = Field(None, description="LoRA alpha; none means twice the rank.")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.05, description="Dropout before the low-rank update.")
    target_modules: str | list[str] = Field(
        ALL_LINEAR, description="Layers that get an adapter: all-linear, or a list of module names."
    )
    targets: Literal["all", "mlp", "attention"] | None = Field(
        None,
        description="In place of target_modules: all linear layers, or those of the MLPs or of the attention, by the"
        " names that the base model gives them.",
    )
    scaling: Literal["two_r", "fixed", "rslora"] | None = Field(
        None,
        description="By what the update is multiplied. two_r: alpha is twice the rank, so that alpha / rank is the same"
        " for all ranks. fixed: alpha as set, over the rank. rslora: alpha as set, over the root of the rank"
        " (Kalajdzievski 2023). null: alpha over the rank, and twice the rank where alpha is not set.",
    )
    dora: bool = Field(
        False, description="Train magnitude and direction of the weights apart (DoRA, Liu et al. 2024); slower."
    )
    lora_plus: Annotated[float, Field(ge=1)] | None = Field(
        None,
        description="LoRA+ (Hayou et al. 2024): the learning rate of B, and of DoRA's magnitudes, over that of A, which"
        " is training.learning_rate; null means the same for both.",
    )

    @model_validator(mode="after")
    def _scales(self) -> "Lora":
        if self.scaling == "two_r" and self.alpha is not None:
            raise ValueError("scaling: two_r makes alpha twice the rank; leave alpha out, or set scaling: fixed")
        if self.scaling in ("fixed", "rslora") and self.alpha is None:
            raise ValueError(f"scaling: {self.scaling} takes alpha as it is set; set alpha")
        return self

    @model_validator(mode="after")
    def _names_layers_once(self) -> "Lora":
        if self.targets is not None and self.target_modules != ALL_LINEAR:
            raise ValueError("has targets and target_modules; expected one of them")
        return self

    @model_serializer(mode="wrap")
    def _without_unset_recipe(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Recipes are in it only where they are set, so that adapters trained without them are not trained again."""
        unset = {name for name in RECIPES if getattr(self, name) == type(self).model_fields[name].default}
        return {key: value for key, value in handler(self).items() if key not in unset}


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
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="Arithmetic of the forward and backward pass; weights in training are float32. auto: bfloat16 on"
        " GPUs that have it, else float32. bfloat16 pays on CPUs too that have it in hardware (AMX).",
    )


class Training(FineTuning):
    """Fine-tuning of one adapter."""

    lora: Lora = Field(default_factory=Lora, description="The adapter.")
    quantization: Literal["none", "int8", "nf4"] = Field(
        "none", description="How the frozen base weights are held: as they are, LLM.int8(), or 4-bit NF4 (QLoRA)."
    )
    double_quantization: bool = Field(True, description="NF4 only: quantise the quantisation constants as well.")
    optimizer: Literal["adamw", "adamw_8bit", "paged_adamw_8bit"] = Field(
        "adamw",
        description="AdamW; with its state in 8 bits; or that in memory which the GPU can page out to the host. The"
        " last two are of bitsandbytes; on a CPU nothing is paged.",
    )
    max_tokens: Annotated[int, Field(ge=8)] = Field(
        512,
        description="Longest sequence. Longer rows are cut at the left; of radgraph, relations and yesno with"
        " abstracts, whose answers are of all of the text, they are left out of training and counted.",
    )
    checkpoint_by: Literal["figure", "loss"] = Field(
        "figure",
        description="What the best checkpoint is chosen by. figure: the study's own figure (accuracy, F1, ROUGE-L) of"
        " greedy answers to validation examples, ties by the lower loss. loss: the loss per token on the validation"
        " split, which needs no generation.",
    )
    checkpoint_examples: Count | None = Field(
        128,
        description="Validation examples that are answered at each evaluation, drawn by the seed where there are more;"
        " none means all.",
    )


class TaggerTraining(FineTuning):
    """Fine-tuning of an encoder."""

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
    cuttings: Count = Field(
        1,
        description="Number of window layouts of the training documents, with windows between half and all of"
        " window_tokens. Words then have other positions and neighbours, which helps where documents are few.",
    )
    head_factor: PositiveFloat = Field(
        1.0, description="How much larger the learning rate of the new classification head is than the encoder's."
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of the target that is spread over all tags, against too much confidence."
    )
    freeze_embeddings: bool = Field(
        False,
        description="Do not train the embeddings, so that words that the training documents lack stay near those that"
        " they have; less memory.",
    )


class Tagging(Section):
    """Tagging with a trained encoder."""

    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Of weights and arithmetic. bfloat16 is faster where the hardware has it."
    )
    cuttings: Count = Field(
        1,
        description="Number of window layouts (offsets); the scores of a word are averaged over them. Time grows in"
        " proportion.",
    )
    transition_weights: list[Annotated[float, Field(ge=0)]] = Field(
        [0.0],
        min_length=1,
        description="Weights of the transition scores, estimated from the training documents, in Viterbi decoding; the"
        " one with the best F1 on the validation split is chosen. [0] disables transition scores; BIO constraints still"
        " apply.",
    )
    outside_scores: list[float] = Field(
        [0.0],
        min_length=1,
        description='Scores added to the tag "O", chosen like the weights: above 0 precision rises, recall falls.',
    )
    batch_tokens: Count = Field(
        8192, description="Token budget of a batch: windows × longest window. Changes speed only."
    )


class Generation(Section):
    """Text generation."""

    max_new_tokens: Count = Field(
        64,
        description="Maximum number of generated tokens, also in training, for the answers that choose a checkpoint.",
    )
    temperature: Annotated[float, Field(ge=0)] = Field(0.0, description="Sampling temperature; 0 means greedy.")
    batch_tokens: Count = Field(
        4096, description="Token budget of a batch: rows × (longest prompt + new tokens). Changes speed only."
    )
    longer_answers: Annotated[float, Field(ge=0, le=1)] = Field(
        0.05,
        description="Share of the validation split's gold answers that may be longer than max_new_tokens; with more,"
        " training is refused, since such answers cannot be generated in full. Of the training split they are counted.",
    )
    constrained: bool = Field(
        False,
        description="Let a model write nothing but answers of the study's form; study relations, kinds labels, spans"
        " and relations only.",
    )


GUARD = (
    "Ask each adapter, and the base model, what has nothing to do with its task, and say in its card what it forgot; "
    "null: do not."
)


class GeneralGuard(Section):
    """What adapters are asked beside their task, to see what they forgot."""

    items: int = Field(
        32, ge=1, le=40, description="Number of general questions: facts, arithmetic, copying, short instructions."
    )


class Guard(GeneralGuard):
    """The same, with items of other studies."""

    studies: list[str] = Field([], description="Other studies of your own, whose test items are asked, too.")
    study_items: Count = Field(16, description="Number of test items of each of `studies`.")

    _distinct = field_validator("studies")(distinct)


class NewTexts(Section):
    """Texts of the user's own, for a trained model."""

    format: Literal["folder", "csv", "jsonl"] = Field(
        description="A folder of .txt files (also in folders below), a CSV file with a header line, or JSON lines."
    )
    path: PathText = Field(description="The folder or file.")
    text: str = Field("text", min_length=1, description="CSV column or JSON field that holds the text.")
    id: str | None = Field(
        None,
        min_length=1,
        description="CSV column or JSON field with a unique id; null numbers the texts. A .txt file's id is its path "
        "within the folder.",
    )


class Tracking(Section):
    """Weights & Biases. Clinical text stays on the machine unless `log_text` says otherwise."""

    mode: Literal["disabled", "offline", "online"] = Field(
        "disabled", description="disabled: nothing; offline: a folder for `wandb sync`; online: sent while running."
    )
    project: str = Field("medtune", pattern=r"^[\w.-]+$", description="Project name at Weights & Biases.")
    log_text: bool = Field(
        False, description="Also log tables of example texts and predictions. Off: no text leaves the machine."
    )
    log_artifacts: bool = Field(False, description="Also log the trained adapter as an artifact.")


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
