"""What every page and every card says of figures: what they are worth, and what was published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medtune.reporting.prose import listed
from medtune.reporting.tables import percent


@dataclass(frozen=True)
class Published:
    """A figure of the study as published (Mistral 7B in 4 bit, 2026-02-08): strict micro-F1. key: of the same figure in
    a split of metrics.json."""

    kind: str
    key: str
    target: float
    published: float


PUBLISHED = (
    Published("entities", "entity_f1", target=0.85, published=0.848),
    Published("relations", "relation_f1", target=0.75, published=0.392),
)
PUBLISHED_NOTE = (
    "The study was published with these targets and with these figures of 50 documents of its own corpus, reached by "
    "Mistral 7B in 4 bit. They are of other documents and another way of counting, and not comparable to a run here."
)


def published_words() -> str:
    """Targets and published figures in a sentence."""
    parts = [f"{one.kind}: target {percent(one.target)}, published {percent(one.published)}" for one in PUBLISHED]
    return f"Strict micro-F1 of {'; of '.join(parts)}."


def what_figures_show(manifest: Mapping[str, Any]) -> str | None:
    """What figures of synthetic documents show; None where documents are real."""
    if not all(source["format"] == "synthetic" for source in manifest["sources"]):
        return None
    found = manifest.get("leakage", {}).get("held_out", {})
    read = [name for name, kinds in found.items() if kinds is not None]
    apart = (
        f" No sentence, sentence template or held-out term of validation and test stands in the {listed(read)} text "
        "(counted in data/manifest.json)."
        if read and not any(kind["shared"] for name in read for kind in found[name].values())
        else ""
    )
    return (
        "The documents are synthetic, made by rules: the figures show that the workflow works, and what an adapter "
        "adds to this base model on such documents; they say nothing about real text. Other hardware gives other "
        f"figures.{apart}"
    )
