"""The adapters' outputs merged per report, scored as one annotation."""

from collections.abc import Sequence
from dataclasses import dataclass

from medtune.metrics.estimate import end_columns, end_values
from medtune.metrics.proportions import proportion
from medtune.metrics.span_scores import SpanDocument, radgraph_f1
from medtune.metrics.spans import Span
from medtune.studies.radgraph.found import Found, token_entity
from medtune.studies.radgraph.merge import Conflict, annotated, conflict_row, merge_entities
from medtune.studies.radgraph.reports import LABELS, Report
from medtune.studies.radgraph.runs import Run
from medtune.studies.radgraph.score import SPAN_FIGURES, span_figures, span_of

MERGED_FIGURES = (*SPAN_FIGURES, "report_match")
MERGED_COLUMNS = (
    "model",
    "split",
    *end_columns(*MERGED_FIGURES),
    "conflicts",
    "ungroundable",
    "n_reports",
    "n_gold",
)


@dataclass(frozen=True)
class Merged:
    """One report with the entities of all four models. gold: of all types. unplaced: labels of values without a
    place. parsed: whether all outputs parsed. confidence: the least of the four. annotation: as one report."""

    id: str
    gold: tuple[Span, ...]
    entities: tuple[Found, ...]
    conflicts: tuple[Conflict, ...]
    unplaced: tuple[str, ...]
    parsed: bool
    confidence: float
    annotation: Report

    @property
    def right(self) -> bool:
        """Whether all gold spans are found and nothing else."""
        spans = sorted(span_of(entity) for entity in self.entities)
        return self.parsed and not self.unplaced and spans == sorted(self.gold)


def merge_outcomes(runs: Sequence[Run], split: str) -> list[Merged]:
    """Each report of a split, in the order of the data. runs: one model's, for all entity types.

    A model speaks for its own entity type alone: what it wrote under another one has no place in the annotation.
    """
    merged = []
    for outcomes in zip(*(run.outcomes[split] for run in runs), strict=True):
        own = [
            found
            for run, outcome in zip(runs, outcomes, strict=True)
            for found in outcome.found
            if found.label == run.entity
        ]
        entities, conflicts = merge_entities(own)
        report = outcomes[0]
        merged.append(
            Merged(
                report.id,
                tuple(span for outcome in outcomes for span in outcome.gold),
                tuple(entities),
                tuple(conflicts),
                tuple(label for outcome in outcomes for label in outcome.unplaced),
                all(outcome.parsed for outcome in outcomes),
                min(outcome.confidence for outcome in outcomes),
                annotated(report.id, report.text, entities, None, split),
            )
        )
    return merged


def merged_figures(merged: Sequence[Merged]) -> dict:
    """Figures of the merged annotation against the gold of all types, micro over the types.

    Values without a place are false positives here too, although an annotation cannot show them.
    """
    documents = [
        SpanDocument(report.gold, [span_of(entity) for entity in report.entities], (), report.unplaced)
        for report in merged
    ]
    gold = [{token_entity(report.annotation.tokens, span) for span in report.gold} for report in merged]
    found = [
        {
            *(token_entity(report.annotation.tokens, span_of(entity)) for entity in report.entities),
            *(("ungroundable", number, label) for number, label in enumerate(report.unplaced)),
        }
        for report in merged
    ]
    return {
        **span_figures(documents, LABELS),
        "radgraph_f1": radgraph_f1(gold, found).as_dict(),
        "report_match": proportion(sum(report.right for report in merged), len(merged), unit="reports").as_dict(),
    }


def merged_row(model: str, split: str, merged: Sequence[Merged], figures: dict) -> dict:
    """A row of merged.csv."""
    values = (
        model,
        split,
        *(cell for name in MERGED_FIGURES for cell in end_values(figures[name])),
        sum(len(report.conflicts) for report in merged),
        sum(len(report.unplaced) for report in merged),
        figures["n_reports"],
        figures["n_gold"],
    )
    return dict(zip(MERGED_COLUMNS, values, strict=True))


def conflict_rows(merged: Sequence[Merged]) -> list[dict]:
    """Rows of conflicts.csv."""
    return [conflict_row(report.id, conflict) for report in merged for conflict in report.conflicts]
