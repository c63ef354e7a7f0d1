"""The typed configuration. Its field descriptions are the config reference (config/README.md)."""

import re

from pydantic import Field, field_validator

from medtune.config import NAME, ModelSource, PathText, Section, Seed, Tracking
from medtune.kinds.own_section import Own, OwnStudy, StudyDefaults
from medtune.studies.maccrobat.section import Maccrobat
from medtune.studies.meerkat.section import Meerkat
from medtune.studies.radgraph.section import RadGraph
from medtune.studies.relations.section import Relations
from medtune.studies.yesno.section import YesNo

STUDY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What a study of the user's own may be called: its rules are named after it."""
STUDIES = ("yesno", "radgraph", "maccrobat", "meerkat", "relations")
TAKEN = (
    *STUDIES,
    *("models", "studies", "all", "annotate", "extract", "predict"),
    *("fetch_model", "make_model", "train_adapter", "train_tagger", "generate", "merge", "tag", "score", "write_card"),
)
"""Names of folders and rules that are there; those of one study's rules begin with its name."""
OWN_RULES = (
    *("prepare", "subset", "train", "train_encoder", "generate_base", "generate", "generate_prompt", "audit"),
    *("apply_rules", "apply_encoder", "take", "score_base", "score", "guard", "card", "summarize", "methods"),
)
"""How the rules of a study of the user's own are called after its name."""


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
    study_defaults: StudyDefaults = Field(
        description="What studies of your own take, key by key, where they say nothing else."
    )
    studies: dict[str, Own] = Field(
        default_factory=dict,
        description="Studies of your own, by name; or a folder with a Python file for each (docs/own_study.md).",
    )

    def section_of(self, study: str) -> Section:
        """The section of a study, one of the user's own included."""
        return self.studies[study] if study in self.studies else getattr(self, study)

    @field_validator("models")
    @classmethod
    def _names(cls, value: dict) -> dict:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f'model name "{name}" may hold letters, digits, dots, dashes and underscores only')
        return value

    @field_validator("studies")
    @classmethod
    def _free(cls, value: dict[str, OwnStudy]) -> dict[str, OwnStudy]:
        for name in value:
            if name in TAKEN or name.startswith(tuple(f"{study}_" for study in STUDIES)):
                raise ValueError(
                    f'the name "{name}" of a study is that of a rule or folder that exists; choose another'
                )
            if not STUDY.fullmatch(name):
                raise ValueError(
                    f'the name "{name}" of a study may hold letters, digits and underscores only, and must begin with a'
                    " letter: its rules are named after it"
                )
            other = next((study for study in value if name in (f"{study}_{rule}" for rule in OWN_RULES)), None)
            if other:
                raise ValueError(
                    f'the name "{name}" of a study is that of a rule of the study "{other}"; choose another'
                )
        return value
