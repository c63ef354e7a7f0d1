"""The layers of a configuration and how they become one: the workflow's own files (`config.yaml`, the scale's overlay),
the user's files (`--configfile`), single values of the command line (`--config`); later ones go over earlier ones.

Snakemake merges them too, but reads nested values of the command line as text (snakemake#2374), keeps the keys of a
source that an overlay replaces, and does not say where a key came from.
"""

import ast
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from medtune.settings_files import UniqueKeys, parsed_text, read_settings, shown

COMMAND_LINE = "--config"
TAGS = ("format", "source")
"""Keys whose text says which other keys a section has."""


@dataclass(frozen=True)
class Layer:
    """name: of the file, or `--config`. content: what it sets."""

    name: str
    content: dict


def read_layers(own: Iterable[str | Path], given: Iterable[str | Path], arguments: Iterable[str]) -> list[Layer]:
    """own: the workflow's files. given: the user's. arguments: `key=value` of the command line. Raises InputError."""
    layers = [Layer(shown(file), read_settings(file)) for file in (*own, *given)]
    values = [Layer(COMMAND_LINE, _parsed_argument(argument)) for argument in arguments or ()]
    return [*layers, Layer(COMMAND_LINE, merge(values))] if values else layers


def module_layers(own: Iterable[str | Path], name: str, content: Mapping[str, Any]) -> list[Layer]:
    """The layers where the workflow is a module: a user's files and arguments are for their own Snakefile.

    own: the workflow's files. name: of the module. content: of its `config:`. Raises InputError.
    """
    return [*read_layers(own, [], []), Layer(f"config of module {name}", dict(content))]


def merge(layers: Sequence[Layer]) -> dict:
    """All layers as one dictionary."""
    merged: dict = {}
    for layer in layers:
        merged = _over(merged, layer.content)
    return merged


def _over(lower: dict, upper: dict) -> dict:
    """upper over lower, section by section. A section of another format or source takes nothing over."""
    if any(isinstance(upper.get(tag), str) and lower.get(tag, upper[tag]) != upper[tag] for tag in TAGS):
        lower = {}
    out = dict(lower)
    for key, value in upper.items():
        below = out.get(key)
        out[key] = _over(below if isinstance(below, dict) else {}, value) if isinstance(value, dict) else value
    return out


def _parsed_argument(argument: str) -> dict:
    """`key=value`, whose value is YAML, or a dictionary as Python writes it (Snakemake's way)."""
    key, _, text = argument.partition("=")
    if text.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, SyntaxError):
            return {key: ast.literal_eval(text.strip())}
        return {key: parsed_text(text, f"{COMMAND_LINE} {key}")}
    try:
        return {key: yaml.load(text, Loader=UniqueKeys)}
    except yaml.YAMLError:
        return {key: text}
