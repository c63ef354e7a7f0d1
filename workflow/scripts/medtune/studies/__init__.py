"""The studies of the project, a folder each; those of the user's own are made of a kind (`medtune.kinds`)."""

from importlib import import_module
from types import ModuleType
from typing import Any

from medtune.kinds.task import Task

KIND = "own_"
"""What the name of a kind begins with where it stands in place of a study's."""
TASKS = {
    "meerkat": ("template", "MeerkatTask"),
    "radgraph": ("template", "RadGraphTask"),
    "relations": ("template", "RelationsTask"),
    "yesno": ("template", "YesNoTask"),
    "own_labels": ("task", "LabelTask"),
    "own_spans": ("task", "SpanTask"),
    "own_relations": ("task", "RelationTask"),
    "own_answers": ("task", "AnswerTask"),
}
"""Module and class of each study and kind, imported only when asked for."""


def part_of(name: str, part: str) -> ModuleType:
    """A module of a study or, where the name begins with `KIND`, of a kind: "score", "card"."""
    folder = f"kinds.{name.removeprefix(KIND)}" if name.startswith(KIND) else f"studies.{name}"
    return import_module(f"medtune.{folder}.{part}")


def get_task(name: str, **options: Any) -> Task:
    """The task of a study or kind. options: what its class takes. Raises ValueError for an unknown name."""
    if name not in TASKS:
        raise ValueError(f'unknown task "{name}"; expected one of {", ".join(sorted(TASKS))}')
    module, task = TASKS[name]
    return getattr(part_of(name, module), task)(**options)
