"""Folders, inputs and params of a study of the user's own, by its section of the configuration."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.errors import InputError
from medtune.files import files_in
from medtune.kinds.method_sections import Adapter, Encoder, Prompt, Rules, Trained
from medtune.kinds.own_section import OwnStudy
from medtune.studies.jobs import AdapterJobs, StudyJobs, existing
from medtune.studies.maccrobat.jobs import MaccrobatJobs
from medtune.studies.meerkat.jobs import MeerkatJobs
from medtune.studies.own_files import code_of_reader
from medtune.studies.own_units import Unit, units_of
from medtune.studies.radgraph.jobs import RadGraphJobs
from medtune.studies.relations.jobs import RelationsJobs
from medtune.studies.yesno.jobs import YesNoJobs
from medtune.workflow.model_jobs import pattern_of

SPLITS = ("train", "validation", "test")
HELD = ("validation", "test")
BASE = "base"
BENCHMARK = "benchmark"
BUILT_IN = {
    "yesno": YesNoJobs,
    "radgraph": RadGraphJobs,
    "maccrobat": MaccrobatJobs,
    "meerkat": MeerkatJobs,
    "relations": RelationsJobs,
}
"""Studies of the workflow, whose data a study of the user's own can take."""


def source_of(config: Config, name: str) -> StudyJobs | None:
    """The study that a study of the user's own has its data of; None where they are the user's."""
    source = config.studies[name].data.study
    return BUILT_IN[source](config) if source else None


