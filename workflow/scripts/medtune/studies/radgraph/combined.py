"""The adapters' outputs combined per report, scored as one annotation."""

from collections.abc import Sequence
from dataclasses import dataclass

from medtune.data.span import Span
from medtune.metrics.estimate import end_cells, end_columns
from medtune.metrics.proportions import proportion
from medtune.metrics.span_scores import SpanDocument
from medtune.studies.radgraph.combine import Conflict, annotated, combine_entities, conflict_row
from medtune.studies.radgraph.found import Found, token_entity
from medtune.studies.radgraph.report_scores import radgraph_f1
from medtune.studies.radgraph.reports import LABELS, Report
from medtune.studies.radgraph.runs import Run
from medtune.studies.radgraph.score import SPAN_FIGURES, span_figures, span_of

COMBINED_FIGURES = (*SPAN_FIGURES, "report_match")
COMBINED_COLUMNS = (
    "model",
    "split",
    *end_columns(*COMBINED_FIGURES),
    "conflicts",
    "ungroundable",
    "n_reports",
    "n_gold",
)


@dataclass(frozen=True)
class Combined:
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


def combine_outcomes(runs: Sequence[Run], split: str) -> list[Combined]:
    """Each report of a split, in the order of the data. runs: one model's, for all entity types.

    A model speaks for its own entity type alone: what it wrote under another one has no place in the annotation.
    """
    combined = []
    for outcomes in zip(*(run.outcomes[split] for run in runs), strict=True):
        own = [
            found
            for run, outcome in zip(runs, outcomes, strict=True)
            for found in outcome.found
            if found.label == run.entity
        ]
        entities, conflicts = combine_entities(own)
        report = outcomes[0]
        combined.append(
            Combined(
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
    return combined


def combined_figures(combined: Sequence[Combined]) -> dict:
    """Figures of the combined annotation against the gold of all types, micro over the types.

    Values without a place are false positives here too, although an annotation cannot show them.
    """
    documents = [
        SpanDocument(report.gold, [span_of(entity) for entity in report.entities], (), report.unplaced)
        for report in combined
    ]
    gold = [{token_entity(report.annotation.tokens, span) for span in report.gold} for report in combined]
    found = [
        {
            *(token_entity(report.annotation.tokens, span_of(entity)) for entity in report.entities),
            *(("ungroundable", number, label) for number, label in enumerate(report.unplaced)),
        }
        for report in combined
    ]
    return {
        **span_figures(documents, LABELS),
        "radgraph_f1": radgraph_f1(gold, found).as_dict(),
        "report_match": proportion(sum(report.right for report in combined), len(combined), unit="reports").as_dict(),
    }


def combined_row(model: str, split: str, combined: Sequence[Combined], figures: dict) -> dict:
    """A row of merged.csv."""
    return {
        "model": model,
        "split": split,
        **{column: cell for name in COMBINED_FIGURES for column, cell in end_cells(name, figures[name]).items()},
        "conflicts": sum(len(report.conflicts) for report in combined),
        "ungroundable": sum(len(report.unplaced) for report in combined),
        "n_reports": figures["n_reports"],
        "n_gold": figures["n_gold"],
    }


def conflict_rows(combined: Sequence[Combined]) -> list[dict]:
    """Rows of conflicts.csv."""
    return [conflict_row(report.id, conflict) for report in combined for conflict in report.conflicts]
