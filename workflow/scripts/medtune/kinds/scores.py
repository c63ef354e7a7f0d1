"""What the scores of one model are, whatever the kind or study."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scores:
    """metrics: content of metrics.json, figures as dictionaries of `Estimate`. items: rows of items.csv. files: content
    of further JSON outputs by name. columns: of items.csv, where they depend on the settings; None means
    `ITEM_COLUMNS` of the module that scored."""

    metrics: dict
    items: list[dict]
    files: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
