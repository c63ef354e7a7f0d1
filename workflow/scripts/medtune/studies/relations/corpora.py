"""Where the documents of the relations study come from: made, or read from a corpus, in the labels asked for.

A source is a mapping. `format` "synthetic" has the numbers of documents `train`, `validation`, `test`, and
`without_relations`, the share of validation and test documents in which nothing is asserted. "biored" has PubTator
files, or BioC files (.json), "chemprot" and "brat" have folders, under the same three names, and `labels`: "own",
"biored_proxy", or the file of a label map (see `data.label_map_file`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medtune.data.brat_relations import read_brat_relations
from medtune.data.deduplication import drop_repeats
from medtune.data.dropped import Dropped
from medtune.data.manifest import SourceDescription, describe_files
from medtune.data.related import RelatedCorpus, RelatedDocument
from medtune.data.relation_schema import STUDY_SCHEMA, RelationSchema, schema_of
from medtune.data.splits import stratified_split
from medtune.errors import InputError
from medtune.studies.provenance import missing
from medtune.studies.relations.bioc_json import read_bioc_json
from medtune.studies.relations.chemprot import read_chemprot
from medtune.studies.relations.generator import MadeDocument, make_splits
from medtune.studies.relations.label_map import BIORED_PROXY, LabelMap, map_labels, map_schema
from medtune.studies.relations.label_map_file import read_label_map
from medtune.studies.relations.pubtator import read_pubtator

NAME = "relations"
SPLITS = ("train", "validation", "test")
OWN, BIORED = "own", "biored_proxy"
REPEATED = "repeated document"
Source = Mapping[str, Any]


@dataclass(frozen=True)
class Material:
    """The documents of a source, by split. made: where they are synthetic, with the templates of their sentences.
    left_out: what was left out within documents, by split as given. schema: of the labels that they have."""

    documents: Mapping[str, Sequence[RelatedDocument]]
    schema: RelationSchema
    sources: tuple[SourceDescription, ...]
    left_out: Mapping[str, Mapping[str, int]]
    dropped: tuple[Dropped, ...] = ()
    made: Mapping[str, Sequence[MadeDocument]] | None = None


def gather(source: Source, splits: Mapping[str, float], seed: int, without_relations: float) -> Material:
    """All documents of a source.

    splits: shares, by which a split without a file is taken out of the training file, document by document.
    without_relations: of synthetic training documents, the share in which no relation is asserted.
    Raises InputError for faulty files and label maps, and for too few documents.
    """
    if source["format"] == "synthetic":
        return _make(source, seed, without_relations)
    parts = [split for split in SPLITS if source.get(split)]
    corpora = {split: read_corpus(source, split) for split in parts}
    label_map = label_map_of(source)
    if label_map is None:
        documents = [document for corpus in corpora.values() for document in corpus.documents]
        schema = schema_of(documents, {name for corpus in corpora.values() for name in corpus.symmetric})
    else:
        schema = map_schema(label_map, STUDY_SCHEMA)
        corpora = {split: map_labels(corpus, label_map, schema) for split, corpus in corpora.items()}
    documents, repeated = _split({split: corpus.documents for split, corpus in corpora.items()}, splits, seed)
    return Material(
        documents=documents,
        schema=schema,
        sources=tuple(describe(source, split, len(corpora[split].documents)) for split in parts),
        left_out={split: corpus.left_out for split, corpus in corpora.items()},
        dropped=(*(item for corpus in corpora.values() for item in corpus.dropped), *repeated),
    )


def read_mix(source: Source, schema: RelationSchema) -> RelatedCorpus:
    """The training part of a corpus that is added to another one. schema: that of the study.

    The ids of its documents begin with the format, so that they are apart from the others.
    """
    corpus = read_corpus(source, "train")
    label_map = label_map_of(source)
    if label_map is not None:
        corpus = map_labels(corpus, label_map, schema)
    documents = tuple(replace(document, id=f"{source['format']}/{document.id}") for document in corpus.documents)
    return replace(corpus, documents=documents)


def read_corpus(source: Source, split: str) -> RelatedCorpus:
    """One file or folder of a source, in its own labels. Raises InputError, see the readers."""
    path = Path(source[split])
    if not path.exists():
        kind = "file" if source["format"] == "biored" else "folder"
        raise missing(path, kind, NAME, source["format"])
    match source["format"]:
        case "biored":
            return read_bioc_json(path) if path.suffix.lower() == ".json" else read_pubtator(path)
        case "chemprot":
            return read_chemprot(path)
        case "brat":
            return read_brat_relations(path, f"brat/{split}")
    raise ValueError(f'unknown format "{source["format"]}"; expected biored, chemprot, brat or synthetic')


def label_map_of(source: Source) -> LabelMap | None:
    """The label map that a source names; none for its own labels. Raises InputError for a faulty file."""
    labels = source.get("labels", OWN)
    if labels == OWN:
        return None
    return BIORED_PROXY if labels == BIORED else read_label_map(labels)


def study_schema(schema: RelationSchema, mix: Source | None) -> RelationSchema:
    """The schema of a study: that of its documents, and what the label map of the corpus that is mixed in adds."""
    label_map = None if mix is None else label_map_of(mix)
    return schema if label_map is None else map_schema(label_map, schema)


def describe(source: Source, split: str, records: int) -> SourceDescription:
    """One file, folder or made part, for the manifest."""
    made = source["format"] == "synthetic"
    path = None if made else Path(source[split])
    files = [] if made else sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    license = "none: made by the workflow" if made else source.get("license")
    return SourceDescription(
        name=f"{source['format']}/{split}",
        format=source["format"],
        path=None if made else str(path),
        sha256=describe_files(files),
        licence=license,
        records=records,
    )


def _make(source: Source, seed: int, without_relations: float) -> Material:
    """Synthetic documents. Those of validation and test do not depend on the training documents."""
    held_out = {split: source[split] for split in SPLITS[1:]}
    limits = {name: source[name] for name in ("passages", "terms") if source.get(name)}
    made = {
        **make_splits({"train": source["train"]}, seed, without_relations, **limits),
        **make_splits(held_out, seed, source["without_relations"], **limits),
    }
    return Material(
        documents={split: [item.document for item in items] for split, items in made.items()},
        schema=STUDY_SCHEMA,
        sources=tuple(describe(source, split, len(made[split])) for split in SPLITS),
        left_out={},
        made=made,
    )


def _split(
    given: Mapping[str, Sequence[RelatedDocument]], shares: Mapping[str, float], seed: int
) -> tuple[dict[str, Sequence[RelatedDocument]], list[Dropped]]:
    """The splits as given; those without a file are taken out of the training file.

    A document that repeats another one's text is dropped from a file that is split here, since the two could fall into
    different splits.
    """
    if "train" not in given:
        raise InputError("relations: no training file; set `train` under relations.data.source")
    missing = [split for split in SPLITS if split not in given]
    if not missing:
        return {split: given[split] for split in SPLITS}, []
    kept, repeats = drop_repeats(given["train"], {"text": lambda document: document.text})
    parts = ["train", *missing]
    total = sum(shares[split] for split in parts)
    drawn = stratified_split(
        kept,
        key_of=lambda document: document.id,
        label_of=_rarest_relation(kept),
        shares={split: shares[split] / total for split in parts},
        seed=seed,
    )
    dropped = [Dropped(f"{NAME}/train", document.id, REPEATED) for document, _, _ in repeats]
    return {split: drawn.get(split) or given[split] for split in SPLITS}, dropped


def _rarest_relation(documents: Iterable[RelatedDocument]) -> Callable[[RelatedDocument], str]:
    """What splits are stratified by: the type of a document's relations that fewest documents have, "" without any."""
    spread = Counter(name for document in documents for name in {relation.type for relation in document.relations})

    def rarest(document: RelatedDocument) -> str:
        types = {relation.type for relation in document.relations}
        return min(types, key=lambda name: (spread[name], name), default="")

    return rarest
