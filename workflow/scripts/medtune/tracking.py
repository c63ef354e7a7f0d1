"""Experiment tracking with the official Weights & Biases client.

Clinical text stays on the machine: figures and settings are logged, text only with `log_text`. What the client
gathers by itself (code, git state, console output, installed packages, host and program names, system metrics) is
switched off. Keys are the client's own affair (`WANDB_API_KEY`, `wandb login`) and are never read here.
"""

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from medtune.config import Tracking
from medtune.errors import InputError


class Tracker:
    """Where metrics go: a run of Weights & Biases, or nowhere."""

    def __init__(self, tracking: Tracking, run: Any = None) -> None:
        self._tracking = tracking
        self._run = run

    def log(self, metrics: dict[str, float], step: int) -> None:
        """Log figures of one step."""
        if self._run is not None:
            self._run.log(metrics, step=step)

    def summarize(self, figures: dict[str, Any]) -> None:
        """Set the final figures of the run."""
        if self._run is not None:
            self._run.summary.update(figures)

    def log_texts(self, name: str, rows: Sequence[dict[str, str]]) -> None:
        """Log example texts as a table, only where the configuration allows text to be logged."""
        if self._run is None or not self._tracking.log_text or not rows:
            return
        import wandb

        columns = list(rows[0])
        self._run.log({name: wandb.Table(columns=columns, data=[[row[column] for column in columns] for row in rows])})

    def log_model(self, name: str, files: Sequence[Path]) -> None:
        """Log the files of a trained model or adapter as an artifact, where asked for. They are not copied first."""
        if self._run is None or not self._tracking.log_artifacts:
            return
        import wandb

        artifact = wandb.Artifact(name, type="model")
        for path in files:
            artifact.add_file(str(path), policy="immutable")
        self._run.log_artifact(artifact)


@contextlib.contextmanager
def track(tracking: Tracking, name: str, config: dict[str, Any], folder: Path | str) -> Iterator[Tracker]:
    """A run for the length of the body; when tracking is disabled, the client is not even imported.

    name: model (and rank, seed) of the run; date and time are added. config: settings, without text.
    folder: the run is kept in `folder`/wandb, from where `wandb sync` sends offline runs.
    Raises InputError when an online run cannot be started.
    """
    if tracking.mode == "disabled":
        yield Tracker(tracking)
        return
    import wandb

    Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        run = wandb.init(
            project=tracking.project,
            name=f"{name} {datetime.datetime.now():%Y-%m-%d %H:%M:%S}",
            mode=tracking.mode,
            dir=str(folder),
            config=config,
            settings=_private(wandb),
        )
    except (wandb.Error, OSError) as error:
        raise InputError(
            f"tracking.mode = {tracking.mode}: Weights & Biases cannot be reached ({error}); "
            "log in with `wandb login`, or use offline or disabled"
        ) from error
    failed = True
    try:
        yield Tracker(tracking, run)
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
