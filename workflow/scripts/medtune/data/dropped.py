"""Records that are left out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dropped:
    """A record that was left out, and why."""

    source: str
    key: str
    reason: str
