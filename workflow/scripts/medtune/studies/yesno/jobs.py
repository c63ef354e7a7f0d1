"""What the rules of study yesno compute: folders, inputs and params of its runs, one for each rank and seed."""

from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.kinds.method_sections import UNTRAINED
from medtune.studies.jobs import AdapterJobs, existing, replicate_of, seed_of, taken_answers
from medtune.studies.road import Road

HELD = ("validation", "test", "challenge")
"""Splits whose questions are answered."""


class YesNoJobs(AdapterJobs):
    """The study of a configuration."""

    def __init__(self, config: Config):
        super().__init__(config, "yesno", config.yesno)
        self.data = {split: f"{self.root}/data/{split}.jsonl" for split in ("train", *HELD)}
        self.base_folder, self.practised_folder = f"{self.root}/base", f"{self.root}/practised"

    def examples(self) -> dict[str, str]:
        """Questions by split."""
        return {split: self.data[split] for split in ("train", "validation", "test")}

    def runs(self) -> list[dict[str, int]]:
        """Rank and seed of each run that is trained."""
        return [{"rank": rank, "seed": seed} for rank in self.section.ranks for seed in self.section.seeds]

    def folder(self, rank: int, seed: int) -> str:
        """Folder of one run."""
        return f"{self.root}/rank{rank}{replicate_of(seed, self.section.seeds)}"

    def files(self, name: str) -> list[str]:
        """A file of each run, in the order of `runs`."""
        return [f"{self.folder(**run)}/{name}" for run in self.runs()]

    def answered_runs(self, kind: str) -> list[str]:
        """Adapters, and the base model in two forms."""
        return [*UNTRAINED, *(Path(self.folder(**run)).name for run in self.runs())]

    def taken(self, run: str) -> dict[str, list[str]]:
        """As in `StudyJobs`."""
        return taken_answers(f"{self.root}/{run}", run, self.data["train"])

    def sources(self, wildcards: Any) -> list[str]:
        """The source files that are there, and that of the test split's ids."""
        data = self.section.data
        given = [source.path for source in data.sources.values() if source and source.format != "synthetic"]
        return existing([*given, *([data.test_ids] if data.test_ids else [])])

    def data_settings(self) -> dict[str, Any]:
        """The `data` section. `context` and `test_ids` are in it only where they are set, so that data prepared without
        them need not be prepared again."""
        data = self.section.data
        unset = {
            name for name in ("context", "test_ids") if getattr(data, name) == type(data).model_fields[name].default
        }
        return data.model_dump(exclude=unset)

    def asked(self) -> dict[str, Any]:
        """Task options that say what is asked with a question; none where it is asked alone."""
        context = self.section.data.context
        return {} if context == "none" else {"context": context}

    def seed(self, wildcards: Any) -> int:
        """Training seed of a run."""
        return seed_of(wildcards.replicate, self.section.seeds)

    def training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings with the run's rank; alpha follows the rank unless it is set."""
        settings = self.training_settings()
        return {**settings, "lora": {**settings["lora"], "rank": int(wildcards.rank)}}

    def road(self) -> Road:
        """The rules of the road."""
        folder, base, practised = f"{self.root}/rank{{rank}}{{replicate}}", self.base_folder, self.practised_folder
        held = {split: self.data[split] for split in HELD}
        learned = {split: self.data[split] for split in ("train", "validation")}
        asked = {"task_options": self.asked()}
        train = self.train_job(
            folder, f"{folder}/final_adapter", learned, settings=self.training, seed=self.seed, **asked
        )
        practised_form = {"task_options": {**self.practised_form(), **self.asked()}}
        beside = {"base_metrics": f"{base}/metrics.json", "practised_metrics": f"{practised}/metrics.json"}
        beside |= self.guard_of(folder)
        return Road(
            train=(train,),
            generate=(
                self.generate_job("_base", base, held, HELD, **asked),
                self.generate_job("_practised", practised, held, HELD, **practised_form),
                self.generate_job("", folder, {**held, "adapter": train.config}, HELD, **asked),
            ),
            score=tuple(
                self.score_job(end, model, held, HELD)
                for end, model in (("_base", base), ("_practised", practised), ("", folder))
            ),
            guard=self.guard_jobs(folder, train.config),
            card=(self.card_job(self.base, folder, train.config, beside),),
        )
