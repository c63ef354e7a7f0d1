"""What a study of the user's own says of itself in the configuration: one section a kind, most of it shared."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from medtune.config import NAME, Count, Generation, Guard, License, PathText, Section, Seed, Splits, Training, distinct
from medtune.config.settings import GUARD
from medtune.kinds.labels.names import fault_of
from medtune.kinds.method_sections import (
    Adapter,
    AdapterChanges,
    AnswerMethod,
    Encoder,
    EncoderSettings,
    Label,
    LabelMethod,
    Prompt,
    RelationMethod,
    Rules,
    SpanMethod,
    Trained,
)

STUDY = "A study of this workflow, in place of `path`: its examples and its splits."
METHODS = "Methods beside the base model, by name; `runs` are adapters as well."
TEXT = "{text}"
RESERVED = ("base", "data", "summary")
"""Folders of a study that are no run's."""
SUFFIXED = re.compile(r"-(seed|n)\d+$")
"""How the folders of runs with further seeds, or with fewer documents, end."""


class Columns(Section):
    """Which column of a table, or field of JSON lines, holds what."""

    text: str = Field("text", min_length=1, description="The text that the model reads.")
    id: str | None = Field(None, min_length=1, description="A unique id; null numbers the records.")
    group: str | None = Field(
        None, min_length=1, description="What must not be parted by splits, such as the patient; null means none."
    )
    split: str | None = Field(
        None,
        min_length=1,
        description="train, validation or test, where the splits are given; null draws them.",
    )


class LabelColumns(Columns):
    """Columns of labelled texts."""

    label: str = Field("label", min_length=1, description="The label.")
    rationale: str | None = Field(None, min_length=1, description="A reason for the label, taught with it.")


class AnswerColumns(Columns):
    """Columns of questions and answers."""

    text: str = Field("question", min_length=1, description="The question.")
    answer: str = Field("answer", min_length=1, description="The answer.")


class EntityColumns(Columns):
    """Fields of JSON lines with entities."""

    entities: str = Field(
        "entities", min_length=1, description="A list of {start, end, type}: characters of the text, end exclusive."
    )


class RelationColumns(EntityColumns):
    """Fields of JSON lines with entities and relations."""

    relations: str = Field(
        "relations", min_length=1, description="A list of {head, tail, type}: places in the list of entities, from 0."
    )


class OwnData(Section):
    """Where the examples are."""

    path: PathText | None = Field(
        None,
        description="File, or folder of brat's files; or a folder with a file for each split, named train, validation "
        "and test. What a study's own `read(path)` is given.",
    )
    format: Literal["csv", "tsv", "jsonl", "parquet", "brat", "conll", "label_studio", "doccano"] | None = Field(
        None,
        description="Form of the data; null: told by the ending (.csv, .tsv, .jsonl, .parquet, .conll; a folder with "
        ".ann files is brat). Label Studio's and doccano's exports must be named.",
    )
    splits: Splits = Field(default_factory=Splits, description="Shares of the splits, where none are given.")
    license: License = Field(None, description="License of the data, for manifest and model card; null: not known.")


class LabelData(OwnData):
    """Where the labelled texts are."""

    study: Literal["yesno"] | None = Field(None, description=STUDY)
    columns: LabelColumns = Field(default_factory=LabelColumns, description="Columns.")
    ignore: list[Label] = Field(
        [], description='Labels whose records are left out, and counted; "*" stands for all that `labels` has not.'
    )


class EntityData(OwnData):
    """Where the texts with entities are."""

    study: Literal["maccrobat", "radgraph", "relations"] | None = Field(None, description=STUDY)
    columns: EntityColumns = Field(default_factory=EntityColumns, description="Fields.")
    ignore: list[Label] = Field(
        [],
        description='Entity types that are left out of the annotation, and counted; "*" stands for all that `entities` '
        "has not.",
    )


class RelationData(OwnData):
    """Where the texts with entities and relations are."""

    study: Literal["relations", "radgraph"] | None = Field(None, description=STUDY)
    columns: RelationColumns = Field(default_factory=RelationColumns, description="Fields.")
    ignore: list[Label] = Field(
        [],
        description="Types of entities and relations that are left out, and counted, as is a relation of such an "
        'entity; "*" stands for all that `entities` and `relations` have not.',
    )


class AnswerData(OwnData):
    """Where the questions and answers are."""

    study: Literal["meerkat"] | None = Field(None, description=STUDY)
    columns: AnswerColumns = Field(default_factory=AnswerColumns, description="Columns.")


