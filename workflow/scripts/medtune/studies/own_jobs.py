"""The rules of the road of a study of the user's own."""

from collections.abc import Callable, Mapping
from typing import Any

from medtune.kinds.method_sections import Adapter, Encoder, Prompt, Rules, Trained
from medtune.studies.own_params import HELD, OwnParams
from medtune.studies.road import (
    ApplyEncoder,
    ApplyRules,
    Audit,
    Generate,
    GuardAdapter,
    Road,
    Score,
    Take,
    Train,
    TrainEncoder,
    WriteCard,
)
from medtune.workflow.demands import DemandBy, batch_budget, inference_resources, training_resources
from medtune.workflow.model_jobs import pattern_of

TYPES = ("labels", "entities", "relations")
Runs = Mapping[str, str]
"""Wildcards of a rule: a pattern of the folders of the units that it makes."""


class OwnJobs(OwnParams):
    """name: of the study. config: the whole configuration, which holds its section."""

    def road(self) -> Road:
        """All of them, but for methods that have no unit: a study need not have adapters."""
        audited = self.audited()
        return Road(
            train=self._rules_of(Adapter, self._train),
            generate=(
                *self._rules_of(Adapter, self._ask_base, self._ask_adapters),
                *self._rules_of(Prompt, self._ask_prompts),
            ),
            audit=(self._audit(audited),) if audited else (),
            apply_rules=self._rules_of(Rules, self._apply_rules),
            train_encoder=self._rules_of(Encoder, self._train_encoder),
            apply_encoder=self._rules_of(Encoder, self._apply_encoder),
            take=self._rules_of(Trained, self._take),
            score=(*self._rules_of(Adapter, self._score_base), *self._rules_of(object, self._score)),
            guard=self._rules_of(Adapter, self._guard) if self.section.guard else (),
            card=self._rules_of(Adapter, self._card),
        )

    def _rules_of(self, method: type, *makers: Callable[[Runs], Any]) -> tuple:
        """The rules of a method, each made from the wildcards of its units; none where no unit is of it."""
        folders = [unit.folder for unit in self.units() if unit.of(method)]
        return tuple(make({"run": pattern_of(folders)}) for make in makers) if folders else ()

    def _train(self, runs: Runs) -> Train:
        inputs = {"train": self.train_data, "validation": self.data["validation"]}
        more = {"settings": self.training, "seed": self.seed, "task_options": self.task_options, "wildcards": runs}
        return self.train_job(self.run, f"{self.run}/adapter", inputs, **more)

    def _ask_base(self, runs: Runs) -> Generate:
        """Once for all adapters."""
        return self._answers("_base", self.base_run, self.held, outputs=_measured(self.base_run))

    def _ask_adapters(self, runs: Runs) -> Generate:
        return self._answers("", self.run, {**self.held, "adapter": self.adapter}, wildcards=runs)

    def _ask_prompts(self, runs: Runs) -> Generate:
        demand = DemandBy(self.demand_of, self.asked)
        return self._answers(
            "_prompt",
            self.run,
            self.held,
            more=self.prompt_examples,
            base=lambda wildcards: self.model_folder(self.asked(wildcards)),
            settings=self.prompt_settings,
            prompting=self.prompt_options,
            outputs=_measured(self.run),
            threads=demand.threads,
            resources=inference_resources(demand.memory_at, demand.runtime_at, self.batch_tokens),
            wildcards=runs,
        )

    def _answers(self, end: str, folder: str, inputs: Mapping[str, Any], **more: Any) -> Generate:
        """Answers of a causal model, with what they cost."""
        usual = {"outputs": {"answering": f"{folder}/answering.json"}, "task_options": self.task_options}
        return self.generate_job(end, folder, inputs, HELD, **{**usual, **more})

    def _audit(self, models: list[str]) -> Audit:
        demand = DemandBy(self.demand_of, lambda wildcards: wildcards.model)
        return Audit(
            name=f"{self.study}_audit",
            **self._model(self.base_run),
            inputs={split: self.data[split] for split in ("train", "test")},
            base=self.model_folder("{model}"),
            audit=self.audit,
            threads=demand.threads,
            resources=inference_resources(demand.memory_at, demand.runtime_at, self.batch_tokens),
            task_options=self.task_options,
            quantization=self.quantization_settings(),
            items=self.section.audit.items,
            wildcards={"model": pattern_of(models)},
        )

    def _apply_rules(self, runs: Runs) -> ApplyRules:
        asserted = any(getattr(unit.method, "assertions", None) for unit in self.units())
        return ApplyRules(
            name=f"{self.study}_apply_rules",
            **self._model(self.run),
            env="context" if asserted else "analysis",
            inputs={"train": self.train_data, **self.held},
            splits=HELD,
            task_options=self.task_options,
            options=self.rule_options,
            wildcards=runs,
        )

    def _take(self, runs: Runs) -> Take:
        return Take(
            name=f"{self.study}_take",
            **self._model(self.run),
            source=self.section.data.study,
            inputs=self.held,
            more=self.taken,
            splits=HELD,
            task_options=self.task_options,
            run=self.taken_run,
            benchmarks=self.taken_benchmarks,
            options=self.taken_options,
            wildcards=runs,
        )

    def _train_encoder(self, runs: Runs) -> TrainEncoder:
        demand = DemandBy(self.demand_of, self.encoder)
        return TrainEncoder(
            name=f"{self.study}_train_encoder",
            **self._model(self.run),
            inputs={"train": self.train_data, "validation": self.data["validation"]},
            base=lambda wildcards: self.model_folder(self.encoder(wildcards)),
            threads=demand.threads,
            resources=training_resources(demand.memory_at, demand.runtime_at),
            kind=self.section.kind,
            types={name: self.task_options[name] for name in TYPES if name in self.task_options},
            settings=self.encoder_training,
            windows=self.windows,
            seed=self.seed,
            wildcards=runs,
        )

    def _apply_encoder(self, runs: Runs) -> ApplyEncoder:
        demand = DemandBy(self.demand_of, self.encoder)
        return ApplyEncoder(
            name=f"{self.study}_apply_encoder",
            **self._model(self.run),
            inputs=self.held,
            threads=demand.threads,
            resources=inference_resources(demand.memory_at, demand.runtime_at, self._encoder_batch),
            splits=HELD,
            task_options=self.task_options,
            windows=self.windows,
            wildcards=runs,
        )

    def _encoder_batch(self, wildcards: Any, attempt: int) -> int:
        return batch_budget(self.section.encoder.batch_tokens, attempt)

    def _score_base(self, runs: Runs) -> Score:
        return self.score_job("_base", self.base_run, self.held, HELD, options=self.task_options)

    def _score(self, runs: Runs) -> Score:
        return self.score_job("", self.run, self.held, HELD, options=self.task_options, wildcards=runs)

    def _guard(self, runs: Runs) -> GuardAdapter:
        others = [OwnParams(self.config, name) for name in self.section.guard.studies]
        (found,) = self.guard_jobs(
            self.run,
            self.adapter,
            inputs={"adapter": self.adapter, "train": self.data["train"]},
            tests=tuple(other.data["test"] for other in others),
            sources=[
                {"study": other.study, "task": other.task, "task_options": other.task_options} for other in others
            ],
            wildcards=runs,
        )
        return found

    def _card(self, runs: Runs) -> WriteCard:
        return self.card_job(
            self.base,
            self.run,
            self.adapter,
            {"base_metrics": f"{self.base_run}/metrics.json", **self.guard_of(self.run)},
            options={**self.task_options, "title": self.title, "limits": self.section.limits},
            wildcards=runs,
        )


def _measured(folder: str) -> dict[str, str]:
    """What a prompt costs; its record is like those of methods that are trained."""
    return {"answering": f"{folder}/answering.json", "record": f"{folder}/training.json"}
