"""training_recommendations.json: which specialties should get more training data, and why."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator, model_validator

from medtune.errors import InputError
from medtune.files import read_json, write_json
from medtune.studies.meerkat.medical_qa import check_specialty

SHARE = Annotated[float, Field(gt=0, le=1)]


class Judgement(BaseModel):
    """What was found of one specialty on the evaluation split. n: its records there that the metric scores; value: the
    mean of their scores. shrunk: that mean, shrunk towards the mean of all specialties, with its interval [low, high],
    as far as there is one. share: of its records that were used. recommended_share: for the next iteration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    n: Annotated[int, Field(ge=0)]
    value: FiniteFloat | None
    shrunk: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    share: SHARE
    recommended_share: SHARE
    reason: Annotated[str, Field(min_length=1)]


class Basis(BaseModel):
    """What all judgements of a file rest on. overall_mean: of all specialties, None where nothing could be judged.
    A specialty is low when its interval, of this confidence, ends below overall_mean - margin; increase: of the share
    of a low one. method: how the intervals were made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    iteration: Annotated[int, Field(ge=1)]
    metric: str
    overall_mean: FiniteFloat | None
    margin: FiniteFloat
    confidence: FiniteFloat
    increase: FiniteFloat
    method: str


class TrainingRecommendations(BaseModel):
    """The file. recommended_sample_increases: the new share by specialty, of the records beside the holdout (0.8: 80 %
    of them), not a difference. overall_improvement: gain over the base model by metric. basis, specialties: the grounds
    for all and for each specialty; a file written by hand can do without."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low_performance_specialties: list[str] = Field(default_factory=list)
    recommended_sample_increases: dict[str, SHARE] = Field(default_factory=dict)
    overall_improvement: dict[str, FiniteFloat] = Field(default_factory=dict)
    basis: Basis | None = None
    specialties: dict[str, Judgement] = Field(default_factory=dict)

    @field_validator("low_performance_specialties", "recommended_sample_increases", "specialties")
    @classmethod
    def _usable_names(cls, value: list | dict) -> list | dict:
        for name in value:
            try:
                check_specialty(name, "a name")
            except InputError as error:
                raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _increases_are_of_low_ones(self) -> "TrainingRecommendations":
        for name in self.recommended_sample_increases:
            if name not in self.low_performance_specialties:
                raise ValueError(
                    f'recommended_sample_increases names "{name}", which low_performance_specialties does not'
                )
        return self


def read_recommendations(path: Path | str) -> TrainingRecommendations:
    """Read the file. Raises InputError naming its first fault."""
    content = read_json(path)
    try:
        return TrainingRecommendations.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise InputError(
            f"{path}: {where + ': ' if where else ''}{fault['msg'].removeprefix('Value error, ')}"
        ) from error


def write_recommendations(path: Path | str, recommendations: TrainingRecommendations) -> None:
    """Write the file, the keys in the order of the model."""
    write_json(path, recommendations.model_dump())
