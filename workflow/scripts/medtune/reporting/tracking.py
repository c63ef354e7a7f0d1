"""Experiment tracking with the official Weights & Biases client.

The train and the test job of a model are two runs of one group: a finished run can be resumed only online, and the two
jobs may run on different machines. The summary of the second holds the test figures.

Clinical text stays on the machine: figures and settings are logged, text only with `log_text`. What the client
gathers by itself (code, git state, console output, installed packages, host and program names, system metrics) is
switched off. Keys are the client's own affair (`WANDB_API_KEY`, `wandb login`) and are never read here.
"""

import contextlib
import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from medtune.config import Tracking
from medtune.errors import InputError


@dataclass(frozen=True)
class TrackedRun:
    """A job of the workflow that is tracked.

    folder: of the model below that of its study, such as rank8-seed43, OBS-DA or iteration2/; no two models share one.
    job: what is done with the model. facts: what tells it from others of its study, such as the entity type.
    """

    scale: str
    study: str
    folder: str
    base_model: str
    seed: int
    job: Literal["train", "test"]
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Of all jobs of the model."""
        return f"{self.scale}/{self.study}/{self.folder}"

    @property
    def name(self) -> str:
        """Of the run; date and time are added."""
        return f"{self.base_model} {self.group} seed{self.seed} {self.job}"

    @property
    def artifact(self) -> str:
        """Of the model, in the characters that Weights & Biases allows."""
        return re.sub(r"[^\w.-]", "-", self.group)

    @property
    def tags(self) -> list[str]:
        """By which runs are picked; the client allows 64 characters."""
        pairs = {**self.facts, "seed": self.seed}
        return [tag[:64] for tag in (self.scale, self.study, *(f"{key}={value}" for key, value in pairs.items()))]

    @property
    def config(self) -> dict[str, Any]:
        """All of it, by name."""
        return {
            "scale": self.scale,
            "study": self.study,
            "run": self.folder,
            "job": self.job,
            "base_model": self.base_model,
            "seed": self.seed,
            **self.facts,
        }


def summary_figures(splits: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """All figures with an interval in the splits of metrics.json, as split/figure; their ends as …/low and …/high."""
    found: dict[str, float] = {}

    def walk(name: str, content: Any) -> None:
        if not isinstance(content, Mapping):
            return
        if {"value", "low", "high"} <= content.keys():
            ends = {name: content["value"], f"{name}/low": content["low"], f"{name}/high": content["high"]}
            found.update({key: value for key, value in ends.items() if value is not None})
            return
        for key, value in content.items():
            walk(f"{name}/{key}", value)

    for split, content in splits.items():
        walk(split, content)
    return found


def prediction_texts(answers: Mapping[str, Sequence[dict]], examples: Mapping[str, Sequence[dict]]) -> Iterator[dict]:
    """Rows of a table of predictions: id, split, the example as JSON, the output as it is (tags as JSON),
    its status.

    answers: by split the prediction of each example, see `answers_of`.
    """
    for split, rows in examples.items():
        for example, answer in zip(rows, answers[split], strict=True):
            yield {
                "id": example["id"],
                "split": split,
                "example": json.dumps(
                    {key: value for key, value in example.items() if key != "id"}, ensure_ascii=False
                ),
                "output": answer["raw"] if "raw" in answer else json.dumps(answer["tags"]),
                "status": answer.get("status", "ok"),
            }


class Tracker:
    """Where metrics go: a run of Weights & Biases, or nowhere."""

    def __init__(self, tracking: Tracking, tracked: TrackedRun, run: Any = None) -> None:
        self._tracking = tracking
        self._tracked = tracked
        self._run = run

    def log(self, metrics: dict[str, float], step: int) -> None:
        """Log figures of one step."""
        if self._run is not None:
            self._run.log(metrics, step=step)

    def summarize(self, figures: dict[str, Any]) -> None:
        """Set the final figures of the run."""
        if self._run is not None:
            self._run.summary.update(figures)

    def finish(self, record: Mapping[str, Any], files: Sequence[Path]) -> None:
        """Set the numbers of a training record as final figures, and log the trained model."""
        self.summarize({name: value for name, value in record.items() if isinstance(value, int | float)})
        self.log_model(files)

    def log_texts(self, name: str, rows: Iterable[dict[str, str]]) -> None:
        """Log example texts as a table, only where the configuration allows text to be logged: else no row is made."""
        if self._run is None or not self._tracking.log_text:
            return
        rows = list(rows)
        if not rows:
            return
        import wandb

        columns = list(rows[0])
        self._run.log({name: wandb.Table(columns=columns, data=[[row[column] for column in columns] for row in rows])})

    def log_model(self, files: Sequence[Path]) -> None:
        """Log the files of a trained model or adapter as an artifact, where asked for. They are not copied first."""
        if self._run is None or not self._tracking.log_artifacts:
            return
        import wandb

        artifact = wandb.Artifact(self._tracked.artifact, type="model")
        for path in files:
            artifact.add_file(str(path), policy="immutable")
        self._run.log_artifact(artifact)


@contextlib.contextmanager
def track(tracking: Tracking, tracked: TrackedRun, config: Mapping[str, Any], folder: Path | str) -> Iterator[Tracker]:
    """A run for the length of the body; when tracking is disabled, the client is not even imported.

    config: settings beside those of `tracked`, without text.
    folder: the run is kept in `folder`/wandb, from where `wandb sync` sends offline runs.
    Raises InputError when an online run cannot be started.
    """
    if tracking.mode == "disabled":
        yield Tracker(tracking, tracked)
        return
    import wandb

    Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        run = wandb.init(
            project=tracking.project,
            name=f"{tracked.name} {datetime.datetime.now():%Y-%m-%d %H:%M:%S}",
            group=tracked.group,
            job_type=tracked.job,
            tags=tracked.tags,
            mode=tracking.mode,
            dir=str(folder),
            config={**tracked.config, **config},
            settings=_private(wandb),
        )
    except (wandb.Error, OSError) as error:
        raise InputError(
            f"tracking.mode = {tracking.mode}: Weights & Biases cannot be reached ({error}); "
            "log in with `wandb login`, or use offline or disabled"
        ) from error
    failed = True
    try:
        yield Tracker(tracking, tracked, run)
        failed = False
    finally:
        run.finish(exit_code=int(failed))
        # The client's own process writes the last of the run after `finish` has returned.
        wandb.teardown()


def _private(wandb: Any) -> Any:
    """Settings by which the client gathers nothing on its own."""
    return wandb.Settings(
        console="off",
        disable_code=True,
        save_code=False,
        disable_git=True,
        disable_job_creation=True,
        label_disable=True,
        host="",
        program="medtune",
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
        silent=True,
    )
