"""The config reference (config/README.md), generated from the field descriptions of the `config` package."""

import json
import sys
import types
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from medtune.config.section import expanded
from medtune.config_check import models_in
from medtune.configuration import Config

HEADING = """# Configuration

`config.yaml` holds the settings at paper scale. `tiny.yaml` and `small.yaml` are overlays: what they set replaces the
same key of `config.yaml`, all else stays. The profiles `tiny` and `small` bring theirs along. Files of your own go over
both, and single values over these; name the target first, since all that follows `--configfile` is taken for files:

```bash
snakemake yesno --profile tiny --configfile my.yaml --config 'yesno={ranks: [8], training: {max_steps: null}}'
```

Values on the command line are YAML too. A section whose `format` (of data) or `source` (of models) changes keeps
nothing of the one before. Paths are relative to the working directory; `~` and `$VARIABLES` in them are replaced. A
path below `config/`, such as a folder of prompts, is found in the workflow's own folder where the working directory has
none. Everything is checked before the first job; an unknown key, or one that is there twice, is an error.

Site settings (account, partition, memory of your nodes) belong into a profile, not here.

The tables below are generated (`make config-reference`).
"""


def reference() -> str:
    """The whole reference as Markdown: one table a section, in the order in which they are met."""
    seen: list[type[BaseModel]] = []
    _collect(Config, seen)
    return HEADING + "".join(_section(model) for model in seen)


def _collect(model: type[BaseModel], seen: list[type[BaseModel]]) -> None:
    if model in seen:
        return
    seen.append(model)
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            _collect(inner, seen)


def _section(model: type[BaseModel]) -> str:
    lines = [f"\n## {model.__name__}\n", f"{(model.__doc__ or '').strip()}\n"]
    lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        cells = [f"`{name}`", _type(field.annotation, field.metadata), _default(field), field.description or ""]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _type(annotation: Any, metadata: list[Any] = ()) -> str:
    """A type in words, with its bounds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0], [*annotation.__metadata__, *metadata])
    if any(getattr(item, "func", None) is expanded for item in metadata):
        return "path"
    if annotation is type(None):
        return "null"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (types.UnionType,) or str(origin) == "typing.Union":
        return " or ".join(_type(argument) for argument in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        keys = "whole numbers" if arguments[0] is int else "names"
        return f"mapping of {keys} to {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    word = {int: "whole number", float: "number", bool: "true or false", str: "text"}[annotation]
    return word + _bounds(metadata)


def _bounds(metadata: list[Any]) -> str:
    words = []
    for item in metadata:
        for constraint in getattr(item, "metadata", [item]):
            match constraint:
                case annotated_types.Gt(gt=bound):
                    words.append(f"> {bound}")
                case annotated_types.Ge(ge=bound):
                    words.append(f"≥ {bound}")
                case annotated_types.Lt(lt=bound):
                    words.append(f"< {bound}")
                case annotated_types.Le(le=bound):
                    words.append(f"≤ {bound}")
                case _:
                    pass
    return " " + ", ".join(words) if words else ""


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "see there"
    if field.default is PydanticUndefined:
        return "required"
    return f"`{json.dumps(field.default)}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
