"""What the rules of study maccrobat compute: folders, inputs and params of its runs, one for each encoder, learning
rate and seed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.studies.jobs import NewTextsJobs, StudyJobs, existing, replicate_of, seed_of
from medtune.studies.road import Road
from medtune.workflow.demands import ENCODER, DemandBy, batch_budget, inference_resources, training_resources
from medtune.workflow.model_jobs import pattern_of

HELD = ("validation", "test")


class MaccrobatJobs(StudyJobs):
    """The study of a configuration."""

    def __init__(self, config: Config):
        super().__init__(config, "maccrobat", config.maccrobat)
        self.run = f"{self.root}/{{encoder}}/lr{{lr}}{{replicate}}"
        self.data = {split: f"{self.root}/data/{split}.jsonl" for split in ("train", *HELD)}
        self.tags = f"{self.root}/data/tags.json"

    def new_notes(self) -> NewTextsJobs:
        """The notes of `maccrobat.extract`."""
        return NewTextsJobs(self.study, "extract", "notes", self.section.extract)

    def examples(self) -> dict[str, str]:
        """Case reports by split."""
        return self.data

    def runs(self) -> list[dict[str, Any]]:
        """Encoder, learning rate (as its folder names it) and seed of each run that is trained."""
        return [
            {"encoder": encoder, "lr": float(f"{rate:g}"), "seed": seed}
            for encoder in self.section.encoders
            for rate in self.section.learning_rates
            for seed in self.section.seeds
        ]

    def folder(self, encoder: str, lr: float, seed: int) -> str:
        """Folder of one run."""
        return f"{self.root}/{encoder}/lr{lr:g}{replicate_of(seed, self.section.seeds)}"

    def files(self, name: str) -> list[str]:
        """A file of each run, in the order of `runs`."""
        return [f"{self.folder(**run)}/{name}" for run in self.runs()]

    def answered_runs(self, kind: str) -> list[str]:
        """Taggers."""
        return [str(Path(self.folder(**run)).relative_to(self.root)) for run in self.runs()]

    def taken(self, run: str) -> dict[str, list[str]]:
        """As in `StudyJobs`; rows: the documents, whose words are tagged."""
        folder = f"{self.root}/{run}"
        return {
            "predictions": [f"{folder}/predictions.jsonl"],
            "rows": [self.data[split] for split in HELD],
            "train": [self.data["train"]],
            "record": [f"{folder}/training.json"],
            "answering": [f"{folder}/tagging.json"],
        }

    def taken_model(self, run: str) -> str:
        """Its encoder."""
        return run.partition("/")[0]

    def analysis(self, name: str, tables: Sequence[str], plots: Sequence[str]) -> dict[str, str]:
        """Outputs of one analysis of one tagger: a CSV for each table, a record, each plot as PNG and SVG."""
        folder = f"{self.run}/analysis/{name}"
        return {
            **{table: f"{folder}/{table}.csv" for table in tables},
            "record": f"{folder}/{name}.json",
            **{f"{plot}_{suffix}": f"{folder}/{plot}.{suffix}" for plot in plots for suffix in ("png", "svg")},
        }

    def encoders(self) -> str:
        """Pattern of the encoders' names."""
        return pattern_of(self.section.encoders)

    def sources(self, wildcards: Any) -> list[str]:
        """The corpus, where it is there."""
        source = self.section.data.source
        return [] if source.format == "synthetic" else existing([source.path])

    def pretraining(self) -> dict[str, int | None]:
        """Seed of the pre-training text of each synthetic encoder, none of others; nothing where the case reports are
        not synthetic."""
        if self.section.data.source.format != "synthetic":
            return {}
        models = {name: self.config.models[name] for name in self.section.encoders}
        return {name: model.seed if model.source == "made" else None for name, model in models.items()}

    def seed(self, wildcards: Any) -> int:
        """Training seed of a run."""
        return seed_of(wildcards.replicate, self.section.seeds)

    def training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings with the run's learning rate."""
        return {**self.section.training.model_dump(), "learning_rate": float(wildcards.lr)}

    def window_settings(self) -> dict[str, int]:
        """How documents are cut into windows."""
        return self.section.model_dump(include={"window_tokens", "overlap_tokens"})

    def tagging_settings(self) -> dict[str, Any]:
        """The `tagging` section, without what only changes the speed."""
        return self.section.tagging.model_dump(exclude={"batch_tokens"})

    def batch_tokens(self, wildcards: Any, attempt: int) -> int:
        """Token budget of a batch of tagging, halved on each retry."""
        return batch_budget(self.section.tagging.batch_tokens, attempt)

    def training_resources(self) -> dict[str, Any]:
        """Of training a tagger."""
        return training_resources(self._demand.memory_at, self._demand.runtime_at)

    def tagging_resources(self) -> dict[str, Any]:
        """Of tagging with it."""
        return inference_resources(self._demand.memory_at, self._demand.runtime_at, self.batch_tokens)

    def encoder_resources(self) -> dict[str, Any]:
        """Of measuring its speed, or tagging new notes."""
        return inference_resources(ENCODER.memory_at, ENCODER.runtime_at, self.batch_tokens)

    def threads(self, wildcards: Any) -> int:
        """CPU threads with which an encoder is trained and tags."""
        return self._demand.threads(wildcards)

    def most_threads(self) -> int:
        """CPU threads of a job with one of the encoders, whichever is chosen."""
        return max(self.demand_of(encoder).threads for encoder in self.section.encoders)

    @property
    def _demand(self) -> DemandBy:
        return DemandBy(self.demand_of, lambda wildcards: wildcards.encoder)

    def road(self) -> Road:
        """The rules of the road: encoders tag where adapters generate, so that only scores and cards are of it."""
        inputs = {split: self.data[split] for split in HELD} | {"tags": self.tags}
        base = self.model_folder("{encoder}")
        return Road(
            score=(self.score_job("", self.run, inputs, HELD),),
            card=(self.card_job(base, self.run, f"{self.run}/model/config.json", {}),),
        )
