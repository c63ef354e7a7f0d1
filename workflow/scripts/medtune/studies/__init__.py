"""One module per study: render an example, parse an output, score a pair."""

from importlib import import_module
from typing import Any

from medtune.kinds.task import Task

TASKS = {
    "meerkat": ("medtune.studies.meerkat.template", "MeerkatTask"),
    "radgraph": ("medtune.studies.radgraph.template", "RadGraphTask"),
    "relations": ("medtune.studies.relations.template", "RelationsTask"),
    "yesno": ("medtune.studies.yesno.template", "YesNoTask"),
}
"""Module and class of each study, imported only when asked for."""


def get_task(name: str, **options: Any) -> Task:
    """The task of a study. options: what its class takes. Raises ValueError for an unknown name."""
    if name not in TASKS:
        raise ValueError(f'unknown task "{name}"; expected one of {", ".join(sorted(TASKS))}')
    module, task = TASKS[name]
    return getattr(import_module(module), task)(**options)
