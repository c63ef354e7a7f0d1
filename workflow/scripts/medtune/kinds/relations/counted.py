"""The answers of one split, counted, and the figures of these counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from medtune.data.relation_schema import RelationSchema
from medtune.kinds.relations.answers import Answer
from medtune.kinds.relations.matching import CLASSES, DUPLICATE, RelationCase, classify_relations, given_entities
from medtune.kinds.relations.output import Removals
from medtune.kinds.relations.pairs import found_spans
from medtune.kinds.relations.relation_scores import (
    RelationCounts,
    confusion_matrix,
    count_relations,
    entity_types,
    error_counts,
    relation_types,
    score_relations,
)
from medtune.metrics.drawn import Drawn
from medtune.metrics.intervals import amount, f1, share
from medtune.metrics.prf import FIGURES
from medtune.metrics.span_scores import SpanCounts, count_spans, score_spans

DOCUMENTS = "documents"
COUNTED = {
    "entity": ("entity_tp", "entity_fp", "entity_fn"),
    "relation": ("relation_tp", "relation_fp", "relation_fn"),
    "relaxed": ("relaxed_tp", "relaxed_fp", "relaxed_fn"),
}
"""Columns of items.csv that hold true positives, false positives and false negatives: of entities (boundaries and
type), of relations by the strict rule, and of relations by the relaxed one."""
ANSWER_COLUMNS = ("status", "repaired", "finish")
COUNT_COLUMNS = (
    *(name for names in COUNTED.values() for name in names),
    "duplicates",
    *Removals.__dataclass_fields__,
    "output_tokens",
)


@dataclass(frozen=True)
class Counted:
    """The answers of one split, counted. entities: none where they are given. among_found: relations whose two
    arguments were found, so that what is wrong there is not so because of the entities."""

    answers: Sequence[Answer]
    schema: RelationSchema
    entities: SpanCounts | None
    relations: RelationCounts
    among_found: RelationCounts | None
    cases: Sequence[RelationCase]

    @cached_property
    def errors(self) -> dict[str, np.ndarray]:
        """By class the number of relations in each document, (documents,)."""
        return error_counts(self.cases, len(self.answers))


def count(answers: Sequence[Answer], schema: RelationSchema, given: bool = False) -> Counted:
    """Pair all answers of a split with the gold annotation, relations being between mentions. given: whether the
    entities are given, not found."""
    pairs = [answer.relations for answer in answers]
    spans = [answer.entities for answer in answers]
    among = [given_entities(pair, found_spans(found)) for pair, found in zip(pairs, spans, strict=True)]
    return Counted(
        answers=answers,
        schema=schema,
        entities=None if given else count_spans(spans, schema.entities),
        relations=count_relations(pairs, schema.symmetric, relation_names(schema)),
        among_found=None if given else count_relations(among, schema.symmetric),
        cases=classify_relations(pairs, schema.symmetric),
    )


def relation_names(schema: RelationSchema) -> list[str]:
    """Names of the relation types."""
    return [relation.name for relation in schema.relations]


def split_metrics(counted: Counted, drawn: Drawn | None = None) -> dict:
    """All figures of one split: those that are shown most by their names, the rest under `entities` and `relations`.

    drawn: what intervals are over; None for the documents. Where it is groups, n of the figures, and `documents` under
    `entities` and `relations`, count these, and `mean_output_tokens` is the mean over groups of their means. An output
    that cannot be read has found nothing, so that all of its document is missed.
    """
    drawn = drawn or Drawn(DOCUMENTS)
    answers = counted.answers
    return {
        "n": len(answers),
        **({} if counted.entities is None else _entity_metrics(counted, drawn)),
        **_relation_metrics(counted, drawn),
        "parse_rate": drawn.share([answer.status == "ok" for answer in answers]).as_dict(),
        "repair_rate": drawn.share([answer.repaired for answer in answers]).as_dict(),
        "cut_rate": drawn.share([answer.finish == "length" for answer in answers]).as_dict(),
        "mean_output_tokens": _mean_tokens(answers, drawn),
        "duplicates": round(counted.errors[DUPLICATE].sum()),
        "removals": {
            name: sum(getattr(answer.found.removals, name) for answer in answers)
            for name in Removals.__dataclass_fields__
        },
    }


def item_cells(counted: Counted) -> Iterator[dict]:
    """What rows of items.csv say of each answer: `ANSWER_COLUMNS` and `COUNT_COLUMNS`. Without counts of entities where
    they are given."""
    tables = {
        "entity": None if counted.entities is None else counted.entities.f1_counts("strict"),
        "relation": counted.relations.f1_counts("strict"),
        "relaxed": counted.relations.f1_counts("relaxed"),
    }
    for number, answer in enumerate(counted.answers):
        row: dict[str, Any] = {name: getattr(answer, name) for name in ANSWER_COLUMNS}
        for kind, columns in COUNTED.items():
            table = tables[kind]
            values = [None] * len(columns) if table is None else map(round, table[number])
            row |= dict(zip(columns, values, strict=True))
        row["duplicates"] = round(counted.errors[DUPLICATE][number])
        row |= {name: getattr(answer.found.removals, name) for name in Removals.__dataclass_fields__}
        yield {**row, "output_tokens": answer.output_tokens}


def _entity_metrics(counted: Counted, drawn: Drawn) -> dict:
    found = counted.entities
    scores = score_spans(replace(found, table=drawn.summed(found.table)), drawn.unit).as_dict()
    micro = scores["micro"]
    matrix = confusion_matrix(entity_types(answer.entities for answer in counted.answers), counted.schema.entities)
    return {
        **{f"entity_{name}": micro["strict"][name] for name in FIGURES},
        **{f"entity_{scheme}_f1": micro[scheme]["f1"] for scheme in ("exact", "partial", "type")},
        "entity_macro_f1": scores["macro"]["strict"]["f1"],
        "entities": {**scores, "counts": _sums(found.f1_counts("strict"))},
        "entity_confusion": matrix,
        "relation_f1_found_entities": f1(drawn.summed(counted.among_found.f1_counts("strict")), drawn.unit).as_dict(),
    }


def _relation_metrics(counted: Counted, drawn: Drawn) -> dict:
    found = counted.relations
    scores = score_relations(replace(found, table=drawn.summed(found.table)), drawn.unit).as_dict()
    micro = scores["micro"]
    errors = {kind: drawn.summed(counts[:, None])[:, 0] for kind, counts in counted.errors.items()}
    total = sum(errors.values())
    return {
        **{f"relation_{name}": micro["strict"][name] for name in FIGURES},
        "relation_relaxed_f1": micro["relaxed"]["f1"],
        "relation_macro_f1": scores["macro"]["strict"]["f1"],
        "relations": {
            **scores,
            "counts": _sums(found.f1_counts("strict")),
            "relaxed_counts": _sums(found.f1_counts("relaxed")),
        },
        "relation_confusion": confusion_matrix(relation_types(counted.cases), relation_names(counted.schema)),
        # Of all cases: gold relations, predicted ones, and pairs of both.
        "errors": {
            kind: {"count": round(errors[kind].sum()), "share": share(errors[kind], total, drawn.unit).as_dict()}
            for kind in CLASSES
        },
    }


def _mean_tokens(answers: Sequence[Answer], drawn: Drawn) -> Mapping[str, Any]:
    known = [place for place, answer in enumerate(answers) if answer.output_tokens is not None]
    counts = np.array([[answers[place].output_tokens, 1] for place in known], dtype=float).reshape(-1, 2)
    sums = drawn.of(known).summed(counts)
    return amount(sums[:, 0] / sums[:, 1], drawn.unit).as_dict()


def _sums(counts: np.ndarray) -> dict[str, int]:
    names = ("true_positives", "false_positives", "false_negatives")
    return dict(zip(names, map(round, counts.sum(axis=0)), strict=True))
