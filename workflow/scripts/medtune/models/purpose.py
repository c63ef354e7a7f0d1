"""What a base model is for: encoders give each token a vector, causal language models write."""

from pathlib import Path

from medtune.errors import InputError
from medtune.files import read_json

WRITERS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
"""How architectures that write are called at their end, in transformers."""


def check_encoder(folder: Path) -> None:
    """Raise InputError for a model that writes."""
    config = read_json(folder / "config.json")
    writer = _writer(config)
    if writer:
        raise InputError(
            f"{folder}: {writer} is a language model that writes; the method encoder needs an encoder, such as BERT. "
            "Name it for the methods adapter or prompt instead"
        )


def check_writer(folder: Path) -> None:
    """Raise InputError for an encoder."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    config = read_json(folder / "config.json")
    if not _writer(config) and config.get("model_type") in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        name = (config.get("architectures") or [config["model_type"]])[0]
        raise InputError(
            f"{folder}: {name} is an encoder, which writes no text; adapters and prompts need a causal language model. "
            "Name it for the method encoder instead"
        )


def _writer(config: dict) -> str | None:
    """The architecture that writes, if the model has one."""
    return next((name for name in config.get("architectures") or () if name.endswith(WRITERS)), None)
