"""What the rules of study radgraph compute: folders, inputs and params of its runs, one for each entity type."""

from typing import Any

from medtune.configuration import Config
from medtune.studies.jobs import AdapterJobs, NewTextsJobs, existing
from medtune.studies.radgraph.reports import LABELS


class RadGraphJobs(AdapterJobs):
    """The study of a configuration."""

    entities = LABELS

    def __init__(self, config: Config):
        super().__init__(config, "radgraph", config.radgraph)

    def new_reports(self) -> NewTextsJobs:
        """The reports of `radgraph.annotate`."""
        return NewTextsJobs(self.study, "annotate", "reports", self.section.annotate)

    def prompts(self) -> list[str]:
        """The instructions of all entity types."""
        return [self._prompt(entity) for entity in self.entities]

    def prompt(self, wildcards: Any) -> str:
        """The instruction of an entity type."""
        return self._prompt(wildcards.entity)

    def _prompt(self, entity: str) -> str:
        return f"{self.section.prompts}/{entity}/prompt.txt"

    def options(self, wildcards: Any) -> dict[str, Any]:
        """What the task needs to know of an entity type."""
        return {"entity": wildcards.entity, "prompt": self.prompt(wildcards)}

    def practised_options(self, wildcards: Any) -> dict[str, Any]:
        """The same, where the base model is asked in the form that it knows."""
        return {**self.options(wildcards), **self.practised_form()}

    def entity(self, wildcards: Any) -> dict[str, str]:
        """What scoring needs to know of it."""
        return {"entity": wildcards.entity}

    def sources(self, wildcards: Any) -> list[str]:
        """The source files that are there."""
        source = self.section.data.source
        if source.format == "synthetic":
            return []
        return existing(path for path in (source.train, source.validation, source.test) if path)
