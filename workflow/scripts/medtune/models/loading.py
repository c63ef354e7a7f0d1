"""Loading base models, adapters and taggers: safetensors only, no code of the model's own."""

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from medtune.errors import InputError
from medtune.files import read_json
from medtune.libraries import loading
from medtune.models.purpose import check_writer
from medtune.models.tokenizers import tokenizer_of

Quantization = Literal["none", "int8", "nf4"]


def default_device() -> str:
    """ "cuda" where there is a GPU, else "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def default_dtype(device: str) -> Any:
    """bfloat16 on a GPU that has it, else float32."""
    import torch

    return torch.bfloat16 if device.startswith("cuda") and torch.cuda.is_bf16_supported() else torch.float32


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a base model or an adapter: pads at the left, with EOS where it has no pad token."""
    tokenizer = tokenizer_of(folder, padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_base(
    folder: Path,
    quantization: Quantization = "none",
    double_quantization: bool = True,
    device: str | None = None,
    dtype: Any = None,
) -> tuple[Any, Any]:
    """A causal language model in evaluation mode, and its tokenizer.

    quantization: of the linear layers, on loading (bitsandbytes; also on CPU). device, dtype: by default
    what this machine has, see `default_device` and `default_dtype`.
    Raises InputError for an encoder, and when weights are missing under the names that the model gives them; see
    `check_quantization`.
    """
    with loading():
        from transformers import AutoModelForCausalLM

    check_writer(folder)
    device = device or default_device()
    dtype = dtype or default_dtype(device)
    check_quantization(folder, quantization)
    model, loaded = AutoModelForCausalLM.from_pretrained(
        folder,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=dtype,
        device_map={"": device},
        attn_implementation="sdpa",
        quantization_config=_quantization_config(quantization, double_quantization, dtype),
        output_loading_info=True,
    )
    check_weights(folder, loaded)
    model.eval()
    return model, load_tokenizer(folder)


def check_weights(folder: Path, loaded: Mapping[str, Any], new: Collection[str] = ()) -> None:
    """Raise InputError when weights are missing, or have another shape than config.json gives them.

    loaded: what `from_pretrained` says with `output_loading_info`. new: parts of the model that may be missing, as
    beginnings of names: they are not used, or trained from the start.
    """
    # Weights of another shape: (name, shape found, shape expected). They are random, too.
    random = {*loaded["missing_keys"], *(entry[0] for entry in loaded["mismatched_keys"])}
    random = sorted(name for name in random if not name.startswith(tuple(new)))
    if random:
        others = sorted(loaded["unexpected_keys"])
        alike = max(others, key=lambda name: _same_ending(name, random[0]), default=None)
        instead = f"; they have {len(others)} that the model lacks, such as {alike}" if others else ""
        raise InputError(
            f"{folder}: the weights lack {len(random)} of the model's, such as {random[0]}, which would be random"
            f"{instead}; expected those of the architecture in config.json"
        )


def _same_ending(one: str, other: str) -> int:
    """How many parts of two names are the same, counted from the end."""
    pairs = zip(reversed(one.split(".")), reversed(other.split(".")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def check_quantization(folder: Path, quantization: Quantization) -> None:
    """Refuse a model whose weights are quantised already, unless in the way that is asked for."""
    held = read_json(folder / "config.json").get("quantization_config")
    if held is None:
        return
    method = held.get("quant_method", "bitsandbytes" if {"load_in_4bit", "load_in_8bit"} & held.keys() else "unknown")
    if method != "bitsandbytes":
        raise InputError(
            f"{folder}: its weights are quantised by {method}, on which no adapter is trained here; "
            "give the model with its original weights"
        )
    found = "nf4" if held.get("load_in_4bit") else "int8"
    if found != quantization:
        raise InputError(
            f"{folder}: its weights are quantised as {found} already, and training.quantization asks for "
            f"{quantization}; set {found}, or give the model with its original weights"
        )


def load_with_adapter(
    base: Path,
    adapter: Path,
    quantization: Quantization = "none",
    double_quantization: bool = True,
    device: str | None = None,
    dtype: Any = None,
) -> tuple[Any, Any]:
    """The base model with an adapter on it, and the adapter's tokenizer."""
    return load_with_adapters(base, {"default": adapter}, quantization, double_quantization, device, dtype)


def load_with_adapters(
    base: Path,
    adapters: Mapping[str, Path],
    quantization: Quantization = "none",
    double_quantization: bool = True,
    device: str | None = None,
    dtype: Any = None,
) -> tuple[Any, Any]:
    """The base model with several adapters on it, of which the first is active, and that one's tokenizer.

    adapters: folders by name, at least one. Switch with `model.set_adapter(name, inference_mode=True)`.
    """
    with loading():
        from peft import PeftModel

    model, _ = load_base(base, quantization, double_quantization, device, dtype)
    (first, folder), *others = adapters.items()
    model = PeftModel.from_pretrained(model, folder, adapter_name=first)
    for name, other in others:
        model.load_adapter(other, adapter_name=name)
    model.eval()
    return model, load_tokenizer(folder)


Head = Literal["words", "windows"]
"""What an encoder classifies: each token, or all of what it reads."""


def load_tagger(folder: Path, device: str | None = None, dtype: Any = None) -> tuple[Any, Any]:
    """A trained tagger in evaluation mode, and its tokenizer. device: as in `load_base`. dtype: by default float32."""
    with loading():
        from transformers import AutoModelForTokenClassification

    return _load_trained(AutoModelForTokenClassification, folder, device, dtype)


def load_classifier(folder: Path) -> tuple[Any, Any]:
    """A trained classifier of windows, as `load_tagger` gives taggers."""
    with loading():
        from transformers import AutoModelForSequenceClassification

    return _load_trained(AutoModelForSequenceClassification, folder)


def _load_trained(architecture: Any, folder: Path, device: str | None = None, dtype: Any = None) -> tuple[Any, Any]:
    import torch

    device = device or default_device()
    model, loaded = architecture.from_pretrained(
        folder,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=dtype or torch.float32,
        output_loading_info=True,
    )
    check_weights(folder, loaded)
    return model.to(device).eval(), load_tagger_tokenizer(folder)


def load_with_new_head(
    folder: Path,
    classes: Sequence[str],
    seed: int,
    freeze_embeddings: bool = False,
    head: Literal["words", "windows"] = "words",
    markers: Sequence[str] = (),
) -> tuple[Any, Any]:
    """An encoder in float32 with a classification head for the classes, drawn from the seed, and its tokenizer.

    freeze_embeddings: those of words, positions and segments are not trained. head: what is classified. markers:
    special tokens that the vocabulary gets besides; their embeddings are drawn from the seed, too.
    Raises InputError when weights of the encoder are missing, see `check_weights`.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, set_seed

    set_seed(seed)
    architecture = AutoModelForTokenClassification if head == "words" else AutoModelForSequenceClassification
    model, loaded = architecture.from_pretrained(
        folder,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        id2label=dict(enumerate(classes)),
        label2id={name: number for number, name in enumerate(classes)},
        ignore_mismatched_sizes=True,  # a head for other classes; the encoder's sizes are checked
        output_loading_info=True,
    )
    # Encoders are often published without the pooler between them and a head for windows.
    check_weights(folder, loaded, new=[*head_names(model), f"{model.base_model_prefix}.pooler."])
    tokenizer = load_marked_tokenizer(folder, markers)
    if markers:
        model.resize_token_embeddings(max(len(tokenizer), model.config.vocab_size), mean_resizing=False)
    if freeze_embeddings:
        model.base_model.embeddings.requires_grad_(False)
    return model, tokenizer


def load_marked_tokenizer(folder: Path, markers: Sequence[str]) -> Any:
    """The tokenizer of an encoder, with special tokens besides."""
    tokenizer = load_tagger_tokenizer(folder)
    tokenizer.add_tokens(list(markers), special_tokens=True)
    return tokenizer


def head_names(model: Any) -> list[str]:
    """Names of the parts of a model beside its encoder, with a full stop behind."""
    return [f"{name}." for name, _ in model.named_children() if name != model.base_model_prefix]


def load_tagger_tokenizer(folder: Path) -> Any:
    """The tokenizer of an encoder, which pads at the right."""
    return tokenizer_of(folder, padding_side="right")


def _quantization_config(quantization: Quantization, double_quantization: bool, dtype: Any) -> Any:
    """bitsandbytes' configuration (Dettmers et al. 2022 and 2023), or None."""
    from transformers import BitsAndBytesConfig

    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    if quantization == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=double_quantization,
            bnb_4bit_compute_dtype=dtype,
        )
    return None
