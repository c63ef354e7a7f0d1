"""What the rules of study relations compute: folders, inputs and params of its runs, one for each switch and seed."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

from medtune.configuration import Config
from medtune.kinds.method_sections import UNTRAINED
from medtune.studies.jobs import AdapterJobs, NewTextsJobs, existing, replicate_of
from medtune.studies.road import Road
from medtune.workflow.model_jobs import pattern_of

READING = {"deduplicate", "drop_violations"}
"""Settings of how answers are read."""
OWN = ("relation_weight", "without_relations", "mix", "two_steps", "constrained", *sorted(READING))
"""Settings of a run beside those of training."""
STEPS = ("joint", "entities", "relations")


class RelationsJobs(AdapterJobs):
    """The study of a configuration."""

    def __init__(self, config: Config):
        super().__init__(config, "relations", config.relations)
        self.schema = f"{self.root}/data/schema.json"
        self.rows = {split: f"{self.root}/data/{split}.jsonl" for split in ("validation", "test", "given")}
        self.first = {split: f"{self.root}/data/first_{split}.jsonl" for split in ("validation", "test")}
        self.second = {split: f"{self.root}/{{run}}/second/{split}.jsonl" for split in ("validation", "test")}
        self.second_given = f"{self.root}/data/second_given.jsonl"

    def examples(self) -> dict[str, str]:
        """Texts by split, those of training as the run `default` learns them, but in one step."""
        variant = variant_of({**self.runs["default"], "two_steps": False})
        train = f"{self.root}/data/{variant}/train.jsonl"
        return {"train": train, "validation": self.rows["validation"], "test": self.rows["test"]}

    def answered_runs(self, kind: str) -> list[str]:
        """All runs; those that read another's answers do so here, too."""
        return list(self.runs)

    def taken(self, run: str) -> dict[str, list[str]]:
        """As in `StudyJobs`; schema: the types of the study, rows: the documents."""
        train = f"{self.root}/data/{variant_of(self.runs[run])}/train.jsonl"
        learned = {"train": [train], "record": [f"{self.root}/{self.trained(run)}/training.json"]}
        return {
            "predictions": [self._predictions(run)],
            "schema": [self.schema],
            "rows": [self.rows["validation"], self.rows["test"]],
            "benchmark": self._benchmarks(run),
            **({} if run in UNTRAINED else learned),
        }

    def taken_options(self, run: str) -> dict[str, bool]:
        """How its answers are read."""
        return self._reading(run)

    def new_notes(self) -> NewTextsJobs:
        """The notes of `relations.predict`."""
        return NewTextsJobs(self.study, "predict", "notes", self.section.predict)

    @cached_property
    def runs(self) -> dict[str, dict[str, Any]]:
        """Effective settings of each run by its name: those without an adapter, default, and a run for each switch;
        then default and switches with each further training seed, in folders with the suffix `-seed{n}`."""
        first, *further = self.section.seeds
        default = {
            "training": self.training_settings(),
            **self.section.model_dump(include=set(OWN)),
            "constrained": self.section.generation.constrained,
            "seed": first,
        }
        as_it_is = {**default, "relation_weight": 1.0, "two_steps": False}
        switches = {name: switch for name, switch in self.section.switches.items() if switch}
        trained = {"default": default} | {
            name: _switched(default, switch.model_dump(exclude_none=True)) for name, switch in switches.items()
        }
        again = {
            f"{name}{replicate_of(seed, self.section.seeds)}": {**settings, "seed": seed}
            for seed in further
            for name, settings in trained.items()
        }
        return {"base": as_it_is, "practised": {**as_it_is, "constrained": False}, **trained, **again}

    def trained(self, run: str) -> str:
        """The run whose adapter a run uses."""
        return self._alike(run, READING | {"constrained"})

    def answered(self, run: str) -> str:
        """The run whose answers a run reads."""
        return self._alike(run, READING)

    def _alike(self, run: str, aside: Collection[str]) -> str:
        """The first trained run whose settings differ from a run's in those of `aside` at most, often itself."""
        if run in UNTRAINED:
            return run

        def others(name: str) -> dict[str, Any]:
            return {key: value for key, value in self.runs[name].items() if key not in aside}

        return next(name for name in self._names if others(name) == others(run))

    @property
    def _names(self) -> list[str]:
        """Runs with an adapter, their own or another's."""
        return [run for run in self.runs if run not in UNTRAINED]

    def run_pattern(self, two_steps: bool | None = None) -> str:
        """Pattern of the names of all runs; or of those with an adapter that answer in two steps, or in one."""
        if two_steps is None:
            return pattern_of(self.runs)
        return pattern_of(run for run in self._names if self.runs[run]["two_steps"] == two_steps)

    def files(self, name: str) -> list[str]:
        """A file of each run, in their order."""
        return [f"{self.root}/{run}/{name}" for run in self.runs]

    def trained_files(self, name: str) -> list[str]:
        """A file of each run that has an adapter of its own."""
        return [f"{self.root}/{run}/{name}" for run in dict.fromkeys(map(self.trained, self._names))]

    def all_predictions(self) -> list[str]:
        """The answers that each run reads, in their order."""
        return [self._predictions(run) for run in self.runs]

    def predictions(self, wildcards: Any) -> str:
        """The answers that a run reads."""
        return self._predictions(wildcards.run)

    def _predictions(self, run: str) -> str:
        return f"{self.root}/{self.answered(run)}/predictions.jsonl"

    def benchmarks(self, wildcards: Any) -> list[str]:
        """What their generation took."""
        return self._benchmarks(wildcards.run)

    def _benchmarks(self, run: str) -> list[str]:
        run = self.answered(run)
        steps = ("first/", "second/") if self.runs[run]["two_steps"] else ("",)
        return [f"{self.root}/{run}/{step}generate.benchmark.tsv" for step in steps]

    def adapter(self, wildcards: Any) -> str:
        """The adapter that a run uses."""
        return self._adapter(wildcards.run)

    def _adapter(self, run: str) -> str:
        return f"{self.root}/{self.trained(run)}/final_model/adapter_config.json"

    # Documents

    def sources(self, wildcards: Any) -> list[str]:
        """The source files that are there."""
        data = self.section.data
        given = [source for source in (data.source, data.mix) if source and source.format != "synthetic"]
        paths = {path for each in given for path in (each.train, each.validation, each.test, each.labels) if path}
        return sorted(existing(paths))

    def held_out_data(self) -> dict[str, Any]:
        """What the documents of all runs are made of, and what a synthetic base model has read, against which made
        documents are checked."""
        return {
            **self._documents(mixed=True),
            "without_relations": self.section.without_relations,
            "pretraining": self.pretraining(),
        }

    def variant_data(self, wildcards: Any) -> dict[str, Any]:
        """What the training documents of a variant are made of."""
        settings = next(each for each in self.runs.values() if variant_of(each) == wildcards.variant)
        return {
            **self._documents(settings["mix"]),
            **{key: settings[key] for key in ("without_relations", "two_steps")},
            "longest_answer": self.section.data.longest_answer,
        }

    def _documents(self, mixed: bool) -> dict[str, Any]:
        """Source and splits of documents. mixed: whether those of `data.mix` are added, where it is set."""
        data = self.section.data
        mix = data.mix.model_dump() if data.mix and mixed else None
        return {**data.model_dump(include={"source", "splits"}), "mix": mix}

    def training_rows(self, wildcards: Any) -> dict[str, str]:
        """Training rows of a run, and those that its loss is validated on."""
        variant = variant_of(self.runs[wildcards.run])
        return {split: f"{self.root}/data/{variant}/{split}.jsonl" for split in ("train", "validation")}

    # What the task needs to know

    def prompts(self) -> list[str]:
        """The instructions."""
        return [f"{self.section.prompts}/{step}.txt" for step in STEPS]

    def options(self, wildcards: Any) -> dict[str, Any]:
        """Of the run of a job; without the wildcard, of the base model."""
        return self._task(_run(wildcards))

    def _task(self, run: str) -> dict[str, Any]:
        settings = self.runs[run]
        return {
            "prompts": self.section.prompts,
            **{key: settings[key] for key in ("two_steps", "relation_weight")},
        }

    def teaching(self, wildcards: Any) -> dict[str, Any]:
        """In training, where it also scores answers."""
        return {**self.options(wildcards), "schema": self.schema, **self.reading(wildcards)}

    def answering(self, wildcards: Any) -> dict[str, Any]:
        """To answer."""
        schema = self.form(wildcards)
        return {**self.options(wildcards), **({"schema": schema} if schema else {})}

    def practised(self) -> dict[str, Any]:
        """To ask the base model in the form that it knows."""
        return {**self._task("practised"), **self.practised_form(), "schema": self.schema}

    def form(self, wildcards: Any) -> str | list[str]:
        """The schema that a run's answers are held to, where they are."""
        return self.schema if self.runs[_run(wildcards)]["constrained"] else []

    def reading(self, wildcards: Any) -> dict[str, bool]:
        """How a run reads answers."""
        return self._reading(wildcards.run)

    def _reading(self, run: str) -> dict[str, bool]:
        return {key: self.runs[run][key] for key in sorted(READING)}

    # Settings

    def seed(self, wildcards: Any) -> int:
        """Training seed of a run."""
        return self.runs[wildcards.run]["seed"]

    def training(self, wildcards: Any) -> dict[str, Any]:
        """Training settings of a run."""
        return self.runs[wildcards.run]["training"]

    def generation(self, wildcards: Any) -> dict[str, Any]:
        """Generation settings of the run of a job."""
        return self._generation(_run(wildcards))

    def practised_generation(self) -> dict[str, Any]:
        """Those of the base model in the form that it knows, which is not the study's."""
        return self._generation("practised")

    def _generation(self, run: str) -> dict[str, Any]:
        return {**self.generation_settings(), "constrained": self.runs[run]["constrained"]}

    # The run that reads new notes

    def predict_adapter(self, wildcards: Any) -> str:
        """Its adapter. Raises InputError as `NewTextsJobs.settings` does, and so do the others."""
        return self._adapter(self._reader)

    def predict_options(self, wildcards: Any) -> dict[str, Any]:
        """What the task needs to know of it."""
        return self._task(self._reader)

    def predict_generation(self, wildcards: Any) -> dict[str, Any]:
        """Its generation settings."""
        return self._generation(self._reader)

    @property
    def _reader(self) -> str:
        return self.new_notes().settings.run

    def road(self) -> Road:
        """The rules of the road; runs that answer in two steps generate twice, and share the rest."""
        folder, base, practised = f"{self.root}/{{run}}", f"{self.root}/base", f"{self.root}/practised"
        prompts, schema = {"prompts": self.prompts()}, {"schema": self.schema}
        train = self.train_job(
            folder,
            f"{folder}/final_model",
            {**prompts, **schema},
            more=self.training_rows,
            task_options=self.teaching,
            settings=self.training,
            seed=self.seed,
        )
        asked = {**prompts, "schema": self.form}
        by_schema = {**self.rows, **prompts, **schema}
        by_adapter = {**asked, "adapter": self.adapter}
        answering = {"task_options": self.answering, "settings": self.generation}
        in_own_form = {"task_options": self.practised(), "settings": self.practised_generation()}
        one, two = ({"wildcards": {"run": self.run_pattern(two_steps=steps)}} for steps in (False, True))
        first, second = f"{folder}/first", f"{folder}/second"
        given = {**self.second, "given": self.second_given, **by_adapter}
        beside = {
            "base_metrics": f"{base}/metrics.json",
            "practised_metrics": f"{practised}/metrics.json",
            **prompts,
        }
        beside |= self.guard_of(folder)
        return Road(
            train=(train,),
            generate=(
                self.generate_job("_base", base, {**self.rows, **asked}, self.rows, **answering),
                self.generate_job("_practised", practised, by_schema, self.rows, **in_own_form),
                self.generate_job("", folder, {**self.rows, **by_adapter}, self.rows, **answering, **one),
                self.generate_job("_first", first, {**self.first, **by_adapter}, self.first, **answering, **two),
                self.generate_job("_second", second, given, self.rows, **answering, **two),
            ),
            score=(
                self.score_job(
                    "",
                    folder,
                    {
                        **self.rows,
                        **schema,
                        "known": f"{self.root}/data/known.json",
                        "predictions": self.predictions,
                        "benchmark": self.benchmarks,
                    },
                    self.rows,
                    outputs={"results": f"{folder}/evaluation_results.json", "errors": f"{folder}/errors.json"},
                    options=self.reading,
                ),
            ),
            guard=self.guard_jobs(folder, train.config),
            card=(self.card_job(self.base, folder, train.config, beside, env="train", options=self.options),),
        )


def variant_of(settings: dict[str, Any]) -> str:
    """Name of the training rows of a run; runs with the same documents in the same form share them."""
    parts = [f"without{settings['without_relations']:g}"]
    parts += [what for what, on in (("mixed", settings["mix"]), ("steps", settings["two_steps"])) if on]
    return "+".join(parts)


def _switched(default: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Settings of a run with what its switch changes."""
    training = {key: value for key, value in changes.items() if key not in (*OWN, "rank")}
    lora = {**default["training"]["lora"], **({"rank": changes["rank"]} if "rank" in changes else {})}
    return {
        **default,
        **{key: changes[key] for key in OWN if key in changes},
        "training": {**default["training"], **training, "lora": lora},
    }


def _run(wildcards: Any) -> str:
    """The run of a job; without the wildcard, the base model."""
    return getattr(wildcards, "run", "base")
