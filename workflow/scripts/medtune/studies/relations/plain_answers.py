"""Answers of a run as entities, or as entities and relations, in the form of their kind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medtune.files import read_jsonl
from medtune.kinds.relations.answers import lists_of
from medtune.kinds.relations.output import ENTITIES, RELATIONS, Extraction, extract
from medtune.kinds.relations.task import RelationTask
from medtune.kinds.spans.task import SpanTask
from medtune.methods.taken import Taken, listed, tokens_of
from medtune.studies.relations.schema_file import read_schema


def plain_answers(
    task: SpanTask | RelationTask, files: Mapping[str, Sequence[Path]], *, deduplicate: bool, drop_violations: bool
) -> Iterator[Taken]:
    """What the run reads in the answers to all documents, those of the split `given` among them. Types of the study
    that the task does not have are left out. files: as `RelationsJobs.taken` names them. deduplicate, drop_violations:
    how the run reads answers, see `extract`."""
    schema = read_schema(files["schema"][0])
    left_out = _names(schema.entities, schema.relations) - _asked(task)
    texts = {row["id"]: row["text"] for path in files["rows"] for row in read_jsonl(path)}
    for row in read_jsonl(files["predictions"][0]):
        lists = lists_of(row["value"], row["status"])
        found = extract(texts[row["id"]], lists, schema, deduplicate=deduplicate, drop_violations=drop_violations)
        text = _written(found, left_out, isinstance(task, RelationTask)) if row["value"] is not None else ""
        yield Taken(row["split"], row["id"], text, row["status"], row["confidence"], tokens=tokens_of(row))


def training_documents(files: Mapping[str, Sequence[Path]]) -> int:
    """Documents that a run is trained on; in two steps each has two rows."""
    return len({row["id"] for row in read_jsonl(files["train"][0])})


def _names(entities, relations) -> set[str]:
    return {*entities, *(relation.name for relation in relations)}


def _asked(task: SpanTask | RelationTask) -> set[str]:
    if isinstance(task, SpanTask):
        return set(task.types.names)
    return _names(task.schema.entities, task.schema.relations)


def _written(found: Extraction, left_out: set[str], related: bool) -> str:
    """What was extracted as an answer. related: whether relations are asked for."""
    kept = [entity.label not in left_out for entity in found.entities]
    entities = [
        {"text": entity.value, "type": entity.label} for entity, own in zip(found.entities, kept, strict=True) if own
    ]
    if not related:
        return listed(entities=entities)
    relations = [
        {"head": found.entities[one.head].value, "type": one.type, "tail": found.entities[one.tail].value}
        for one in found.relations
        if one.type not in left_out and kept[one.head] and kept[one.tail]
    ]
    return listed(**{ENTITIES: entities, RELATIONS: relations})
