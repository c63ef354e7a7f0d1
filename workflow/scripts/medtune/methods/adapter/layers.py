"""Which layers of a model get an adapter, by the names that its architecture gives them."""

import re
from typing import Any, Literal

import torch
from transformers.pytorch_utils import Conv1D

from medtune.errors import InputError

Targets = Literal["mlp", "attention"]
ATTENTION = re.compile(r"attn|attention")
MLP = re.compile(r"mlp|ffn|feed_?forward|^fc\d?$|moe|expert")
"""Parts of a layer's path that tell what it belongs to; attention is looked for first."""


def linear_layers(model: Any) -> list[str]:
    """Paths of all linear layers, the output layer among them."""
    return [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear | Conv1D)]


def layers_of(model: Any, targets: Targets) -> list[str]:
    """Shortest endings of paths that all linear layers of the attention, or of the MLPs, have, and no other module.

    Raises InputError where the model has no such layer.
    """
    wanted = {name for name in linear_layers(model) if _belongs_to(name) == targets}
    if not wanted:
        there = sorted({name.rpartition(".")[2] for name in linear_layers(model)})
        raise InputError(
            f"training.lora.targets: {targets} is not known of {type(model).__name__}, whose layers are "
            f"{', '.join(there)}; name those that are to get an adapter under target_modules"
        )
    others = {name for name, _ in model.named_modules()} - wanted
    parts = 1
    while _endings(wanted, parts) & _endings(others, parts):
        parts += 1
    return sorted(_endings(wanted, parts))


def _belongs_to(name: str) -> Targets | None:
    parts = name.split(".")
    if any(map(ATTENTION.search, parts)):
        return "attention"
    return "mlp" if any(map(MLP.search, parts)) else None


def _endings(names: set[str], parts: int) -> set[str]:
    return {".".join(name.split(".")[-parts:]) for name in names}
