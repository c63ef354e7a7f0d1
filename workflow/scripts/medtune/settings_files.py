"""Files of settings, YAML or JSON, in which no key may stand twice."""

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from medtune.errors import InputError


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


def read_settings(file: str | Path) -> dict:
    """A file of settings, YAML or JSON, in UTF-8 with or without a byte-order mark.

    Raises InputError with file and line when it is missing, cannot be read, is no mapping or has a key twice.
    """
    name = shown(file)
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
    content = parsed_text(text, name)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"{name}: expected keys with values, found {type(content).__name__}")
    if "__use_yte__" in content:
        import yte

        return yte.process_yaml(text, require_use_yte=True)
    return content


def parsed_text(text: str, name: str) -> Any:
    """The content of a file called `name`: JSON where it is (YAML knows no tabs), else YAML."""
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


def shown(file: str | Path) -> str:
    """As the user would write it: relative to the working directory where it lies below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
