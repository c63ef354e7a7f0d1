"""The typed configuration. Its field descriptions are the config reference (config/README.md)."""

from pydantic import Field, field_validator

from medtune.config import NAME, ModelSource, PathText, Section, Seed, Tracking
from medtune.studies.maccrobat.section import Maccrobat
from medtune.studies.meerkat.section import Meerkat
from medtune.studies.radgraph.section import RadGraph
from medtune.studies.relations.section import Relations
from medtune.studies.yesno.section import YesNo


class Config(Section):
    """The whole configuration of a run."""

    scale: str = Field(pattern=NAME.pattern, description="Name of the run's scale: results go to results/{scale}/.")
    results: PathText = Field("results", description="Folder for everything that runs write.")
    seed: Seed = Field(42, description="Seed of data generation, splits and statistics.")
    models: dict[str, ModelSource] = Field(description="Base models by name.")
    tracking: Tracking = Field(default_factory=Tracking, description="Experiment tracking.")
    yesno: YesNo = Field(description="The yes/no study.")
    radgraph: RadGraph = Field(description="The RadGraph study.")
    maccrobat: Maccrobat = Field(description="The MACCROBAT study.")
    meerkat: Meerkat = Field(description="The Meerkat study.")
    relations: Relations = Field(description="The relations study.")

    @field_validator("models")
    @classmethod
    def _names(cls, value: dict) -> dict:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f'model name "{name}" may hold letters, digits, dots, dashes and underscores only')
        return value
