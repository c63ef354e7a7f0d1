"""What the rules of study radgraph compute: folders, inputs and params of its runs, one for each entity type."""

from typing import Any

from medtune.configuration import Config
from medtune.kinds.method_sections import UNTRAINED
from medtune.studies.jobs import AdapterJobs, NewTextsJobs, existing
from medtune.studies.radgraph.reports import LABELS
from medtune.studies.road import Road

SPLITS = ("train", "validation", "test")
HELD = ("validation", "test")
ADAPTERS = "adapters"
"""The run of all adapters together, one for each entity type."""


class RadGraphJobs(AdapterJobs):
    """The study of a configuration."""

    entities = LABELS

    def __init__(self, config: Config):
        super().__init__(config, "radgraph", config.radgraph)
        self.adapter = f"{self.root}/{{entity}}/{config.radgraph.output_stem}_adapter"
        self.reports = {split: f"{self.root}/data/reports_{split}.json" for split in SPLITS}

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

    def examples(self) -> dict[str, str]:
        """Reports by split."""
        return self.reports

    def answered_runs(self, kind: str) -> list[str]:
        """The adapters together, and the base model in two forms, which find entities alone."""
        return [ADAPTERS, *UNTRAINED] if kind == "spans" else []

    def taken(self, run: str) -> dict[str, list[str]]:
        """As in `StudyJobs`, of each entity type; results: what was found in each report, metrics: its scores."""
        models = [f"{self.root}/{entity}{'' if run == ADAPTERS else f'/{run}'}" for entity in self.entities]
        files = {"metrics": "metrics.json", "results": "results.json", "benchmark": "generate.benchmark.tsv"}
        files |= {"record": "training.json"} if run == ADAPTERS else {}
        found = {name: [f"{model}/{file}" for model in models] for name, file in files.items()}
        return {**found, **({"train": [self.reports["train"]]} if run == ADAPTERS else {})}

    def sources(self, wildcards: Any) -> list[str]:
        """The source files that are there."""
        source = self.section.data.source
        if source.format == "synthetic":
            return []
        return existing(path for path in (source.train, source.validation, source.test) if path)

    def road(self) -> Road:
        """The rules of the road, each for one entity type."""
        folder = f"{self.root}/{{entity}}"
        base, practised = f"{folder}/base", f"{folder}/practised"
        data = {split: f"{self.root}/data/{{entity}}/{split}.jsonl" for split in SPLITS}
        held, prompt = {split: data[split] for split in HELD}, {"prompt": self.prompt}
        learned = {"train": data["train"], "validation": data["validation"], **prompt}
        train = self.train_job(folder, self.adapter, learned, task_options=self.options)
        asked = {**held, **prompt}
        scored = {**held, "reports": [self.reports[split] for split in HELD]}
        beside = {"base_metrics": f"{base}/metrics.json", "practised_metrics": f"{practised}/metrics.json"}
        beside |= self.guard_of(folder)
        return Road(
            train=(train,),
            generate=(
                self.generate_job("_base", base, asked, HELD, task_options=self.options),
                self.generate_job("_practised", practised, asked, HELD, task_options=self.practised_options),
                self.generate_job("", folder, {**asked, "adapter": train.config}, HELD, task_options=self.options),
            ),
            score=tuple(
                self.score_job(
                    end, model, scored, HELD, outputs={"results": f"{model}/results.json"}, options=self.entity
                )
                for end, model in (("_base", base), ("_practised", practised), ("", folder))
            ),
            guard=self.guard_jobs(folder, train.config),
            card=(self.card_job(self.base, folder, train.config, beside, options=self.options),),
        )
