"""What the report says of a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caption:
    """What stands over a table and under its title."""

    title: str
    note: str
