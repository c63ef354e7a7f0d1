"""The windows in which an encoder reads documents."""

import math
from pathlib import Path
from typing import Any

from medtune.data.alignment import Layout, make_layout
from medtune.errors import InputError
from medtune.files import read_json


def layout_of(model: Path, tokenizer: Any, window_tokens: int, overlap_tokens: int) -> Layout:
    """The windows of a model. Raises InputError when they exceed its positions or leave no room for words."""
    positions = min(
        read_json(model / "config.json").get("max_position_embeddings") or math.inf, tokenizer.model_max_length
    )
    if window_tokens > positions:
        raise InputError(f"window_tokens = {window_tokens}: {model} has {positions:g} positions; choose that or fewer")
    try:
        return make_layout(tokenizer, window_tokens, overlap_tokens)
    except ValueError as error:
        raise InputError(str(error)) from error
