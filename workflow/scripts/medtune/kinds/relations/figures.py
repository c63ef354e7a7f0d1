"""What summaries show of relations, and what two runs are compared by."""

from collections.abc import Mapping, Sequence

import numpy as np

from medtune.kinds.relations.counted import COUNTED
from medtune.kinds.relations.score import GRAPH_F1, ITEM_COLUMNS
from medtune.kinds.shown import Shown
from medtune.metrics.counts import f1_of_counts as ratio
from medtune.metrics.drawn import summed_by_unit

__all__ = ["ITEM_COLUMNS", "JUDGED", "SHOWN", "ratio", "sums"]

JUDGED = "relation_f1"
SHOWN = (
    Shown("relation_f1", "relations: strict F1 (type, direction, both entities)"),
    Shown("relation_precision", "relations: strict precision"),
    Shown("relation_recall", "relations: strict recall"),
    Shown("relation_macro_f1", "relations: strict macro-F1 (mean over types)"),
    Shown("relation_relaxed_f1", "relations: relaxed F1 (entities overlap)"),
    Shown("relation_f1_found_entities", "relations: strict F1 among entities that were found"),
    Shown("entity_f1", "entities: strict F1 (boundaries and type)"),
    Shown("entity_precision", "entities: strict precision"),
    Shown("entity_recall", "entities: strict recall"),
    Shown("entity_macro_f1", "entities: strict macro-F1 (mean over types)"),
    Shown(GRAPH_F1["simple"], "RadGraph F1, simple (words and type of entities)", in_items=True),
    Shown(GRAPH_F1["partial"], "RadGraph F1, partial (and whether they are related)", in_items=True),
    Shown(GRAPH_F1["complete"], "RadGraph F1, complete (and how, and to what)", in_items=True),
    Shown("parse_rate", "outputs that parse"),
    Shown("allowed_rate", "outputs without a relation against the schema"),
)


def sums(items: Sequence[Mapping[str, str]]) -> tuple[list[str], np.ndarray]:
    """What was drawn, by name, and of each the true positives, false positives and false negatives of relations by the
    strict rule, (units, 3). items: rows of items.csv."""
    counts = np.array([[item[name] for name in COUNTED["relation"]] for item in items], dtype=float).reshape(-1, 3)
    return summed_by_unit(items, counts)
