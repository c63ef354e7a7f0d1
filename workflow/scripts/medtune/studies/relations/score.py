"""Score the answers of one run: entities and relations, against what is annotated."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from medtune.data.relation_output import Removals
from medtune.data.relation_pairs import between_concepts, found_spans
from medtune.data.relation_schema import RelationSchema
from medtune.data.schema_file import read_schema
from medtune.errors import InputError
from medtune.files import read_json, read_text
from medtune.metrics.concepts import given_mentions
from medtune.metrics.intervals import amount, f1, share
from medtune.metrics.proportions import proportion
from medtune.metrics.relation_scores import (
    RelationCounts,
    confusion_matrix,
    count_concept_relations,
    count_relations,
    entity_types,
    error_counts,
    relation_types,
    score_relations,
)
from medtune.metrics.relations import (
    CLASSES,
    CORRECT,
    DUPLICATE,
    Argument,
    Relation,
    RelationCase,
    Unplaced,
    classify_relations,
    given_entities,
)
from medtune.metrics.span_scores import SpanCounts, count_spans, score_spans
from medtune.metrics.spans import Span
from medtune.studies.relations.answers import GIVEN, Answer, read_answers
from medtune.studies.relations.familiarity import split_entities, split_relations

NAME = "relations"
COUNTED = {
    "entity": ("entity_tp", "entity_fp", "entity_fn"),
    "relation": ("relation_tp", "relation_fp", "relation_fn"),
    "relaxed": ("relaxed_tp", "relaxed_fp", "relaxed_fn"),
}
"""Columns of items.csv that hold true positives, false positives and false negatives: of entities (boundaries and
type), of relations by the strict rule, and of relations by the relaxed one."""
ITEM_COLUMNS = (
    "id",
    "split",
    "status",
    "repaired",
    "finish",
    *(name for names in COUNTED.values() for name in names),
    "duplicates",
    *Removals.__dataclass_fields__,
    "output_tokens",
)


@dataclass(frozen=True)
class Scores:
    """metrics: content of metrics.json, figures as dictionaries of `Estimate`. items: rows of items.csv, one per
    document; those of the split `GIVEN` have no figures of entities. files: content of further JSON outputs by name:
    `results`, the figures in the terms of evaluation_results.json; `errors`, a list of relations that are wrong."""

    metrics: dict
    items: list[dict]
    files: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """The answers of one split, counted. concepts: whether relations are between concepts. entities: none where they
    are given."""

    answers: Sequence[Answer]
    schema: RelationSchema
    concepts: bool
    entities: SpanCounts | None
    relations: RelationCounts
    cases: Sequence[RelationCase]

    @cached_property
    def errors(self) -> dict[str, np.ndarray]:
        """By class the number of relations in each document, (documents,)."""
        return error_counts(self.cases, len(self.answers))


def score(
    examples: Mapping[str, Sequence[dict]],
    predictions: Sequence[dict],
    seed: int,
    *,
    schema: Path | str,
    deduplicate: bool,
    drop_violations: bool,
    known: Path | str | None = None,
    benchmark: Path | str | Sequence[Path | str] = (),
) -> Scores:
    """Score every document of every split.

    examples: by split, rows of documents; those of the split `GIVEN` are test documents whose entities are given, so
    that only their relations are scored. predictions: one row for each. schema: schema.json. known: JSON
    list of the texts of the training split's entities, see `familiarity`. deduplicate, drop_violations: as in
    `extract`. benchmark: Snakemake's benchmarks of the jobs that wrote the predictions (two for two steps); without
    them there is no latency. seed: is recorded. Raises InputError when predictions and
    documents do not belong together, and for a broken schema or benchmark.
    """
    types = read_schema(schema)
    answers = read_answers(examples, predictions, types, deduplicate=deduplicate, drop_violations=drop_violations)
    concepts = between_concepts(answer.document for members in answers.values() for answer in members)
    counted = {split: count(members, types, concepts, split == GIVEN) for split, members in answers.items()}
    splits = {split: split_metrics(found) for split, found in counted.items()}
    if known is not None:
        training = set(read_json(known))
        for split in splits.keys() - {GIVEN}:
            splits[split]["familiarity"] = familiarity_metrics(counted[split], training)
    if GIVEN in splits and "test" in splits:
        splits["test"]["relation_f1_gold_entities"] = splits[GIVEN]["relation_f1"]
    benchmarks = [benchmark] if isinstance(benchmark, str | Path) else benchmark
    seconds = sum(map(_seconds, benchmarks)) / max(1, len(predictions)) if benchmarks else None
    metrics = {
        "study": NAME,
        "seed": seed,
        "relations_between": "concepts" if concepts else "mentions",
        "deduplicate": deduplicate,
        "drop_violations": drop_violations,
        "seconds_per_document": seconds,
        "splits": splits,
    }
    items = [row for split, found in counted.items() for row in _items(split, found)]
    errors = [row for split, found in counted.items() for row in _errors(split, found)]
    return Scores(metrics, items, {"results": evaluation_results(metrics), "errors": errors})


def count(answers: Sequence[Answer], schema: RelationSchema, concepts: bool, given: bool) -> Counted:
    """Pair all answers of a split with the gold annotation. given: whether the entities are given, not found."""
    names = [relation.name for relation in schema.relations]
    pairs = [answer.relations(concepts) for answer in answers]
    counter = count_concept_relations if concepts else count_relations
    return Counted(
        answers=answers,
        schema=schema,
        concepts=concepts,
        entities=None if given else count_spans([answer.entities for answer in answers], schema.entities),
        relations=counter(pairs, schema.symmetric, names),
        cases=classify_relations([answer.linked(concepts, schema) for answer in answers], schema.symmetric),
    )


def split_metrics(counted: Counted) -> dict:
    """All figures of one split: those that are shown most by their names, the rest under `entities` and `relations`.

    An output that cannot be read has found nothing, so that all of its document is missed.
    """
    answers = counted.answers
    n = len(answers)
    return {
        "n": n,
        **({} if counted.entities is None else _entity_metrics(counted)),
        **_relation_metrics(counted),
        "parse_rate": proportion(sum(answer.status == "ok" for answer in answers), n, unit="documents").as_dict(),
        "repair_rate": proportion(sum(answer.repaired for answer in answers), n, unit="documents").as_dict(),
        "cut_rate": proportion(sum(answer.finish == "length" for answer in answers), n, unit="documents").as_dict(),
        "mean_output_tokens": amount([answer.output_tokens for answer in answers], "documents").as_dict(),
        "duplicates": round(counted.errors[DUPLICATE].sum()),
        "removals": {
            name: sum(getattr(answer.found.removals, name) for answer in answers)
            for name in Removals.__dataclass_fields__
        },
    }


def familiarity_metrics(counted: Counted, known: Collection[str]) -> dict[str, dict]:
    """Figures by whether entities stand in the training text, with n. Relations between concepts have no one text, and
    so no figures here. n_documents: those with gold entities of the kind."""
    by_kind = split_entities(counted.answers, known)
    relations = {} if counted.concepts else split_relations(counted.answers, known, counted.schema.symmetric)
    found = {}
    for kind, spans in by_kind.items():
        micro = score_spans(spans).as_dict()["micro"]["strict"]
        gold = spans.column("gold").sum(axis=1)
        found[kind] = {
            "n_documents": int((gold > 0).sum()),
            "entities": round(gold.sum()),
            **{f"entity_{name}": micro[name] for name in ("precision", "recall", "f1")},
        }
        if kind in relations:
            counts = relations[kind]
            found[kind]["relations"] = round(counts[:, [0, 2]].sum())
            found[kind]["relation_f1"] = f1(counts).as_dict()
    return found


def evaluation_results(metrics: Mapping[str, Any]) -> dict:
    """The main figures of metrics.json in the terms of entity and relation extraction."""
    return {
        "deduplicate": metrics["deduplicate"],
        "drop_violations": metrics["drop_violations"],
        "relations_between": metrics["relations_between"],
        **{
            split: {
                "documents": found["n"],
                **({"entity_extraction": _extraction(found["entities"], "strict")} if "entities" in found else {}),
                "relation_extraction": _extraction(found["relations"], "strict"),
                "relation_extraction_relaxed": _extraction(found["relations"], "relaxed"),
                "relation_errors": {kind: error["count"] for kind, error in found["errors"].items()},
                "duplicates": found["duplicates"],
                "parse_rate": found["parse_rate"]["value"],
                "repair_rate": found["repair_rate"]["value"],
            }
            for split, found in metrics["splits"].items()
        },
    }


def _entity_metrics(counted: Counted) -> dict:
    scores = score_spans(counted.entities).as_dict()
    micro = scores["micro"]
    matrix = confusion_matrix(entity_types(answer.entities for answer in counted.answers), counted.schema.entities)
    return {
        **{f"entity_{name}": micro["strict"][name] for name in ("precision", "recall", "f1")},
        **{f"entity_{scheme}_f1": micro[scheme]["f1"] for scheme in ("exact", "partial", "type")},
        "entity_macro_f1": scores["macro"]["strict"]["f1"],
        "entities": {**scores, "counts": _sums(counted.entities.f1_counts("strict"))},
        "entity_confusion": matrix,
        "relation_f1_found_entities": _among_found(counted),
    }


def _relation_metrics(counted: Counted) -> dict:
    scores = score_relations(counted.relations).as_dict()
    micro = scores["micro"]
    names = [relation.name for relation in counted.schema.relations]
    errors = counted.errors
    total = sum(errors.values())
    return {
        **{f"relation_{name}": micro["strict"][name] for name in ("precision", "recall", "f1")},
        "relation_relaxed_f1": micro["relaxed"]["f1"],
        "relation_macro_f1": scores["macro"]["strict"]["f1"],
        "relations": {
            **scores,
            "counts": _sums(counted.relations.f1_counts("strict")),
            "relaxed_counts": _sums(counted.relations.f1_counts("relaxed")),
        },
        "relation_confusion": confusion_matrix(relation_types(counted.cases), names),
        # Of all cases: gold relations, predicted ones, and pairs of both.
        "errors": {
            kind: {"count": round(errors[kind].sum()), "share": share(errors[kind], total).as_dict()}
            for kind in CLASSES
        },
    }


def _among_found(counted: Counted) -> dict:
    """F1 of the relations whose two arguments were found: what is wrong there is not so because of the entities."""
    symmetric = counted.schema.symmetric
    among = given_mentions if counted.concepts else given_entities
    counter = count_concept_relations if counted.concepts else count_relations
    pairs = [among(answer.relations(counted.concepts), found_spans(answer.entities)) for answer in counted.answers]
    counts = counter(pairs, symmetric).f1_counts("strict")
    return f1(counts).as_dict()


def _items(split: str, counted: Counted) -> list[dict]:
    """Rows of items.csv."""
    tables = {
        "entity": None if counted.entities is None else counted.entities.f1_counts("strict"),
        "relation": counted.relations.f1_counts("strict"),
        "relaxed": counted.relations.f1_counts("relaxed"),
    }
    duplicates = counted.errors[DUPLICATE]
    rows = []
    for number, answer in enumerate(counted.answers):
        row = {
            "id": answer.document.id,
            "split": split,
            "status": answer.status,
            "repaired": answer.repaired,
            "finish": answer.finish,
            "duplicates": round(duplicates[number]),
            **{name: getattr(answer.found.removals, name) for name in Removals.__dataclass_fields__},
            "output_tokens": answer.output_tokens,
        }
        for kind, columns in COUNTED.items():
            table = tables[kind]
            values = [None] * len(columns) if table is None else map(round, table[number])
            row |= dict(zip(columns, values, strict=True))
        rows.append({column: row[column] for column in ITEM_COLUMNS})
    return rows


def _errors(split: str, counted: Counted) -> list[dict]:
    """Everything that is wrong with relations; equal cases of a document, such as repeats, stand in one row."""
    return [
        {
            "split": split,
            "id": counted.answers[case.document].document.id,
            "class": case.kind,
            "count": times,
            "right_by_relaxed_rule": case.relaxed,
            "gold": _relation(case.gold, counted.answers[case.document]),
            "predicted": _relation(case.predicted, counted.answers[case.document]),
        }
        for case, times in Counter(counted.cases).items()
        if case.kind != CORRECT
    ]


def _relation(relation: Relation | None, answer: Answer) -> dict | None:
    if relation is None:
        return None
    text = answer.document.text
    return {
        "type": relation.label,
        "head": _argument(relation.head, text),
        "tail": _argument(relation.tail, text),
    }


def _argument(argument: Argument, text: str) -> dict:
    """A mention with its place, a value without one, or a concept."""
    if isinstance(argument, Span):
        words = text[argument.start : argument.end]
        return {"text": words, "type": argument.label, "start": argument.start, "end": argument.end}
    return {"text": argument.value} if isinstance(argument, Unplaced) else {"concept": argument}


def _extraction(scores: Mapping[str, Any], scheme: str) -> dict:
    counts = scores["counts" if scheme == "strict" else f"{scheme}_counts"]
    return {
        "micro": _ends(scores["micro"][scheme]),
        "macro": _ends(scores["macro"][scheme]),
        **counts,
        "by_type": {
            label: {"gold": found["gold"], "predicted": found["predicted"], **_ends(found["schemes"][scheme])}
            for label, found in scores["by_label"].items()
        },
    }


def _ends(figures: Mapping[str, Mapping[str, Any]]) -> dict:
    """Figures with both ends of their intervals, without what is the same for all."""
    return {name: {end: found[end] for end in ("value", "low", "high")} for name, found in figures.items()}


def _sums(counts: np.ndarray) -> dict[str, int]:
    names = ("true_positives", "false_positives", "false_negatives")
    return dict(zip(names, map(round, counts.sum(axis=0)), strict=True))


def _seconds(benchmark: Path | str) -> float:
    """Wall time of a job by Snakemake's benchmark: the column `s` of a table with tabs."""
    lines = [line.split("\t") for line in read_text(benchmark).splitlines()]
    try:
        return float(dict(zip(*lines[:2], strict=True))["s"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{benchmark}: expected a benchmark of Snakemake, with seconds in the column s") from error
