"""Jobs of the studies as an experiment tracker knows them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from medtune.config import Tracking
from medtune.configuration import Config
from medtune.reporting.tracking import TrackedRun

SEEDED = re.compile(r"-seed(\d+)$")
"""How the folders of runs with a further training seed end."""
FACTS = {"lr": "learning_rate", "run": "switch"}
"""What wildcards of rules are called in a tracker, where that is not their name."""


def tracked_run(
    config: Config, study: str, output: Path | str, wildcards: Mapping[str, str], job: Literal["train", "test"]
) -> TrackedRun:
    """What a job is, by a file that it writes into the folder of its model and by the wildcards of its rule."""
    section = config.section_of(study)
    folder = Path(output).parent.relative_to(Path(config.results, config.scale, study)).as_posix()
    further = SEEDED.search(folder)
    facts = {FACTS.get(name, name): SEEDED.sub("", value) for name, value in wildcards.items() if name != "replicate"}
    return TrackedRun(
        scale=config.scale,
        study=study,
        folder=folder,
        base_model=facts.get("encoder") or section.model,
        seed=int(further[1]) if further else getattr(section, "seeds", [config.seed])[0],
        job=job,
        facts=facts,
    )


def tracking_of(config: Config, study: str) -> Tracking:
    """The settings, with the project of the study where it has its own."""
    project = getattr(config.section_of(study), "project", config.tracking.project)
    return config.tracking.model_copy(update={"project": project})
