"""The jobs of a study of the user's own: folders, inputs and params, by its section of the configuration."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.errors import InputError
from medtune.files import files_in
from medtune.kinds.own import OwnStudy
from medtune.models.jobs import pattern_of
from medtune.studies.jobs import AdapterJobs, existing, replicate_of
from medtune.studies.road import Generate, Road, Score, Train, WriteCard

SPLITS = ("train", "validation", "test")
HELD = ("validation", "test")


@dataclass(frozen=True)
class OwnRun:
    """One trained run. folder: its name, for further seeds with the suffix -seed{n}."""

    name: str
    seed: int
    folder: str


class OwnJobs(AdapterJobs):
    """name: of the study. config: the whole configuration, which holds its section."""

    section: OwnStudy

    def __init__(self, config: Config, name: str):
        super().__init__(config, name, config.studies[name])
        self.task = f"own_{self.section.kind}"
        self.task_options = {"study": name, **self.section.task_options()}
        self.title = self.section.title or name
        self.data = {split: f"{self.root}/data/{split}.jsonl" for split in SPLITS}
        self.manifest = f"{self.root}/data/manifest.json"

    def runs(self) -> list[OwnRun]:
        """All trained runs, seed by seed. Those of the first seed have no suffix."""
        seeds = self.section.seeds
        return [
            OwnRun(name, seed, f"{name}{replicate_of(seed, seeds)}") for seed in seeds for name in self.section.runs
        ]

    def files(self, name: str) -> list[str]:
        """A file of each run, in their order."""
        return [f"{self.root}/{run.folder}/{name}" for run in self.runs()]

    def sources(self) -> list[str]:
        """Files that the data are read from, where they are there: the job itself says what is missing."""
        paths = [Path(path) for path in (self.section.data.path, self.section.file) if path]
        try:
            files = [file for path in paths for file in (files_in(path) if path.is_dir() else [path])]
        except InputError:  # of a name that the job refuses
            files = paths
        return existing(map(str, files))

    def seed(self, wildcards: Any) -> int:
        """Training seed of a run."""
        return self._run(wildcards).seed

    def training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings of a run: the study's, and what the run changes."""
        settings = self.training_settings()
        changes = self.section.runs[self._run(wildcards).name]
        found = changes.model_dump(exclude_none=True) if changes else {}
        lora = {key: found.pop(key) for key in ("rank", "alpha") if key in found}
        return {**settings, **found, "lora": {**settings["lora"], **lora}}

    def road(self) -> Road:
        """The rules of the road."""
        section, held = self.section, {split: self.data[split] for split in HELD}
        folder, options = f"{self.root}/{{run}}", {**self.task_options}
        pattern = {"run": pattern_of(run.folder for run in self.runs())}
        shared = {"study": self.study, "task": self.task}
        answers = {
            "base": self.base,
            "splits": HELD,
            "task_options": options,
            "settings": self.generation_settings(),
            "quantization": self.quantization_settings(),
            "threads": self.threads,
            "resources": self.generation_resources(),
        }
        train = Train(
            name=f"{self.study}_train",
            **shared,
            folder=folder,
            inputs={split: self.data[split] for split in ("train", "validation")},
            wildcards=pattern,
            base=self.base,
            threads=self.threads,
            resources=self.training_resources(),
            adapter=f"{folder}/adapter",
            task_options=options,
            settings=self.training,
            answer_tokens=self.judged_answer_tokens(),
            seed=self.seed,
        )
        adapter = {"adapter": f"{train.adapter}/adapter_config.json"}
        models = ((f"{self.root}/base", "_base", {}, {}), (folder, "", adapter, pattern))
        generate = tuple(
            Generate(
                name=f"{self.study}_generate{end}",
                **shared,
                folder=of_model,
                inputs={**held, **with_adapter},
                wildcards=held_to,
                **answers,
            )
            for of_model, end, with_adapter, held_to in models
        )
        score = tuple(
            Score(
                name=f"{self.study}_score{end}",
                **shared,
                folder=of_model,
                inputs={**held, "predictions": f"{of_model}/predictions.jsonl"},
                wildcards=held_to,
                splits=HELD,
                options=options,
            )
            for of_model, end, _, held_to in models
        )
        card = WriteCard(
            name=f"{self.study}_card",
            **shared,
            folder=folder,
            inputs={
                "model": adapter["adapter"],
                "record": f"{folder}/training.json",
                "metrics": f"{folder}/metrics.json",
                "base_metrics": f"{self.root}/base/metrics.json",
                "manifest": self.manifest,
            },
            wildcards=pattern,
            base=self.base,
            adapter=train.adapter,
            options={**options, "title": self.title, "limits": section.limits},
        )
        return Road((train,), generate, score, (card,))

    def _run(self, wildcards: Any) -> OwnRun:
        return next(run for run in self.runs() if run.folder == wildcards.run)
