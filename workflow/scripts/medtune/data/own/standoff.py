"""Records from folders in brat's standoff layout; see `data.brat` and `data.brat_relations`.

Documents in folders named train, validation and test, without others beside these, give the splits.
"""

from collections.abc import Iterator
from pathlib import Path

from medtune.data.brat import read_brat
from medtune.data.brat_relations import read_brat_relations
from medtune.data.dropped import Dropped
from medtune.data.own.records import SPLITS, OwnRecord, OwnSource, check_no_columns
from medtune.data.related import DISCONTINUOUS


def read_brat_folder(path: Path, source: OwnSource) -> Iterator[OwnRecord]:
    """A record a document; a discontinuous mention is taken as the range around its parts, and counted.

    Raises InputError as `read_brat` and `read_brat_relations` do, and for columns.
    """
    check_no_columns(source, "brat")
    records, dropped = (_related if source.kind == "relations" else _annotated)(path, source)
    tops = {Path(record.key).parts[0] for record in records if "/" in record.key}
    split = tops == set(SPLITS) and all("/" in record.key for record in records)
    for item in dropped:
        yield OwnRecord(f"{path}/{item.key}", item.key, dropped=item.reason)
    for record in records:
        if split:
            record.fields["split"] = Path(record.key).parts[0]
        yield record


def _annotated(path: Path, source: OwnSource) -> tuple[list[OwnRecord], tuple[Dropped, ...]]:
    """Documents with their entities alone."""
    corpus = read_brat(path, path.name)
    records = []
    for document in corpus.documents:
        entities = [{"start": m.start, "end": m.end, "type": m.label} for m in document.mentions]
        counts = {DISCONTINUOUS: sum(mention.discontinuous for mention in document.mentions)}
        records.append(_record(path, document.id, {"text": document.text, "entities": entities}, counts))
    return records, corpus.dropped


def _related(path: Path, source: OwnSource) -> tuple[list[OwnRecord], tuple[Dropped, ...]]:
    """Documents with relations; what was left out in all of them stands in the first."""
    symmetric = [name for name, relation in source.relations.items() if relation.symmetric]
    corpus = read_brat_relations(path, path.name, symmetric)
    records = []
    for document in corpus.documents:
        entities = [{"start": e.start, "end": e.end, "type": e.label} for e in document.entities]
        relations = [{"head": r.head, "tail": r.tail, "type": r.type} for r in document.relations]
        fields = {"text": document.text, "entities": entities, "relations": relations}
        records.append(_record(path, document.id, fields, {} if records else dict(corpus.left_out)))
    return records, corpus.dropped


def _record(path: Path, name: str, fields: dict, counts: dict[str, int]) -> OwnRecord:
    return OwnRecord(f"{path / name}.ann", name, fields, left_out=counts)
