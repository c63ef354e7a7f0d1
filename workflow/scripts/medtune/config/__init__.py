"""The typed configuration. Its field descriptions are the config reference (config/README.md)."""

from pydantic import Field, field_validator

from medtune.config.base_models import HubModel, MadeModel, ModelSource, PackageModel, PathModel
from medtune.config.maccrobat import (
    Maccrobat,
    MaccrobatAnalysis,
    MaccrobatData,
    MaccrobatFiles,
    MaccrobatSource,
    MaccrobatSynthetic,
    SelectionWeights,
    Tiers,
)
from medtune.config.meerkat import (
    BertScore,
    Meerkat,
    MeerkatData,
    MeerkatEvaluate,
    MeerkatFiles,
    MeerkatMetrics,
    MeerkatRecommendations,
    MeerkatSource,
    MeerkatSynthetic,
)
from medtune.config.radgraph import (
    Negatives,
    RadGraph,
    RadGraphAnnotate,
    RadGraphData,
    RadGraphFiles,
    RadGraphSource,
    RadGraphSynthetic,
)
from medtune.config.relations import (
    Relations,
    RelationsData,
    RelationsFiles,
    RelationsPredict,
    RelationsRun,
    RelationsSource,
    RelationsSynthetic,
)
from medtune.config.section import NAME, Count, Fraction, PathText, Section, Seed, Share
from medtune.config.stages import (
    FineTuning,
    Generation,
    Lora,
    Splits,
    TaggerTraining,
    Tagging,
    Tracking,
    Training,
)
from medtune.config.yesno import ChallengeQuestion, YesNo, YesNoData, YesNoFile, YesNoSource, YesNoSynthetic

__all__ = [
    "NAME",
    "BertScore",
    "ChallengeQuestion",
    "Config",
    "Count",
    "FineTuning",
    "Fraction",
    "Generation",
    "HubModel",
    "Lora",
    "Maccrobat",
    "MaccrobatAnalysis",
    "MaccrobatData",
    "MaccrobatFiles",
    "MaccrobatSource",
    "MaccrobatSynthetic",
    "MadeModel",
    "Meerkat",
    "MeerkatData",
    "MeerkatEvaluate",
    "MeerkatFiles",
    "MeerkatMetrics",
    "MeerkatRecommendations",
    "MeerkatSource",
    "MeerkatSynthetic",
    "ModelSource",
    "Negatives",
    "PackageModel",
    "PathModel",
    "PathText",
    "RadGraph",
    "RadGraphAnnotate",
    "RadGraphData",
    "RadGraphFiles",
    "RadGraphSource",
    "RadGraphSynthetic",
    "Relations",
    "RelationsData",
    "RelationsFiles",
    "RelationsPredict",
    "RelationsRun",
    "RelationsSource",
    "RelationsSynthetic",
    "Section",
    "Seed",
    "SelectionWeights",
    "Share",
    "Splits",
    "TaggerTraining",
    "Tagging",
    "Tiers",
    "Tracking",
    "Training",
    "YesNo",
    "YesNoData",
    "YesNoFile",
    "YesNoSource",
    "YesNoSynthetic",
]


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
