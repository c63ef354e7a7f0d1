"""What the rules of all studies compute from the configuration: folders, inputs, params.

Nothing here knows Snakemake. wildcards: any object with these attributes. Params are only what changes the result, as
values or functions of wildcards alone: of a param that is derived from inputs or outputs Snakemake takes no note, so
that a change of it would make nothing anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.config.settings import NewTexts
from medtune.configuration import Config
from medtune.data.report_sources import listing
from medtune.errors import InputError
from medtune.kinds.method_sections import UNTRAINED
from medtune.studies.road import Generate, GuardAdapter, Score, Train, WriteCard
from medtune.workflow.demands import BY_SOURCE, Demand, batch_budget, inference_resources, training_resources


def results_folder(config: Config) -> str:
    """Where all that a run at one scale writes stands."""
    return str(Path(config.results, config.scale))


def state_folder(results: str, wildcards: Any, output: Sequence[str]) -> str:
    """Where a job keeps its unfinished state, since Snakemake deletes outputs and logs before each attempt. results: as
    `results_folder` gives it."""
    return str(Path(results, ".state", Path(output[0]).relative_to(results)))


def existing(paths: Iterable[str]) -> list[str]:
    """Those that are there. Of sources that are missing the job itself says so, and how to get them."""
    return [path for path in paths if Path(path).exists()]


def replicate_of(seed: int, seeds: Sequence[int]) -> str:
    """How the folder of a run ends: the first seed has no suffix, so that with one seed folders read rank4, rank8 …"""
    return "" if seed == seeds[0] else f"-seed{seed}"


def seed_of(replicate: str, seeds: Sequence[int]) -> int:
    """The training seed of a run whose folder ends so."""
    return int(replicate.removeprefix("-seed") or seeds[0])


def taken_answers(folder: str, run: str, train: str) -> dict[str, list[str]]:
    """Of `StudyJobs.taken`: what a model that generates left in its folder. train: what it is trained on, if it is."""
    names = {"predictions": "predictions.jsonl", "benchmark": "generate.benchmark.tsv"}
    learned = {} if run in UNTRAINED else {"train": [train], "record": [f"{folder}/training.json"]}
    return {**{name: [f"{folder}/{file}"] for name, file in names.items()}, **learned}


class StudyJobs:
    """What any study has. study: its name. section: its section of the configuration."""

    priority = 0
    """Of its jobs among those of all studies, where there are fewer cores than jobs: higher ones start first."""

    def __init__(self, config: Config, study: str, section: Any):
        self.config = config
        self.study = study
        self.section = section
        self.root = f"{results_folder(config)}/{study}"

    def examples(self) -> dict[str, str]:
        """Files with its examples by split, which a study of the user's own can take (`data.study`)."""
        raise NotImplementedError

    # Runs whose answers a study of the user's own can take (the method `trained`).

    def answered_runs(self, kind: str) -> list[str]:
        """Names of those that answer as examples of a kind are answered."""
        raise NotImplementedError

    def usual_run(self, kind: str) -> str:
        """The one that is taken where none is named: the first that is trained."""
        return next(run for run in self.answered_runs(kind) if run not in UNTRAINED)

    def taken(self, run: str) -> dict[str, list[str]]:
        """Files of one of them: answers and what they are read with, as `{study}/plain_answers.py` takes them; what
        answering took, `answering` (a record) or `benchmark`; where it is trained, `train` and `record`
        (training.json)."""
        raise NotImplementedError

    def taken_options(self, run: str) -> dict[str, Any]:
        """How its answers are read."""
        return {}

    def taken_model(self, run: str) -> str:
        """Name of its base model."""
        return self.section.model

    def model_folder(self, model: str) -> str:
        """Folder of a base model."""
        return f"{results_folder(self.config)}/models/{model}"

    def demand_of(self, model: str) -> Demand:
        """What a first attempt at training or using it needs."""
        return BY_SOURCE[self.config.models[model].source]

    # Rules of the road. more: fields of the job beside those that are the same for most studies.

    @property
    def task(self) -> str:
        """The task, as `medtune.studies.get_task` takes it: a study has one of the same name."""
        return self.study

    def score_job(self, end: str, folder: str, inputs: Mapping[str, Any], splits: Sequence[str], **more: Any) -> Score:
        """Scores of one model's answers. end: of the rule's name."""
        return Score(
            name=f"{self.study}_score{end}",
            **self._model(folder),
            inputs={"predictions": f"{folder}/predictions.jsonl", **inputs},
            splits=tuple(splits),
            **more,
        )

    def card_job(self, base: str, folder: str, config: str, inputs: Mapping[str, Any], **more: Any) -> WriteCard:
        """The card of a model. base: folder of its base model. folder: of the run. config: the file that stands for the
        model, in whose folder the card goes. inputs: beside its own, figures to stand beside them."""
        own = {
            "model": config,
            "record": f"{folder}/training.json",
            "metrics": f"{folder}/metrics.json",
            "manifest": f"{self.root}/data/manifest.json",
        }
        return WriteCard(
            name=f"{self.study}_card",
            **self._model(folder),
            inputs={**own, **inputs},
            base=base,
            model=config.rpartition("/")[0],
            **more,
        )

    def _model(self, folder: str) -> dict[str, Any]:
        return {"study": self.study, "task": self.task, "folder": folder, "priority": self.priority}


