"""A label map as a file, YAML or JSON (.json):

name: My corpus (proxy)          # for tables and messages
caption: Correlations are read as treatment.   # said where figures are shown; may be left out
undirected: true                 # arguments are named in either order; false unless set
entities:                        # every entity type of the corpus; null leaves it out
  Chemical: Drug
  Disease: Disease
  Gene: null
relations:                       # every relation type of the corpus; null or [] leaves it out
  Negative_Correlation:          # the first rule whose head and tail fit holds
    - {type: treats, head: Drug, tail: Disease}
  Association: null
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from medtune.config.layers import UniqueKeys
from medtune.errors import InputError
from medtune.files import read_json, read_text
from medtune.studies.relations.label_map import LabelMap, Rule
from medtune.studies.relations.schema_file import Name
from medtune.studies.relations.typed_file import validated


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    type: Name
    head: Name
    tail: Name


class _Map(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    entities: dict[str, Name | None] = Field(min_length=1)
    relations: dict[str, list[_Rule] | None]
    undirected: bool = False
    caption: str = ""


def read_label_map(path: Path | str) -> LabelMap:
    """The label map of a file. That it names every label of a corpus is for `map_labels` to see.

    Raises InputError naming the first fault: a file that is missing, broken or of another form, or a rule with an
    entity type that no entity type of the map becomes.
    """
    content = validated(_Map, _content(path), path, "a label map")
    known = sorted({name for name in content.entities.values() if name is not None})
    for label, rules in content.relations.items():
        for rule in rules or ():
            for end in (rule.head, rule.tail):
                if end not in known:
                    raise InputError(
                        f'{path}: relations.{label}: no entity type becomes "{end}", so that the rule for '
                        f'"{rule.type}" never holds; expected one of {", ".join(known)}'
                    )
    return LabelMap(
        name=content.name,
        entities=content.entities,
        relations={
            label: tuple(Rule(rule.type, rule.head, rule.tail) for rule in rules or ())
            for label, rules in content.relations.items()
        },
        undirected=content.undirected,
        caption=content.caption,
    )


def _content(path: Path | str) -> Any:
    if Path(path).suffix == ".json":
        return read_json(path)
    text = read_text(path)
    try:
        return yaml.load(text, Loader=UniqueKeys)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise InputError(f"{path}{where}: not valid YAML ({problem})") from error
