"""Study meerkat."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from medtune.config.section import NAME, Count, Fraction, License, PathText, Section, Share
from medtune.config.settings import GUARD, GeneralGuard, Generation, Training
from medtune.metrics.text.names import BERTSCORE, BUILT_IN
from medtune.studies.meerkat.tables import ITEM_COLUMNS, RESULT_COLUMNS


class MeerkatFiles(Section):
    """A folder of specialty files."""

    format: Literal["files"] = Field(description="Files dataset_with_answers_{specialty}.json.")
    path: PathText = Field(description="The folder.")
    license: License = Field(None, description="License of the data, for manifest and model card; null: not known.")


class MeerkatSynthetic(Section):
    """Questions and answers of six specialties made by rules; for trying the workflow."""

    format: Literal["synthetic"] = Field(description="Made by the workflow.")
    records: Annotated[int, Field(ge=11)] = Field(90, description="Records of the smallest specialty; others get more.")


MeerkatSource = Annotated[MeerkatFiles | MeerkatSynthetic, Field(discriminator="format")]


class MeerkatData(Section):
    """Where the questions come from, and how each specialty is split."""

    source: MeerkatSource = Field(description="The specialties.")
    most_records: Annotated[int, Field(ge=11)] | None = Field(
        None, description="Most distinct records that are used of a specialty, drawn by the seed; null means all."
    )
    holdout: Count = Field(10, description="Records of each specialty that are held out in all iterations.")
    first_share: Fraction = Field(0.5, description="Share of the remaining records that the first iteration uses.")
    evaluation_share: Fraction = Field(
        0.2, description="Share of that first part which becomes the evaluation split, the same in all iterations."
    )
    specialty_adjustments: dict[int, dict[str, Share]] = Field(
        default_factory=dict,
        description="By iteration, from 2: shares of specialties' records that are set by hand, before what is"
        " recommended, as in {2: {cardiology: 0.8}}. A share never falls, so it holds in later iterations too.",
    )

    @field_validator("specialty_adjustments", mode="before")
    @classmethod
    def _by_iteration(cls, value: Any) -> Any:
        if isinstance(value, dict) and not all(re.fullmatch(r"[2-9]|[1-9]\d+", str(key)) for key in value):
            raise ValueError("expected iterations, from 2, with their specialties, such as {2: {cardiology: 0.8}}")
        return value


class BertScore(Section):
    """BERTScore's encoder. Scores of different encoders or layers cannot be compared."""

    model: str = Field(description="Encoder: a name under `models`.")
    layer: Count = Field(description="Layer whose embeddings are compared, from 1.")
    rescale: bool = Field(False, description="Rescale with the baseline that bert-score has for English.")
    baseline: PathText | None = Field(None, description="A baseline file in bert-score's layout instead of its own.")


class MeerkatMetrics(Section):
    """Metrics of generated answers. BLEU, ROUGE, METEOR, exact match, token F1 and medical-term F1 are always there;
    exact match of short answers, of medical terms and of dosages where the references have any."""

    steering: str = Field(
        "ROUGE-L",
        min_length=1,
        description="Metric that says which specialties are low: a name as in the tables; higher must be better.",
    )
    stemmer: bool = Field(False, description="ROUGE on stems.")
    wordnet: PathText | None = Field(
        None, description="Folder of WordNet's dictionary files, for METEOR; null looks in the usual places."
    )
    terms: PathText | None = Field(None, description="File of medical terms, one a line; null means the built-in list.")
    bertscore: BertScore | None = Field(None, description="BERTScore; null leaves it out.")
    custom: dict[str, str] = Field(
        default_factory=dict,
        description="Metrics of your own: name to import path, such as my_metrics:brevity; the module is looked for in"
        " the working directory too. The function gets the answers and the references, and gives one number each.",
    )

    @field_validator("custom")
    @classmethod
    def _usable(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f'the name "{name}" of a metric may hold letters, digits, dots, dashes and underscores only'
                )
            if name in (*BUILT_IN, *ITEM_COLUMNS, *RESULT_COLUMNS):
                raise ValueError(f'a metric cannot have the name "{name}", which the tables have already')
        return value

    @model_validator(mode="after")
    def _known_steering(self) -> "MeerkatMetrics":
        known = [name for name in BUILT_IN if self.bertscore or name not in BERTSCORE] + list(self.custom)
        if self.steering not in known:
            raise ValueError(f'steering = "{self.steering}": must be one of {", ".join(known)}')
        return self


class MeerkatRecommendations(Section):
    """When a specialty counts as low, and what it then gets."""

    increase: Share = Field(
        0.3, description="How much larger its share becomes: 0.3 turns 50 % of its records into 80 %."
    )
    margin: Annotated[float, Field(ge=0)] = Field(
        0.0, description="How far below the mean of all specialties the upper end of its interval must be."
    )
    confidence: Fraction = Field(0.95, description="Confidence of that interval.")


class MeerkatEvaluate(Section):
    """An adapter that was made elsewhere, scored beside the study's own."""

    adapter: PathText = Field(description="Its folder, as PEFT's `save_pretrained` writes it.")
    template: Literal["checked", "unknown"] = Field(
        "checked",
        description="checked: its template.json must name the study's template; unknown: it has none, and is asked with"
        " the study's all the same.",
    )


class Meerkat(Section):
    """Study `meerkat`: medical question answering; each iteration gives the low specialties more training data."""

    model: str = Field(description="Base model: a name under `models`.")
    system_message: str = Field(
        "You are a medical expert. Answer the question accurately and concisely.",
        description="System message of every chat; empty for none.",
    )
    template: PathText | None = Field(
        None,
        description="File with a Jinja chat template for data, training and evaluation; null means the model's own.",
    )
    iterations: Count = Field(
        3, description="Trainings, one after another. Those without any low specialty are copies."
    )
    start_from: Literal["base", "previous"] = Field(
        "base", description="Each iteration trains a new adapter on the base model, or continues with the previous one."
    )
    data: MeerkatData = Field(description="Questions and splits.")
    training: Training = Field(default_factory=Training, description="Fine-tuning in each iteration.")
    generation: Generation = Field(default_factory=Generation, description="Generation of answers.")
    guard: GeneralGuard | None = Field(None, description=GUARD)
    metrics: MeerkatMetrics = Field(default_factory=MeerkatMetrics, description="How answers are scored.")
    evaluate: MeerkatEvaluate | None = Field(
        None, description="An adapter made elsewhere to score beside the iterations; null means none."
    )
    recommendations: MeerkatRecommendations = Field(
        default_factory=MeerkatRecommendations, description="Which specialties get more training data."
    )
