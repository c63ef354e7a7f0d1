"""What the rules of study meerkat compute: folders, inputs and params of its iterations."""

from pathlib import Path
from typing import Any

from medtune.configuration import Config
from medtune.errors import InputError
from medtune.kinds.method_sections import UNTRAINED
from medtune.studies.jobs import AdapterJobs, taken_answers
from medtune.studies.meerkat.generator import SPECIALTIES
from medtune.studies.meerkat.medical_qa import check_known, specialty_files
from medtune.studies.road import Road
from medtune.workflow.demands import ENCODER

SCORES = {"metrics": "metrics.json", "item_scores": "items.csv", "counts": "counts.json"}
"""Files with the scores of a model, by the names of inputs."""
ADAPTER = "adapter/adapter_config.json"


class MeerkatJobs(AdapterJobs):
    """The study of a configuration."""

    priority = 1  # its iterations wait for each other: left to the end, they would keep one core alone

    def __init__(self, config: Config):
        super().__init__(config, "meerkat", config.meerkat)
        self.held = {split: f"{self.root}/data/{split}.jsonl" for split in ("evaluation", "holdout")}

    def examples(self) -> dict[str, str]:
        """Questions by split: what iterations are trained on, what chooses their checkpoints, what judges them."""
        names = {"train": "growth", "validation": "evaluation", "test": "holdout"}
        return {split: f"{self.root}/data/{name}.jsonl" for split, name in names.items()}

    def folder(self, iteration: int) -> str:
        """Folder of an iteration, from 1."""
        return f"{self.root}/iteration{iteration}"

    def files(self, name: str) -> list[str]:
        """A file of each iteration, in their order."""
        return [f"{self.folder(iteration)}/{name}" for iteration in range(1, self.section.iterations + 1)]

    def answered_runs(self, kind: str) -> list[str]:
        """Iterations, and the base model; in its practised form where that differs from the study's."""
        iterations = [f"iteration{number}" for number in range(1, self.section.iterations + 1)]
        return [*(UNTRAINED if self.pretraining() else UNTRAINED[:1]), *iterations]

    def usual_run(self, kind: str) -> str:
        """The last iteration."""
        return self.answered_runs(kind)[-1]

    def taken(self, run: str) -> dict[str, list[str]]:
        """As in `StudyJobs`."""
        folder = f"{self.root}/{run}"
        return taken_answers(folder, run, f"{folder}/data/train.jsonl")

    def sources(self, wildcards: Any) -> list[str]:
        """The specialty files, where they are there; the job itself says what is wrong with them. Raises InputError
        when an adjustment names a specialty that is not among them: the job would find that after a training."""
        source, adjusted = self.section.data.source, self.section.data.specialty_adjustments
        if source.format == "synthetic":
            files = dict.fromkeys(SPECIALTIES)
        elif not Path(source.path).is_dir():
            return []
        else:
            try:
                files = specialty_files(source.path)
            except InputError:
                return []
        for iteration, shares in adjusted.items():
            check_known(shares, files, f"meerkat.data.specialty_adjustments.{iteration}")
        return [str(path) for path in files.values() if path]

    def template(self, wildcards: Any) -> str | list[str]:
        """The file with the chat template, where there is one. Raises InputError when it is missing."""
        return _present(self.section.template, "meerkat.template")

    def given_adapter(self, wildcards: Any) -> list[str]:
        """The files of an adapter that was made elsewhere. Raises InputError when there is none."""
        if self.section.evaluate is None:
            raise InputError("meerkat.evaluate: not set; say where the adapter is, as {adapter: path}")
        folder = _present(self.section.evaluate.adapter, "meerkat.evaluate.adapter")
        return [str(path) for path in sorted(Path(folder).glob("*")) if path.is_file()]

    def given_scores(self, wildcards: Any) -> dict[str, str]:
        """Scores of that adapter, where there is one."""
        return self._scores("given") if self.section.evaluate else {}

    def practised_scores(self, wildcards: Any) -> dict[str, str]:
        """Scores of the base model in its practised form, where that differs from the study's: a synthetic one's."""
        return self._scores("practised") if self.pretraining() else {}

    scoring_threads = ENCODER.threads

    def scoring_resources(self) -> dict[str, Any]:
        """Of scoring answers; a GPU where there is an encoder among the metrics."""
        gpu = int(self.section.metrics.bertscore is not None)
        return {"gpu": gpu, "mem_mb": ENCODER.memory_at, "runtime": ENCODER.runtime_at}

    def practised_metrics(self, wildcards: Any) -> str | list[str]:
        """The metrics among them."""
        return self.practised_scores(wildcards).get("practised_metrics", [])

    def _scores(self, run: str) -> dict[str, str]:
        """The scores of a model beside the iterations, by the names of inputs."""
        return {f"{run}_{name}": f"{self.root}/{run}/{file}" for name, file in SCORES.items()}

    def options(self) -> dict[str, Any]:
        """What the task needs to know. Of an answer that is longer than what is generated, the beginning is learned."""
        return {
            **self.section.model_dump(include={"system_message", "template"}),
            "answer_tokens": max(1, self.section.generation.max_new_tokens - 2),
        }

    def card_options(self) -> dict[str, Any]:
        """What the model card needs to know besides."""
        return {**self.options(), "steering": self.section.metrics.steering, "base": self.base}

    def adjustments(self, wildcards: Any) -> dict[str, float]:
        """The shares set by hand for one iteration, so that those of the next change nothing that is there."""
        return self.section.data.specialty_adjustments.get(int(wildcards.iteration), {})

    def previous_findings(self, wildcards: Any) -> dict[str, str]:
        """What an iteration's training split is made by: the iteration before."""
        return self._earlier(
            wildcards, stats="data/dataset_stats.json", recommendations="training_recommendations.json"
        )

    def earlier_training(self, wildcards: Any) -> dict[str, str]:
        """The training that is taken over when there is nothing new to learn; where it continues from, if it does."""
        goes_on = {"start": ADAPTER} if self.section.start_from == "previous" else {}
        return self._earlier(wildcards, earlier_record="training.json", earlier_adapter=ADAPTER, **goes_on)

    def earlier_predictions(self, wildcards: Any) -> dict[str, str]:
        """The answers that are taken over when the adapter was."""
        return self._earlier(wildcards, earlier_adapter=ADAPTER, earlier_predictions="predictions.jsonl")

    def _earlier(self, wildcards: Any, **files: str) -> dict[str, str]:
        """Files of the iteration before, by the names of inputs; none for the first."""
        earlier = int(wildcards.iteration) - 1
        return {name: f"{self.folder(earlier)}/{file}" for name, file in files.items() if earlier}

    def metric_files(self, wildcards: Any) -> dict[str, Any]:
        """What the metrics are made of: BERTScore's encoder and baseline, WordNet, a list of terms, the user's own
        functions as far as they are files of the working directory. Raises InputError when one of them is missing."""
        metrics = self.section.metrics
        encoder = metrics.bertscore
        modules = [Path(*path.replace(":", ".").split(".")[:-1]).with_suffix(".py") for path in metrics.custom.values()]
        files = {
            "encoder": encoder and self.model_folder(encoder.model),
            "baseline": encoder and _present(encoder.baseline, "meerkat.metrics.bertscore.baseline"),
            "wordnet": _present(metrics.wordnet, "meerkat.metrics.wordnet"),
            "terms": _present(metrics.terms, "meerkat.metrics.terms"),
            "custom_files": [str(module) for module in modules if module.exists()],
        }
        return {name: file for name, file in files.items() if file}

    def road(self) -> Road:
        """The rules of the road: of the base model, an adapter made elsewhere, and each iteration."""
        folder, base, practised, given = (
            f"{self.root}/{name}" for name in ("iteration{iteration}", "base", "practised", "given")
        )
        splits, template, options = tuple(self.held), {"template": self.template}, {"task_options": self.options()}
        train = self.train_job(
            folder,
            f"{folder}/adapter",
            {"train": f"{folder}/data/train.jsonl", "validation": self.held["evaluation"], **template},
            more=self.earlier_training,
            **options,
        )
        asked = {**self.held, **template}
        with_adapter, with_given = ({**asked, "adapter": f"{model}/{ADAPTER}"} for model in (folder, given))
        beside = {"base_metrics": f"{base}/metrics.json", "practised_metrics": self.practised_metrics}
        metrics = {"metrics": self.section.metrics.model_dump(exclude={"steering"})}
        beside |= self.guard_of(folder)
        return Road(
            train=(train,),
            generate=(
                self.generate_job("_base", base, asked, splits, **options),
                self.generate_job("_practised", practised, asked, splits, task_options={"form": "practised"}),
                self.generate_job("", folder, with_adapter, splits, more=self.earlier_predictions, **options),
                self.generate_job("_given", given, with_given, splits, **options),
            ),
            score=tuple(
                self.score_job(
                    end,
                    model,
                    self.held,
                    splits,
                    more=self.metric_files,
                    env="train",
                    local=False,
                    threads=self.scoring_threads,
                    resources=self.scoring_resources(),
                    outputs={"counts": f"{model}/counts.json"},
                    options=metrics,
                )
                for end, model in (("_base", base), ("_practised", practised), ("", folder), ("_given", given))
            ),
            guard=self.guard_jobs(folder, train.config),
            card=(self.card_job(self.base, folder, train.config, beside, env="train", options=self.card_options()),),
        )


def _present(path: str | None, key: str) -> str | list[str]:
    """A path of the configuration, or none. Raises InputError when there is no such file: with results in place,
    Snakemake would take them for made without it."""
    if path and not Path(path).exists():
        raise InputError(f'{key} = "{path}": no such file or folder')
    return path or []
