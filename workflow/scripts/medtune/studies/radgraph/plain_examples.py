"""Reports with their entities and relations, in the canonical form of their kind."""

from collections.abc import Iterator
from pathlib import Path

from medtune.studies.radgraph.reports import read_radgraph

KINDS = ("spans", "relations")


def plain_examples(path: Path | str, kind: str) -> Iterator[dict]:
    """Reports of one split as `kinds.spans` and `kinds.relations` take them. kind: one of `KINDS`."""
    for report in read_radgraph(path).reports:
        places = {entity.id: place for place, entity in enumerate(report.entities)}
        entities = [{"start": e.start_char, "end": e.end_char, "type": e.label} for e in report.entities]
        row = {"id": report.id, "text": report.text, "entities": entities}
        relations = [
            {"head": places[entity.id], "tail": places[other], "type": relation}
            for entity in report.entities
            for relation, other in entity.relations
        ]
        yield row | ({"relations": relations} if kind == "relations" else {})
