"""The outputs of the four models as one annotation: a token belongs to one entity at most."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from medtune.studies.radgraph.found import Found
from medtune.studies.radgraph.reports import LABELS, Corpus, Entity, Report, make_entity, to_layout
from medtune.studies.radgraph.segments import tokenise

SAME_SPAN, OVERLAP = "same span", "overlap"
CONFLICT_COLUMNS = (
    "report",
    "kind",
    *(f"{side}_{name}" for side in ("kept", "dropped") for name in ("label", "text", "start", "end", "confidence")),
)


@dataclass(frozen=True)
class Conflict:
    """Two entities that share a token, of which the one with more confidence was kept."""

    kept: Found
    dropped: Found

    @property
    def kind(self) -> str:
        """ "same span" (then the labels differ) or "overlap"."""
        return SAME_SPAN if _tokens(self.kept) == _tokens(self.dropped) else OVERLAP


def combine_entities(found: Sequence[Found]) -> tuple[list[Found], list[Conflict]]:
    """One set of entities for a report, in the order of its text, and what had to give way.

    Entities with the same tokens and label are one, with the highest of their confidences. Of those that share a
    token the surer one stays (unknown confidence comes last; then the longer, the earlier, the one first in
    `LABELS`), taken from the surest on, so that what gave way displaces nothing. Each that gave way is in one
    conflict, with the surest entity that it met. The order of `found` does not matter.
    """
    kept: list[Found] = []
    conflicts: list[Conflict] = []
    holder: dict[int, int] = {}  # by token, the number of the kept entity on it
    for entity in sorted(_distinct(found), key=_precedence):
        tokens = range(entity.start_token, entity.end_token + 1)
        met = [holder[token] for token in tokens if token in holder]
        if met:
            conflicts.append(Conflict(kept[min(met)], entity))
            continue
        holder.update(dict.fromkeys(tokens, len(kept)))
        kept.append(entity)
    return sorted(kept, key=_position), sorted(conflicts, key=lambda conflict: _position(conflict.dropped))


def conflict_row(report: str, conflict: Conflict) -> dict:
    """A row of conflicts.csv. report: its id. Positions are characters of the report, end exclusive."""
    row = {"report": report, "kind": conflict.kind}
    for name, side in (("kept", conflict.kept), ("dropped", conflict.dropped)):
        row |= {
            f"{name}_label": side.label,
            f"{name}_text": side.text,
            f"{name}_start": side.start_char,
            f"{name}_end": side.end_char,
            f"{name}_confidence": side.confidence,
        }
    return row


def annotated(identifier: str, text: str, entities: Sequence[Found], source: str | None, split: str | None) -> Report:
    """A report with combined entities, numbered from 1 on. source, split: for the layout's data_source, data_split."""
    tokens = tokenise(text)
    made: list[Entity] = [
        make_entity(text, tokens, str(number), entity.label, entity.start_token, entity.end_token)
        for number, entity in enumerate(entities, start=1)
    ]
    return Report(identifier, text, tokens, tuple(made), source, split)


def layout_of(reports: Sequence[Report]) -> dict:
    """The reports in RadGraph's layout."""
    return to_layout(Corpus(tuple(reports)))


def _distinct(found: Sequence[Found]) -> list[Found]:
    """One entity for each tokens and label; with the widest characters, where those differ within a token."""
    same: dict[tuple[int, int, str], Found] = {}
    for entity in sorted(found, key=_position):
        key = (*_tokens(entity), entity.label)
        known = same.setdefault(key, entity)
        if _sureness(entity) > _sureness(known):
            same[key] = replace(known, confidence=entity.confidence)
    return list(same.values())


def _tokens(entity: Found) -> tuple[int, int]:
    return entity.start_token, entity.end_token


def _sureness(entity: Found) -> float:
    return -1.0 if entity.confidence is None else entity.confidence


def _precedence(entity: Found) -> tuple:
    return -_sureness(entity), entity.start_token - entity.end_token, entity.start_token, _rank(entity)


def _position(entity: Found) -> tuple:
    return (
        entity.start_token,
        entity.end_token,
        _rank(entity),
        entity.start_char,
        -entity.end_char,
        -_sureness(entity),
        entity.text,
    )


def _rank(entity: Found) -> tuple[int, str]:
    """Place of a label in `LABELS`; others follow by name."""
    return (LABELS.index(entity.label) if entity.label in LABELS else len(LABELS), entity.label)
