"""The road that all studies go: what `rules/road.smk` makes rules of. One object is one rule.

Values are what Snakemake takes: text with the study's own wildcards, or functions of wildcards. Paths are those of the
results tree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = Any
"""A value, or a function of wildcards that gives it."""


def nothing_more(wildcards: Any) -> dict[str, str]:
    """No further inputs."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What all rules of the road have. name: of the rule. study: of the configuration. task: as
    `medtune.studies.get_task` takes it. folder: of the model below results. more: gives further inputs by their names.
    wildcards: patterns that hold for this rule alone. env: the file in envs/. priority: higher ones start first."""

    name: str
    study: str
    task: str
    folder: str
    inputs: Mapping[str, Value] = field(default_factory=dict)
    more: Callable[[Any], Mapping[str, str]] = nothing_more
    wildcards: Mapping[str, str] = field(default_factory=dict)
    env: str = "train"
    priority: int = 0


@dataclass(frozen=True, kw_only=True)
class Train(Job):
    """A training. base: folder of the base model. adapter: folder."""

    threads: int
    resources: Mapping[str, Value]
    base: str
    adapter: str
    task_options: Value = field(default_factory=dict)
    settings: Value
    answer_tokens: int | None
    seed: Value

    @property
    def config(self) -> str:
        """The file by which other jobs take the adapter as an input."""
        return f"{self.adapter}/adapter_config.json"


@dataclass(frozen=True, kw_only=True)
class Generate(Job):
    """Answers of one model. splits: names of the inputs that hold examples. outputs: beside the predictions. prompting:
    how examples in the prompt are chosen and a label is, see `medtune.kinds.method_sections.Prompt`."""

    threads: Value
    resources: Mapping[str, Value]
    base: Value
    splits: tuple[str, ...]
    task_options: Value = field(default_factory=dict)
    settings: Value
    quantization: Value
    outputs: Mapping[str, str] = field(default_factory=dict)
    prompting: Value = None

    @property
    def more_params(self) -> dict[str, Value]:
        """Params that most answers have not: one that is not there makes nothing anew."""
        return {} if self.prompting is None else {"prompting": self.prompting}


@dataclass(frozen=True, kw_only=True)
class Audit(Job):
    """How likely gold answers of training and test items are to base models before any training. base: folder of the
    base model. audit: the file that it is written to. items: most items of each split."""

    threads: Value
    resources: Mapping[str, Value]
    base: Value
    audit: str
    task_options: Value
    quantization: Value
    items: int


@dataclass(frozen=True, kw_only=True)
class ApplyRules(Job):
    """Answers of a method without a neural model, which it learns in the same job. splits: names of the inputs that it
    answers. options: of the rules."""

    env: str = "analysis"
    splits: tuple[str, ...]
    task_options: Value
    options: Value


@dataclass(frozen=True, kw_only=True)
class TrainEncoder(Job):
    """Training of an encoder. base: folder of the base model. kind: of the study. types: its labels, or types of
    entities and relations, by these names. windows: how texts are cut."""

    threads: Value
    resources: Mapping[str, Value]
    base: Value
    kind: str
    types: Mapping[str, Any]
    settings: Value
    windows: Mapping[str, int]
    seed: Value


@dataclass(frozen=True, kw_only=True)
class ApplyEncoder(Job):
    """Answers of a trained encoder. splits: names of the inputs that it answers."""

    threads: Value
    resources: Mapping[str, Value]
    splits: tuple[str, ...]
    task_options: Value
    windows: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Take(Job):
    """Answers of a run of one of the five studies, in the form of a kind. source: that study. splits: names of the
    inputs that hold the examples. run: its name. benchmarks: of the jobs that answered. options: how the study reads
    its answers."""

    env: str = "analysis"
    source: str
    splits: tuple[str, ...]
    task_options: Value
    run: Value
    benchmarks: Value
    options: Value


@dataclass(frozen=True, kw_only=True)
class Score(Job):
    """Scores of one model's answers. outputs: beside metrics and items. options: what the study's `score` takes. local:
    whether it runs where Snakemake does; else with these threads and resources."""

    env: str = "analysis"
    splits: tuple[str, ...]
    local: bool = True
    threads: int = 1
    resources: Mapping[str, Value] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    options: Value = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GuardAdapter(Job):
    """What an adapter forgot of all but its task. base: folder of the base model. tests: files with items of other
    studies. sources: of each of them the study's name, task and options. settings: how many items are asked."""

    threads: int
    resources: Mapping[str, Value]
    base: str
    tests: tuple[str, ...]
    sources: Sequence[Mapping[str, Any]]
    settings: Mapping[str, int]
    quantization: Value


@dataclass(frozen=True, kw_only=True)
class WriteCard(Job):
    """The card of a model. base: folder of the base model. model: folder that the card is written into."""

    env: str = "analysis"
    base: str
    model: str
    options: Value = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Road:
    """All rules of a study that are of the road. MACCROBAT's encoders are trained, and tag, by rules of their own."""

    train: tuple[Train, ...] = ()
    generate: tuple[Generate, ...] = ()
    audit: tuple[Audit, ...] = ()
    apply_rules: tuple[ApplyRules, ...] = ()
    train_encoder: tuple[TrainEncoder, ...] = ()
    apply_encoder: tuple[ApplyEncoder, ...] = ()
    take: tuple[Take, ...] = ()
    score: tuple[Score, ...]
    guard: tuple[GuardAdapter, ...] = ()
    card: tuple[WriteCard, ...]
