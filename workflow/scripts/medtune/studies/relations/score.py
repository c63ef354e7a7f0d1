"""Score the answers of one run: entities and relations, against what is annotated."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from medtune.data.span import Span
from medtune.errors import InputError
from medtune.files import read_json, read_text
from medtune.kinds.relations.answers import Answer
from medtune.kinds.relations.counted import ANSWER_COLUMNS, COUNT_COLUMNS, Counted, item_cells, split_metrics
from medtune.kinds.relations.matching import CORRECT, Argument, Relation, Unplaced
from medtune.kinds.relations.pairs import between_concepts
from medtune.kinds.scores import Scores
from medtune.metrics.estimate import VALUES
from medtune.metrics.intervals import f1
from medtune.metrics.prf import FIGURES
from medtune.metrics.span_scores import score_spans
from medtune.studies.relations.answers import GIVEN, count_answers, read_answers
from medtune.studies.relations.familiarity import split_entities, split_relations
from medtune.studies.relations.schema_file import read_schema

NAME = "relations"
ITEM_COLUMNS = ("id", "split", *ANSWER_COLUMNS, *COUNT_COLUMNS)


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
    counted = {split: count_answers(members, types, concepts, split == GIVEN) for split, members in answers.items()}
    splits = {split: split_metrics(found) for split, found in counted.items()}
    if known is not None:
        training = set(read_json(known))
        for split in splits.keys() - {GIVEN}:
            splits[split]["familiarity"] = familiarity_metrics(counted[split], training, concepts)
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
    items = [
        {"id": answer.document.id, "split": split, **cells}
        for split, found in counted.items()
        for answer, cells in zip(found.answers, item_cells(found), strict=True)
    ]
    errors = [row for split, found in counted.items() for row in _errors(split, found)]
    return Scores(metrics, items, {"results": evaluation_results(metrics), "errors": errors})


def familiarity_metrics(counted: Counted, known: Collection[str], concepts: bool) -> dict[str, dict]:
    """Figures by whether entities stand in the training text, with n. Relations between concepts have no one text, and
    so no figures here. n_documents: those with gold entities of the kind."""
    by_kind = split_entities(counted.answers, known)
    relations = {} if concepts else split_relations(counted.answers, known, counted.schema.symmetric)
    found = {}
    for kind, spans in by_kind.items():
        micro = score_spans(spans).as_dict()["micro"]["strict"]
        gold = spans.column("gold").sum(axis=1)
        found[kind] = {
            "n_documents": int((gold > 0).sum()),
            "entities": round(gold.sum()),
            **{f"entity_{name}": micro[name] for name in FIGURES},
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
    return {name: {end: found[end] for end in VALUES} for name, found in figures.items()}


def _seconds(benchmark: Path | str) -> float:
    """Wall time of a job by Snakemake's benchmark: the column `s` of a table with tabs."""
    lines = [line.split("\t") for line in read_text(benchmark).splitlines()]
    try:
        return float(dict(zip(*lines[:2], strict=True))["s"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{benchmark}: expected a benchmark of Snakemake, with seconds in the column s") from error
