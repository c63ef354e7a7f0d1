"""What the rules of base models compute."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from medtune.config import ModelSource
from medtune.workflow.demands import BY_SOURCE

NONE = "(?!)"
"""A pattern that nothing matches."""


def pattern_of(names: Iterable[str]) -> str:
    """Pattern of some names for a wildcard; of none, one that nothing matches."""
    return "|".join(map(re.escape, names)) or NONE


class ModelJobs:
    """Base models of a configuration, by name."""

    making = BY_SOURCE["made"]
    """What it takes to make a synthetic one."""

    def __init__(self, models: Mapping[str, ModelSource]):
        self._models = models

    def names(self, *sources: str) -> str:
        """Pattern of the names of all that come from one of the sources."""
        return pattern_of(name for name, model in self._models.items() if model.source in sources)

    def source(self, wildcards: Any) -> dict[str, Any]:
        """The section of one of them."""
        return self._models[wildcards.model].model_dump()
