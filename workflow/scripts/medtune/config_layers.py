"""The layers of a configuration and how they become one: the workflow's own files (`config.yaml`, the scale's overlay),
the user's files (`--configfile`), single values of the command line (`--config`); later ones go over earlier ones.

Snakemake merges them too, but reads nested values of the command line as text (snakemake#2374), keeps the keys of a
source that an overlay replaces, and does not say where a key came from.
"""

import ast
import contextlib
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from medtune.errors import InputError

COMMAND_LINE = "--config"
TAGS = ("format", "source")
"""Keys whose text says which other keys a section has."""


@dataclass(frozen=True)
class Layer:
    """name: of the file, or `--config`. content: what it sets."""

    name: str
    content: dict


class _KeyTwice(yaml.constructor.ConstructorError):
    """A mapping has a key twice; the later one would win in silence."""


def _twice(key: Hashable) -> str:
    return f'the key "{key}" is there twice; keep one'


class UniqueKeys(yaml.SafeLoader):
    """YAML whose mappings must not have a key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """A mapping. Raises _KeyTwice, a YAMLError, with the place of the second key."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable):
                if key in seen:
                    raise _KeyTwice(None, None, _twice(key), key_node.start_mark)
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_layers(own: Iterable[str | Path], given: Iterable[str | Path], arguments: Iterable[str]) -> list[Layer]:
    """own: the workflow's files. given: the user's. arguments: `key=value` of the command line. Raises InputError."""
    layers = [Layer(_shown(file), read_settings(file)) for file in (*own, *given)]
    values = [Layer(COMMAND_LINE, _parsed_argument(argument)) for argument in arguments or ()]
    return [*layers, Layer(COMMAND_LINE, merge(values))] if values else layers


def module_layers(own: Iterable[str | Path], name: str, content: Mapping[str, Any]) -> list[Layer]:
    """The layers where the workflow is a module: a user's files and arguments are for their own Snakefile.

    own: the workflow's files. name: of the module. content: of its `config:`. Raises InputError.
    """
    return [*read_layers(own, [], []), Layer(f"config of module {name}", dict(content))]


def read_settings(file: str | Path) -> dict:
    """A file of settings, YAML or JSON, in UTF-8 with or without a byte-order mark.

    Raises InputError with file and line when it is missing, cannot be read, is no mapping or has a key twice.
    """
    name = _shown(file)
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
    content = _parsed(text, name)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"{name}: expected keys with values, found {type(content).__name__}")
    if "__use_yte__" in content:
        import yte

        return yte.process_yaml(text, require_use_yte=True)
    return content


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


def _parsed(text: str, name: str) -> Any:
    """JSON where it is (YAML knows no tabs), else YAML."""
    try:
        return json.loads(text, object_pairs_hook=_unique_pairs)
    except json.JSONDecodeError:
        pass
    except _KeyTwice as error:
        raise InputError(f"{name}: {error.problem}") from error
    try:
        return yaml.load(text, Loader=UniqueKeys)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        sentence = problem if isinstance(error, _KeyTwice) else f"not valid YAML ({problem})"
        raise InputError(f"{name}{line}: {sentence}") from error


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict:
    content: dict = {}
    for key, value in pairs:
        if key in content:
            raise _KeyTwice(problem=_twice(key))
        content[key] = value
    return content


def _parsed_argument(argument: str) -> dict:
    """`key=value`, whose value is YAML, or a dictionary as Python writes it (Snakemake's way)."""
    key, _, text = argument.partition("=")
    if text.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, SyntaxError):
            return {key: ast.literal_eval(text.strip())}
        return {key: _parsed(text, f"{COMMAND_LINE} {key}")}
    try:
        return {key: yaml.load(text, Loader=UniqueKeys)}
    except yaml.YAMLError:
        return {key: text}


def _shown(file: str | Path) -> str:
    """As the user would write it: relative to the working directory where it lies below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