class OwnParams(AdapterJobs):
    """name: of the study. config: the whole configuration, which holds its section."""

    section: OwnStudy

    def __init__(self, config: Config, name: str):
        super().__init__(config, name, config.studies[name])
        self.task_options = {"study": name, **self.section.task_options()}
        self.title = self.section.title or name
        self.data = {split: f"{self.root}/data/{split}.jsonl" for split in SPLITS}
        self.held = {split: self.data[split] for split in HELD}
        self.manifest = f"{self.root}/data/manifest.json"
        self.base_run = f"{self.root}/{BASE}"
        self.run = f"{self.root}/{{run}}"
        self.adapter = f"{self.run}/adapter/adapter_config.json"
        self.audit = f"{self.base_run}/audit/{{model}}.json"
        self._units = units_of(self.section)
        self._source = source_of(config, name)

    @property
    def task(self) -> str:
        """That of the study's kind."""
        return f"own_{self.section.kind}"

    # What there is.

    def units(self) -> list[Unit]:
        """Every method at every size with every seed."""
        return self._units

    def runs(self) -> list[Unit]:
        """All adapters of all training documents, which the tables of runs are of."""
        return [unit for unit in self._units if unit.of(Adapter) and unit.size is None]

    @property
    def run_tables(self) -> list[str]:
        """Tables of the runs; the last of kinds whose answers have one confidence as a whole."""
        automated = self.section.kind in ("labels", "spans")
        return ["runs", "comparisons", "seeds", *(["automation"] if automated else [])]

    def guards(self) -> list[str]:
        """What each of the runs forgot; none where it is not asked."""
        return self.files("guard.json", self.runs()) if self.section.guard else []

    @property
    def compares(self) -> bool:
        """Whether there is more to compare than adapters of all documents."""
        return bool(self.section.methods or self.section.sizes)

    def files(self, name: str, units: Iterable[Unit]) -> list[str]:
        """A file of each unit, in their order."""
        return [f"{self.root}/{unit.folder}/{name}" for unit in units]

    def compared(self) -> list[Unit]:
        """What the table of methods is of: all units, and the base model as it is where there are adapters of it."""
        base = Unit(BASE, Prompt(method="prompt"), None, self.section.seeds[0], BASE)
        return [*([base] if self.runs() else []), *self._units]

    def described(self) -> list[dict[str, Any]]:
        """What the table of methods says of each."""
        return [
            {
                "method": unit.name,
                "type": unit.method.method,
                "model": self._model_of(unit),
                "size": unit.size,
                "seed": unit.seed,
                "seeded": unit.seeded,
            }
            for unit in self.compared()
        ]

    def targets(self) -> list[str]:
        """What the study makes."""
        runs = self.runs()
        tables = [f"{self.root}/summary/runs.csv"] if runs else []
        tables += [f"{self.root}/summary/methods.csv"] if self.compares else []
        return [*tables, *self.files("adapter/README.md", runs)]

    # Data.

    def sources(self) -> list[str]:
        """Files that the data are read from, where they are there: the job itself says what is missing. The file of a
        study is none of them: what of it changes the data is `reader`."""
        paths = [Path(self.section.data.path)] if self.section.data.path else []
        try:
            files = [file for path in paths for file in (files_in(path) if path.is_dir() else [path])]
        except InputError:  # of a name that the job refuses
            files = paths
        return existing(map(str, files))

    def study_files(self) -> dict[str, str]:
        """The files of another study that the data are of, by split; none where they are the user's own."""
        return self._source.examples() if self._source else {}

    @property
    def reader(self) -> str | None:
        """Identifies the code of the user's own that reads the data; None where there is none."""
        return code_of_reader(self.section.file) if self.section.file else None

    @property
    def subset(self) -> str:
        """Training documents of one size, as drawn by one seed."""
        return f"{self.root}/data/train-n{{size}}-seed{{seed}}.jsonl"

    def subset_wildcards(self) -> dict[str, str]:
        """Of `subset`."""
        return {"size": pattern_of(map(str, self.section.sizes)), "seed": pattern_of(map(str, self.section.seeds))}

    def train_data(self, wildcards: Any) -> str:
        """Training documents of a unit."""
        unit = self._unit(wildcards)
        return self.data["train"] if unit.size is None else self.subset.format(size=unit.size, seed=unit.seed)

    def seed(self, wildcards: Any) -> int:
        """Seed of a unit."""
        return self._unit(wildcards).seed

    # Adapters.

    def training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings of an adapter: the study's, and what the run changes."""
        return self._unit(wildcards).method.training(self.training_settings())

    # Prompts: what is asked, with or without examples.

    def asked(self, wildcards: Any) -> str:
        """Name of the base model that a prompt is for."""
        return self._model_of(self._unit(wildcards))

    def prompt_settings(self, wildcards: Any) -> dict[str, Any]:
        """Generation settings of a prompt."""
        constrained = self._unit(wildcards).method.constrained
        return self.generation_settings() | ({} if constrained is None else {"constrained": constrained})

    def prompt_examples(self, wildcards: Any) -> dict[str, str]:
        """The documents that examples are chosen from, where there are shots."""
        return {"examples": self.train_data(wildcards)} if self._unit(wildcards).method.shots else {}

    def prompt_options(self, wildcards: Any) -> dict[str, Any]:
        """How examples are chosen, and how a label is."""
        unit = self._unit(wildcards)
        return unit.method.options() | ({"seed": unit.seed} if unit.method.shots else {})

    # Base models before any training.

    def audited(self) -> list[str]:
        """Names of the base models that are audited: those that methods ask or adapt."""
        asked = [self._model_of(unit) for unit in self._units if unit.of(Adapter) or unit.of(Prompt)]
        return list(dict.fromkeys(asked)) if self.section.audit else []

    def audits(self) -> list[str]:
        """What their audits are written to."""
        return [self.audit.format(model=model) for model in self.audited()]

    # Encoders.

    def encoder(self, wildcards: Any) -> str:
        """Name of the encoder of a unit."""
        return self._model_of(self._unit(wildcards))

    @property
    def windows(self) -> dict[str, int]:
        """How texts are cut for an encoder."""
        return self.section.encoder.model_dump(include={"window_tokens", "overlap_tokens"})

    def encoder_training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings of an encoder: the study's, and what the method changes."""
        return {**self.section.encoder.training.model_dump(), **self._unit(wildcards).method.changes()}

    # Rules.

    def rule_options(self, wildcards: Any) -> dict[str, Any]:
        """What the rules of a unit are made with."""
        return self._unit(wildcards).method.options()

    # Runs of the study that the data are of.

    def taken(self, wildcards: Any) -> dict[str, list[str]]:
        """Files of the run that a unit is, but for benchmarks, which Snakemake does not take for outputs of a job."""
        files = self._source.taken(self.taken_run(wildcards))
        return {name: found for name, found in files.items() if name != BENCHMARK}

    def taken_benchmarks(self, wildcards: Any) -> list[str]:
        """Benchmarks of the jobs that answered, where nothing better tells what it took."""
        return self._source.taken(self.taken_run(wildcards)).get(BENCHMARK, [])

    def taken_options(self, wildcards: Any) -> dict[str, Any]:
        """How its answers are read."""
        return self._source.taken_options(self.taken_run(wildcards))

    def taken_run(self, wildcards: Any) -> str:
        """Its name there."""
        return self._run_of(self._unit(wildcards))

    def _run_of(self, unit: Unit) -> str:
        """The run of the study that the data are of."""
        return unit.method.run or self._source.usual_run(self.section.kind)

    def _model_of(self, unit: Unit) -> str | None:
        """Name of the base model, or encoder, of a unit; None of rules."""
        if unit.of(Rules):
            return None
        if unit.of(Trained):
            return self._source.taken_model(self._run_of(unit))
        usual = self.section.encoder.model if unit.of(Encoder) else self.section.model
        return getattr(unit.method, "model", None) or usual

    def _unit(self, wildcards: Any) -> Unit:
        return next(unit for unit in self._units if unit.folder == wildcards.run)
