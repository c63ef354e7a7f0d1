"""Rules of each kind, fitted to the training split."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, Protocol, get_args

from medtune.config.rules import AnswerRules, LabelRules, RelationRules, SpanRules
from medtune.kinds.task import Task
from medtune.methods.found import Found

Kind = Literal["labels", "spans", "relations", "answers"]
SETTINGS = dict(zip(get_args(Kind), (LabelRules, SpanRules, RelationRules, AnswerRules), strict=True))


class Fitted(Protocol):
    """Fitted rules. record: what was learnt, as JSON-able values for training.json."""

    record: Mapping[str, Any]

    def answer(self, examples: Sequence[dict]) -> list[Found]:
        """The answer to each example, in their order; looks at nothing of it but the text."""


def fit(kind: Kind, task: Task, examples: Sequence[dict], options: Mapping[str, Any]) -> Fitted:
    """Fit the rules of a kind. examples: of training, at least one, canonical ones of the kind. options: as the section
    of the kind takes them (`SETTINGS`). Nothing is drawn: the same examples give the same rules.

    Raises InputError where a library is missing.
    """
    rules = import_module(f"medtune.methods.rules.{kind}")
    return rules.fit(task, examples, SETTINGS[kind](**options))