class Audit(Section):
    """Audit of base models before any training: do they seem to know the test items?"""

    items: int = Field(200, ge=2, description="Most items of train and of test whose gold answers are looked at.")


class OwnStudy(Section):
    """What all studies of the user's own have."""

    kind: str
    file: PathText | None = Field(
        None,
        description="Python file with `study`, the keys of this section that are not set here, and perhaps "
        "`read(path)`, which yields the examples, where reading needs code.",
    )
    title: str | None = Field(None, min_length=1, description="Title in pages and report; null means the name.")
    model: str = Field(description="Base model: a name under `models`; unset `study_defaults.model`.")
    prompt: str = Field(description="What the model reads; {text} is where the text stands.")
    runs: dict[str, AdapterChanges | None] = Field(
        {"adapter": None}, min_length=1, description="Trained adapters, by name, and what each changes in training."
    )
    methods: dict[str, Any] = Field({}, description=METHODS)
    sizes: list[Count] = Field(
        [],
        description="Numbers of training documents for the learning curve, beside all of them: nested subsets, drawn by"
        " the seed.",
    )
    seeds: list[Seed] = Field(
        [42],
        min_length=1,
        description="Training seeds; each run is trained with each. With fewer than three nothing is claimed of runs.",
    )
    encoder: EncoderSettings | None = Field(None, description="What the methods `encoder` share.")
    training: Training = Field(default_factory=Training, description="Fine-tuning.")
    generation: Generation = Field(default_factory=Generation, description="Generation of answers.")
    guard: Guard | None = Field(None, description=GUARD)
    audit: Audit | None = Field(
        None,
        description="Whether gold answers of the test split are likelier to base models than those of the training "
        "split; null: not looked at.",
    )
    limits: list[str] = Field(
        ["Not for decisions about patients."], description="What the model card says of where not to use it."
    )

    TASK: ClassVar[tuple[str, ...]] = ("prompt",)
    """Keys that say how an example is asked and an answer read: a change of them trains anew."""

    @field_validator("title")
    @classmethod
    def _of_one_line(cls, value: str | None) -> str | None:
        if value is not None and (re.search("[{}]", value) or len(value.splitlines()) != 1):
            raise ValueError("must be one line of text, without braces, which Snakemake takes for wildcards")
        return value

    @field_validator("prompt")
    @classmethod
    def _place(cls, value: str) -> str:
        if TEXT not in value:
            raise ValueError(f"must hold {TEXT}, the place where the text stands")
        return value

    @field_validator("runs", "methods")
    @classmethod
    def _named(cls, value: dict, info: ValidationInfo) -> dict:
        what = info.field_name.removesuffix("s")
        for name in value:
            if name in RESERVED or not NAME.fullmatch(name) or SUFFIXED.search(name):
                raise ValueError(
                    f'the name "{name}" of a {what} may hold letters, digits, dots, dashes and underscores only, and '
                    f"must not be {', '.join(RESERVED[:-1])} or {RESERVED[-1]}, nor end with -seed or -n and a number"
                )
        return value

    _distinct = field_validator("seeds", "sizes")(distinct)

    @model_validator(mode="after")
    def _one_of_a_name(self) -> "OwnStudy":
        twice = sorted(self.named_runs().keys() & self.methods.keys())
        if twice:
            raise ValueError(f'"{twice[0]}" is the name of a run and of a method; give one of them another')
        if any(isinstance(method, Encoder) for method in self.methods.values()) and self.encoder is None:
            raise ValueError("has a method `encoder`, and no `encoder` section with its `model`")
        trained = [name for name, method in self.methods.items() if isinstance(method, Trained)]
        if trained and self.data.study is None:
            raise ValueError(
                f'"{trained[0]}" is a method `trained`, a run of a study of this workflow, and `data.study` names none'
            )
        return self

    @model_validator(mode="after")
    def _has_data(self) -> "OwnStudy":
        if self.file is None and self.data.path is None and self.data.study is None:
            raise ValueError("must have `data.path`, or `file` with a Python file that reads the data, or `data.study`")
        if self.data.study is not None and self.data.path is not None:
            raise ValueError("has `data.path` and `data.study`; expected one of them")
        return self

    @model_validator(mode="after")
    def _trainable(self) -> "OwnStudy":
        for name, method in self.all_methods().items():
            if isinstance(method, Adapter):
                try:
                    Training(**method.training(self.training.model_dump()))
                except ValidationError as error:
                    reason = error.errors()[0]["msg"].removeprefix("Value error, ")
                    raise ValueError(f'adapter "{name}": {reason}') from error
        return self

    def named_runs(self) -> dict[str, AdapterChanges | None]:
        """`runs`; none where there are methods, and runs are not set: then those that `methods` names are all."""
        return {} if self.methods and "runs" not in self.model_fields_set else self.runs

    def all_methods(self) -> dict[str, Rules | Prompt | Encoder | Adapter | Trained]:
        """By name: the runs, each of which is an adapter, and the methods."""
        runs = {
            name: Adapter(method="adapter", **(changes.model_dump() if changes else {}))
            for name, changes in self.named_runs().items()
        }
        return {**runs, **self.methods}

    def data_options(self) -> dict[str, Any]:
        """What determines the data, beside the seed: plain values."""
        return self.model_dump(include={"kind", "file", "data", "labels", "entities", "relations"})

    def task_options(self) -> dict[str, Any]:
        """What the task of this kind is made with, beside the study's name: plain values."""
        return self.model_dump(include=set(self.TASK))


