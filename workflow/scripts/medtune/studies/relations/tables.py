"""Rows of the tables by type, by class of error and by pair of types, and of what the answers are like."""

from collections.abc import Iterator, Mapping
from typing import Any

from medtune.kinds.relations.output import Removals
from medtune.metrics.estimate import VALUES, end_cells, end_columns
from medtune.metrics.prf import FIGURES
from medtune.studies.relations.runs import Run, Runs

TYPE_COLUMNS = (
    "run",
    "split",
    "type",
    "gold",
    "predicted",
    "n_documents",
    *end_columns("precision", "recall", "f1", "relaxed_precision", "relaxed_recall", "relaxed_f1"),
    "labels",
)
"""gold, predicted: its items. n_documents: those that have gold ones; for all types together, all documents."""
ERROR_COLUMNS = ("run", "split", "class", "count", *end_columns("share"), "labels")
"""share: of all cases, which are the gold relations, the predicted ones, and pairs of both."""
CONFUSION_COLUMNS = ("run", "split", "gold", "predicted", "count", "labels")
ANSWER_COLUMNS = (
    "run",
    "split",
    "n_documents",
    *end_columns("parse_rate", "repair_rate", "cut_rate"),
    *Removals.__dataclass_fields__,
    "duplicates_left",
    *end_columns("mean_output_tokens"),
    "seconds_per_document",
    "labels",
)
"""duplicates_left: repeated relations in what is scored. seconds_per_document: of the whole job, loading included."""
FAMILIARITY_COLUMNS = (
    "run",
    "split",
    "terms",
    "n_documents",
    "entities",
    *end_columns("entity_precision", "entity_recall", "entity_f1"),
    "relations",
    *end_columns("relation_f1"),
    "labels",
)
"""terms: whether the text of an entity stands in the training split as one. entities, relations: gold ones. A relation
counts as held out where one of its entities does; without figures where relations are between concepts."""
NONE = dict.fromkeys(VALUES)
"""A figure that is not there."""
MICRO, MACRO = "all (micro)", "all (macro)"
RELAXED = {"entities": "type", "relations": "relaxed"}
"""The scheme that forgives boundaries; that of relations forgives the entity types of their arguments, too."""


def type_rows(runs: Runs, kind: str) -> list[dict]:
    """Figures of each type and of all, but for `labels`. kind: "entities" or "relations"."""
    return [
        _type_row(run, split, label, found, scheme_figures, RELAXED[kind])
        for run, split, metrics in _scored(runs, kind)
        for label, found, scheme_figures in _types(metrics[kind])
    ]


def error_rows(runs: Runs) -> list[dict]:
    """Relations by class, but for `labels`."""
    return [
        {"run": run.name, "split": split, "class": kind, "count": error["count"], **end_cells("share", error["share"])}
        for run, split, metrics in _scored(runs, "relations")
        for kind, error in metrics["errors"].items()
    ]


def confusion_rows(runs: Runs, kind: str) -> list[dict]:
    """Counts by gold and predicted type, but for `labels`. kind: "entity" or "relation"."""
    return [
        {"run": run.name, "split": split, "gold": gold, "predicted": predicted, "count": count}
        for run, split, metrics in _scored(runs, f"{kind}_confusion")
        for gold, row in metrics[f"{kind}_confusion"].items()
        for predicted, count in row.items()
    ]


def familiarity_rows(runs: Runs) -> list[dict]:
    """Figures of what stands in the training text and of what does not, but for `labels`."""
    return [
        {
            "run": run.name,
            "split": split,
            "terms": kind,
            "n_documents": found["n_documents"],
            "entities": found["entities"],
            **{
                key: value
                for name in ("entity_precision", "entity_recall", "entity_f1", "relation_f1")
                for key, value in end_cells(name, found.get(name, NONE)).items()
            },
            "relations": found.get("relations"),
        }
        for run, split, metrics in _scored(runs, "familiarity")
        for kind, found in metrics["familiarity"].items()
    ]


def answer_rows(runs: Runs) -> list[dict]:
    """What the answers are like, but for `labels`."""
    return [
        {
            "run": run.name,
            "split": split,
            "n_documents": metrics["n"],
            **{
                key: value
                for name in ("parse_rate", "repair_rate", "cut_rate", "mean_output_tokens")
                for key, value in end_cells(name, metrics[name]).items()
            },
            **metrics["removals"],
            "duplicates_left": metrics["duplicates"],
            "seconds_per_document": run.seconds_per_document,
        }
        for run, split, metrics in _scored(runs, "relations")
    ]


def _scored(runs: Runs, key: str) -> Iterator[tuple[Run, str, Mapping[str, Any]]]:
    """Runs and splits whose metrics have the key."""
    return ((run, split, metrics) for run in runs for split, metrics in run.splits.items() if key in metrics)


def _types(scores: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Name, what there is of it, and figures by scheme."""
    for label, found in scores["by_label"].items():
        yield label, found, found["schemes"]
    for label, figures in ((MICRO, scores["micro"]), (MACRO, scores["macro"])):
        yield label, scores, figures


def _type_row(
    run: Run, split: str, label: str, found: Mapping[str, Any], figures: Mapping[str, Any], relaxed: str
) -> dict:
    row = {
        "run": run.name,
        "split": split,
        "type": label,
        "gold": found["gold"],
        "predicted": found["predicted"],
        "n_documents": found["documents"],
    }
    for name in FIGURES:
        row |= end_cells(name, figures["strict"][name]) | end_cells(f"relaxed_{name}", figures[relaxed][name])
    return row
