"""The jobs of a study of the user's own: folders, inputs and params, by its section of the configuration."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.errors import InputError
from medtune.files import files_in
from medtune.kinds.own_section import OwnStudy
from medtune.studies.jobs import AdapterJobs, existing, replicate_of
from medtune.studies.own_files import code_of_reader
from medtune.studies.road import Road
from medtune.workflow.model_jobs import pattern_of

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
        self.task_options = {"study": name, **self.section.task_options()}
        self.title = self.section.title or name
        self.data = {split: f"{self.root}/data/{split}.jsonl" for split in SPLITS}
        self.manifest = f"{self.root}/data/manifest.json"

    @property
    def task(self) -> str:
        """That of the study's kind."""
        return f"own_{self.section.kind}"

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
        """Files that the data are read from, where they are there: the job itself says what is missing. The file of a
        study is none of them: what of it changes the data is `reader`."""
        paths = [Path(self.section.data.path)] if self.section.data.path else []
        try:
            files = [file for path in paths for file in (files_in(path) if path.is_dir() else [path])]
        except InputError:  # of a name that the job refuses
            files = paths
        return existing(map(str, files))

    @property
    def reader(self) -> str | None:
        """Identifies the code of the user's own that reads the data; None where there is none."""
        return code_of_reader(self.section.file) if self.section.file else None

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
        folder, base = f"{self.root}/{{run}}", f"{self.root}/base"
        held, options = {split: self.data[split] for split in HELD}, {"task_options": self.task_options}
        of_run = {"wildcards": {"run": pattern_of(run.folder for run in self.runs())}}
        train = self.train_job(
            folder,
            f"{folder}/adapter",
            {split: self.data[split] for split in ("train", "validation")},
            settings=self.training,
            seed=self.seed,
            **options,
            **of_run,
        )
        with_adapter = {**held, "adapter": train.config}
        card = self.card_job(
            self.base,
            folder,
            train.config,
            {"base_metrics": f"{base}/metrics.json"},
            options={**self.task_options, "title": self.title, "limits": self.section.limits},
            **of_run,
        )
        return Road(
            train=(train,),
            generate=(
                self.generate_job("_base", base, held, HELD, **options),
                self.generate_job("", folder, with_adapter, HELD, **options, **of_run),
            ),
            score=(
                self.score_job("_base", base, held, HELD, options=self.task_options),
                self.score_job("", folder, held, HELD, options=self.task_options, **of_run),
            ),
            card=(card,),
        )

    def _run(self, wildcards: Any) -> OwnRun:
        return next(run for run in self.runs() if run.folder == wildcards.run)