class LabelStudy(OwnStudy):
    """A study whose answer is one of some labels."""

    kind: Literal["labels"] = Field(description="Kind of the task.")
    data: LabelData = Field(default_factory=LabelData, description="Labelled texts.")
    methods: dict[str, LabelMethod] = Field({}, description=METHODS)
    labels: list[Label] = Field(min_length=2, description="The labels, in the order in which tables show them.")

    TASK = ("prompt", "labels")

    _distinct_labels = field_validator("labels")(distinct)

    @field_validator("labels")
    @classmethod
    def _told_apart(cls, value: list[str]) -> list[str]:
        fault = fault_of(value)
        if fault:
            raise ValueError(fault)
        return value

    def task_options(self) -> dict[str, Any]:
        """Also whether a reason is taught."""
        return {**super().task_options(), "rationale": self.data.columns.rationale is not None}


class SpanStudy(OwnStudy):
    """A study that finds entities."""

    kind: Literal["spans"] = Field(description="Kind of the task.")
    data: EntityData = Field(default_factory=EntityData, description="Texts with entities.")
    methods: dict[str, SpanMethod] = Field({}, description=METHODS)
    entities: list[Label] = Field(min_length=1, description="Entity types.")

    TASK = ("prompt", "entities")

    _distinct_entities = field_validator("entities")(distinct)


class OwnRelation(Section):
    """Between which entity types a relation can hold."""

    heads: list[Label] = Field(min_length=1, description="Entity types of the head.")
    tails: list[Label] = Field(min_length=1, description="Entity types of the tail.")
    symmetric: bool = Field(False, description="Whether head and tail may change places.")


class RelationStudy(OwnStudy):
    """A study that finds entities and the relations between them."""

    kind: Literal["relations"] = Field(description="Kind of the task.")
    data: RelationData = Field(default_factory=RelationData, description="Texts with entities and relations.")
    methods: dict[str, RelationMethod] = Field({}, description=METHODS)
    entities: list[Label] = Field(min_length=1, description="Entity types.")
    relations: dict[Label, OwnRelation] = Field(min_length=1, description="Relation types by name.")

    TASK = ("prompt", "entities", "relations")

    _distinct_entities = field_validator("entities")(distinct)

    @model_validator(mode="after")
    def _known(self) -> "RelationStudy":
        for name, relation in self.relations.items():
            for entity in (*relation.heads, *relation.tails):
                if entity not in self.entities:
                    raise ValueError(f'relation "{name}" names the entity type "{entity}", which `entities` has not')
        return self


class AnswerStudy(OwnStudy):
    """A study that answers questions in words."""

    kind: Literal["answers"] = Field(description="Kind of the task.")
    data: AnswerData = Field(default_factory=AnswerData, description="Questions and answers.")
    methods: dict[str, AnswerMethod] = Field({}, description=METHODS)


Own = Annotated[LabelStudy | SpanStudy | RelationStudy | AnswerStudy, Field(discriminator="kind")]


class StudyDefaults(Section):
    """What studies of the user's own take where they say nothing else."""

    model: str = Field(description="Base model: a name under `models`.")
    encoder: EncoderSettings | None = Field(None, description="What the methods `encoder` share.")
    training: Training = Field(default_factory=Training, description="Fine-tuning.")
    generation: Generation = Field(default_factory=Generation, description="Generation of answers.")
    audit: Audit | None = Field(
        None,
        description="Whether gold answers of the test split are likelier to base models than those of the training "
        "split; null: not looked at.",
    )