class AdapterJobs(StudyJobs):
    """What a study has whose runs are adapters of one causal language model."""

    @property
    def base(self) -> str:
        """Folder of the base model."""
        return self.model_folder(self.section.model)

    def training_settings(self) -> dict[str, Any]:
        """The `training` section."""
        return self.section.training.model_dump()

    def generation_settings(self) -> dict[str, Any]:
        """The `generation` section, without what changes no answer."""
        return self.section.generation.model_dump(exclude={"batch_tokens", "longer_answers"})

    def quantization_settings(self) -> dict[str, Any]:
        """How the base weights are held, in evaluation as in training."""
        return self.section.training.model_dump(include={"quantization", "double_quantization"})

    def judged_answer_tokens(self) -> int | None:
        """Longest answer of a model in training whose answers choose the checkpoint; None where the loss does."""
        judged = self.section.training.checkpoint_by == "figure"
        return self.section.generation.max_new_tokens if judged else None

    def practised_form(self) -> dict[str, Any]:
        """Task options by which the base model is asked in the form that it knows. text: what a synthetic base model
        was pre-trained on; None for other models, which are asked in their chat template or with a plain instruction.
        """
        practice = self.pretraining()
        return {"form": "practised", "text": practice and practice["text"]}

    def pretraining(self) -> dict[str, Any] | None:
        """What the base model read in pre-training, where it is a synthetic one; None for others."""
        model = self.config.models[self.section.model]
        return {"text": model.text, "seed": model.seed} if model.source == "made" else None

    @property
    def threads(self) -> int:
        """CPU threads of all jobs on the base model."""
        return self._demand.threads

    def training_resources(self) -> dict[str, Any]:
        """Of training an adapter."""
        return training_resources(self._demand.memory_at, self._demand.runtime_at)

    def generation_resources(self) -> dict[str, Any]:
        """Of generating answers."""
        return inference_resources(self._demand.memory_at, self._demand.runtime_at, self.batch_tokens)

    def merging_resources(self) -> dict[str, Any]:
        """Of merging an adapter into the base model, which takes no GPU."""
        return {"mem_mb": self._demand.merging_memory_at, "runtime": self._demand.runtime_at}

    def batch_tokens(self, wildcards: Any, attempt: int) -> int:
        """Token budget of a batch of generation, halved on each retry."""
        return batch_budget(self.section.generation.batch_tokens, attempt)

    # Rules of the road.

    def train_job(self, folder: str, adapter: str, inputs: Mapping[str, Any], **more: Any) -> Train:
        """Training of an adapter. folder: of the run. adapter: the folder that it is written to."""
        usual = {
            "settings": self.training_settings(),
            "answer_tokens": self.judged_answer_tokens(),
            "seed": self.config.seed,
            "resources": self.training_resources(),
        }
        return Train(
            name=f"{self.study}_train",
            **self._model(folder),
            inputs=inputs,
            base=self.base,
            adapter=adapter,
            threads=self.threads,
            **{**usual, **more},
        )

    def generate_job(
        self, end: str, folder: str, inputs: Mapping[str, Any], splits: Sequence[str], **more: Any
    ) -> Generate:
        """Answers of one model. end: of the rule's name."""
        usual = {
            "settings": self.generation_settings(),
            "quantization": self.quantization_settings(),
            "base": self.base,
            "threads": self.threads,
            "resources": self.generation_resources(),
        }
        return Generate(
            name=f"{self.study}_generate{end}",
            **self._model(folder),
            inputs=inputs,
            splits=tuple(splits),
            **{**usual, **more},
        )

    def guard_of(self, folder: str) -> dict[str, str]:
        """What a run forgot, as an input; none where it is not asked."""
        return {"guard": f"{folder}/guard.json"} if self.section.guard else {}

    def guard_jobs(self, folder: str, adapter: str, **more: Any) -> tuple[GuardAdapter, ...]:
        """What an adapter forgot, where it is asked. folder: of the run. adapter: its adapter_config.json."""
        guard = self.section.guard
        if guard is None:
            return ()
        usual = {"inputs": {"adapter": adapter}, "tests": (), "sources": ()}
        found = GuardAdapter(
            name=f"{self.study}_guard",
            **self._model(folder),
            base=self.base,
            threads=self.threads,
            resources=self.generation_resources(),
            settings=guard.model_dump(include={"items", "study_items"}),
            quantization=self.quantization_settings(),
            **{**usual, **more},
        )
        return (found,)

    @property
    def _demand(self) -> Demand:
        return self.demand_of(self.section.model)


class NewTextsJobs:
    """The user's own texts, for a trained model. study, section: where in the configuration they are named. what: the
    texts in a word, "reports". settings: that section; none where it is not set, which is a fault once a job needs it.
    """

    def __init__(self, study: str, section: str, what: str, settings: NewTexts | None):
        self._where = f"{study}.{section}"
        self._example = f"--config '{study}={{{section}: {{format: folder, path: my/{what}}}}}'"
        self._what = what
        self._settings = settings

    @property
    def settings(self) -> NewTexts:
        """The section. Raises InputError when it is not set or the texts are not there."""
        found = self._settings
        if found is None:
            raise InputError(f"{self._where}: not set; say where the {self._what} are, for example {self._example}")
        if not Path(found.path).exists():
            raise InputError(f'{self._where}.path = "{found.path}": no such file or folder')
        return found

    def path(self, wildcards: Any) -> str:
        """The file or folder. Raises InputError as `settings` does, and so do all others."""
        return str(Path(self.settings.path))

    def source(self, wildcards: Any) -> dict[str, Any]:
        """Where the texts are and how they are read."""
        return self.settings.model_dump(include=set(NewTexts.model_fields))

    def listing(self, wildcards: Any) -> str | None:
        """What tells that files of a folder changed, since its own time does not; None for a file."""
        path = self.settings.path
        return listing(path) if Path(path).is_dir() else None

    def on_page(self, wildcards: Any) -> int:
        """Maximum number of texts on the page."""
        return getattr(self.settings, f"page_{self._what}")
