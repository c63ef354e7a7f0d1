"""The jobs of a study of the user's own: folders, inputs and params, by its section of the configuration."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.errors import InputError
from medtune.files import files_in
from medtune.kinds.own import OwnStudy
from medtune.studies.road import Generate, Road, Score, Train, WriteCard

SPLITS = ("train", "validation", "test")
HELD = ("validation", "test")


@dataclass(frozen=True)
class OwnRun:
    """One trained run. folder: its name, for further seeds with the suffix -seed{n}."""

    name: str
    seed: int
    folder: str


class OwnJobs:
    """name: of the study. config: the whole configuration, which holds its section."""

    def __init__(self, config: Config, name: str):
        self.name = name
        self.config = config
        self.section: OwnStudy = config.studies[name]
        self.home = f"{config.results}/{config.scale}/{name}"
        self.task = f"own_{self.section.kind}"
        self.task_options = {"study": name, **self.section.task_options()}
        self.title = self.section.title or name
        self.base = f"{config.results}/{config.scale}/models/{self.section.model}"
        self.data = {split: f"{self.home}/data/{split}.jsonl" for split in SPLITS}
        self.manifest = f"{self.home}/data/manifest.json"

    def runs(self) -> list[OwnRun]:
        """All trained runs, seed by seed. Those of the first seed have no suffix."""
        first, *further = self.section.seeds
        runs = [OwnRun(name, first, name) for name in self.section.runs]
        return runs + [OwnRun(name, seed, f"{name}-seed{seed}") for seed in further for name in self.section.runs]

    def files(self, name: str) -> list[str]:
        """A file of each run, in their order."""
        return [f"{self.home}/{run.folder}/{name}" for run in self.runs()]

    def sources(self) -> list[str]:
        """Files that the data are read from, where they are there: the job itself says what is missing."""
        paths = [Path(path) for path in (self.section.data.path, self.section.file) if path]
        try:
            files = [file for path in paths for file in (files_in(path) if path.is_dir() else [path])]
        except InputError:  # of a name that the job refuses
            files = paths
        return [str(file) for file in files if file.exists()]

    def seed(self, wildcards: Any) -> int:
        """Training seed of a run."""
        return self._run(wildcards).seed

    def training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings of a run: the study's, and what the run changes."""
        settings = self.section.training.model_dump()
        changes = self.section.runs[self._run(wildcards).name]
        found = changes.model_dump(exclude_none=True) if changes else {}
        lora = {key: found.pop(key) for key in ("rank", "alpha") if key in found}
        return {**settings, **found, "lora": {**settings["lora"], **lora}}

    def road(self) -> Road:
        """The rules of the road."""
        section, held = self.section, {split: self.data[split] for split in HELD}
        folder, options = f"{self.home}/{{run}}", {**self.task_options}
        pattern = {"run": "|".join(sorted((run.folder for run in self.runs()), key=len, reverse=True))}
        shared = {"study": self.name, "task": self.task}
        answers = {
            "base": self.base,
            "splits": HELD,
            "task_options": options,
            "settings": section.generation.model_dump(exclude={"batch_tokens", "longer_answers"}),
            "quantization": section.training.model_dump(include={"quantization", "double_quantization"}),
        }
        by_figure = section.training.checkpoint_by == "figure"
        train = Train(
            name=f"{self.name}_train",
            **shared,
            folder=folder,
            inputs={split: self.data[split] for split in ("train", "validation")},
            wildcards=pattern,
            base=self.base,
            model=section.model,
            adapter=f"{folder}/adapter",
            task_options=options,
            settings=self.training,
            answer_tokens=section.generation.max_new_tokens if by_figure else None,
            seed=self.seed,
        )
        adapter = {"adapter": f"{train.adapter}/adapter_config.json"}
        models = ((f"{self.home}/base", "_base", {}, {}), (folder, "", adapter, pattern))
        generate = tuple(
            Generate(
                name=f"{self.name}_generate{end}",
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
                name=f"{self.name}_score{end}",
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
            name=f"{self.name}_card",
            **shared,
            folder=folder,
            inputs={
                "model": adapter["adapter"],
                "record": f"{folder}/training.json",
                "metrics": f"{folder}/metrics.json",
                "base_metrics": f"{self.home}/base/metrics.json",
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
