"""What the figures of a kind are called, and which of its answers may go without review: what kinds declare.

Loads nothing: model cards of single runs need it, too.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """A figure that pages and tables show. key: in a split of metrics.json. name: in words. share: as a percentage.
    in_items: whether it is the mean of a column of items.csv with this name, so that the table of methods has it too,
    over seeds."""

    key: str
    name: str
    share: bool = True
    in_items: bool = False


@dataclass(frozen=True)
class Automation:
    """What a kind calls an answer's confidence and whether it is right: columns of items.csv. An answer is accepted or
    not as a whole. answers: what single ones are called (plural)."""

    confidence: str
    right: str
    answers: str
