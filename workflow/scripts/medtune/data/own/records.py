"""What readers of the user's data are asked for, what they give, and how problems are told."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medtune.errors import InputError

SPLITS = ("train", "validation", "test")
NOT_LABELLED = "neither label nor answer"
"""Why a record of an annotation tool is left out."""
OTHERS = "*"
SHOWN = 3
"""Problems that a message shows."""


@dataclass(frozen=True)
class Allowed:
    """Between which entity types a relation can hold, as in `kinds.own_section.OwnRelation`."""

    heads: tuple[str, ...]
    tails: tuple[str, ...]
    symmetric: bool = False


@dataclass(frozen=True)
class OwnSource:
    """Where a study's data are, and what they may hold.

    kind: "labels", "spans", "relations" or "answers". path: None where the user's own reader needs none. file: of that
    reader. format: as in the configuration, None where the ending tells. columns: column by canonical field; None
    where there is none. labels, entities, relations: those that the study knows. ignore: labels or types left
    out, `OTHERS` for all that the study does not know.
    """

    kind: str
    path: str | None
    columns: Mapping[str, str | None]
    file: str | None = None
    format: str | None = None
    labels: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    relations: Mapping[str, Allowed] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    def ignores(self, name: str, known: Iterable[str]) -> bool:
        """Whether a label or type is left out. known: those of its sort that the study knows."""
        return name in self.ignore or (OTHERS in self.ignore and name not in known)

    @property
    def shown(self) -> str:
        """What messages name."""
        return self.path or self.file or "the data"

    @property
    def given(self) -> dict[str, str]:
        """The columns that there are."""
        return {field: column for field, column in self.columns.items() if column is not None}


@dataclass(frozen=True)
class OwnRecord:
    """One record as a reader gives it. where: file with line or record, for messages. key: its id where the data name
    none. fields: canonical fields, unchecked. dropped: why it is no example, where it is none. left_out: what was left
    out or changed in it, and how often."""

    where: str
    key: str
    fields: dict[str, Any] = field(default_factory=dict)
    dropped: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


class Problems:
    """What is wrong with the data: all of it is told at once, the first ones in full."""

    def __init__(self, path: str):
        """path: file or folder, which heads the message where there are several problems."""
        self.path = path
        self.found: list[str] = []

    def add(self, sentence: str) -> None:
        """A sentence with file, line or record, what is wrong and what is expected."""
        self.found.append(sentence)

    def raise_if_any(self) -> None:
        """Raise InputError with the one sentence, or with the first three and how many there are."""
        if len(self.found) == 1:
            raise InputError(self.found[0])
        if self.found:
            more = [f"and {len(self.found) - SHOWN} more"] if len(self.found) > SHOWN else []
            lines = "\n  ".join([*self.found[:SHOWN], *more])
            raise InputError(f"{self.path}: {len(self.found)} problems\n  {lines}")


def check_no_columns(source: OwnSource, form: str) -> None:
    """Raise InputError when a column is named that a format without columns would be expected to have."""
    for name in ("id", "group", "split"):
        if source.columns.get(name) is not None:
            raise InputError(
                f"data.columns.{name}: {form} has no columns; leave it out, or read the data with a Python file "
                "of your own (docs/own_study.md)"
            )


def one_of(noun: str, value: str, allowed: Iterable[str]) -> str:
    """'unknown label "curent"; expected one of current, never; did you mean "current"?'"""
    allowed = list(allowed)
    folded = {name.casefold(): name for name in allowed}
    close = difflib.get_close_matches(value.casefold(), folded, n=1)
    hint = f'; did you mean "{folded[close[0]]}"?' if close else ""
    return f'unknown {noun} "{value}"; expected one of {", ".join(allowed)}{hint}'


def counted(counts: Counter[str]) -> dict[str, int]:
    """Counts by name, the most frequent first, equal ones by the alphabet."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
