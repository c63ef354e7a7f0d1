"""From documents with relations to the rows of the study: validation and test once, training rows for each variant.

Rows are whole documents. A training document whose answer is too long to be learnt is left out and counted; validation
and test keep all of theirs, so that what a model cannot finish counts against it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from medtune.data.manifest import SourceDescription, summarise_drops
from medtune.data.related import RelatedDocument, check_documents, entity_counts, relation_counts
from medtune.data.relation_schema import RelationSchema, check_schema
from medtune.data.splits import check_no_twins
from medtune.errors import InputError
from medtune.files import sha256_of, write_json, write_jsonl
from medtune.kinds.relations.output import write_output
from medtune.studies.pretraining_texts import pretraining_documents
from medtune.studies.relations.corpora import (
    NAME,
    SPLITS,
    Material,
    Source,
    describe,
    gather,
    label_map_of,
    read_mix,
    study_schema,
)
from medtune.studies.relations.diversity import distinct_ngrams
from medtune.studies.relations.familiarity import entity_texts
from medtune.studies.relations.generator import MadeDocument, diversity_report, shared_templates
from medtune.studies.relations.held_out import count_held_out
from medtune.studies.relations.rows import document_of, gold_given, read_rows, row_of, training_rows
from medtune.studies.relations.schema_file import read_schema, write_schema

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeldOutFiles:
    """What all runs share. given: the test documents with their entities, the answer begun. first_*: rows of the first
    of two steps; second_given: the test documents as the second step takes them, with their own entities. known: texts
    of the entities of the training documents."""

    validation: Path
    test: Path
    given: Path
    first_validation: Path
    first_test: Path
    second_given: Path
    manifest: Path
    schema: Path
    known: Path
    diversity: Path


@dataclass(frozen=True)
class TrainingFiles:
    """One variant of the training rows. validation: the validation documents in the same form, for the loss, without
    those with too long an answer. record: the counts; what was left out within documents is of the files as given."""

    train: Path
    validation: Path
    record: Path


def prepare(
    *,
    source: Source,
    splits: Mapping[str, float],
    mix: Source | None,
    without_relations: float,
    seed: int,
    files: HeldOutFiles,
    pretraining: Mapping[str, Any] | None = None,
) -> None:
    """Read or make the documents, and write what all runs share.

    source, splits: see `gather`. mix: the corpus of which some runs take documents besides; what its label map adds to
    the schema holds for all runs. without_relations: the share of the default run, for the report on diversity.
    pretraining: text and seed of a synthetic base model, against which made documents are checked; none for others.
    Everything is checked before the first file is written. Raises InputError for faulty input, documents that stand in
    two splits, what the schema does not allow, or a training split without relations.
    """
    material = gather(source, splits, seed, without_relations)
    schema = study_schema(material.schema, mix)
    leakage = _check(material, schema) | _held_out(material, pretraining)
    validation, test = (material.documents[split] for split in SPLITS[1:])
    rows = {
        files.validation: [row_of(document) for document in validation],
        files.test: [row_of(document) for document in test],
        files.given: [row_of(document, "joint", gold_given(document, "joint")) for document in test],
        files.first_validation: [row_of(document, "entities") for document in validation],
        files.first_test: [row_of(document, "entities") for document in test],
        files.second_given: [row_of(document, "relations", gold_given(document, "relations")) for document in test],
    }
    for path, members in rows.items():
        write_jsonl(path, members)
    write_schema(files.schema, schema)
    write_json(files.known, entity_texts(material.documents["train"]))
    write_json(files.diversity, _diversity(material.documents, material.made))
    label_map, mixed = label_map_of(source), None if mix is None else label_map_of(mix)
    record = {
        "study": NAME,
        "seed": seed,
        "sources": _described(material.sources),
        "labels": {
            name: {"name": found.name, "caption": found.caption}
            for name, found in (("documents", label_map), ("mix", mixed))
            if found is not None
        },
        "records": {split: len(members) for split, members in material.documents.items()},
        "documents": {split: describe_documents(members) for split, members in material.documents.items()},
        "left_out": {split: dict(counts) for split, counts in material.left_out.items()},
        "dropped": summarise_drops(material.dropped),
        "leakage": leakage,
        "files": {name: sha256_of(path) for name, path in vars(files).items() if path in rows},
    }
    write_json(files.manifest, record)
    logger.info("documents: %s", {split: len(members) for split, members in material.documents.items()})


def prepare_training(
    *,
    source: Source,
    splits: Mapping[str, float],
    mix: Source | None,
    without_relations: float,
    two_steps: bool,
    longest_answer: int | None,
    seed: int,
    held_out: Mapping[str, Path | str],
    schema: Path | str,
    files: TrainingFiles,
) -> None:
    """Write the training rows of one variant.

    source, splits: as for `prepare`. mix: a corpus whose training part is added, or none. without_relations: share of
    synthetic training documents without relations. two_steps: a row for the entities and one for the relations of each
    document. longest_answer: in characters, or none. held_out: validation and test rows, and schema: file, that
    `prepare` wrote. Everything is checked before the first file is written. Raises InputError for faulty input, a
    training document that also stands in validation or test, what the schema does not allow, or when none is left.
    """
    types = read_schema(schema)
    held = {split: [document_of(row) for row in read_rows(held_out[split])] for split in SPLITS[1:]}
    material = gather(source, splits, seed, without_relations)
    documents = list(material.documents["train"])
    left_out = dict(material.left_out.get("train", {}))
    sources = [item for item in material.sources if item.name.endswith("/train")]
    dropped, mixed = list(material.dropped), []
    if mix is not None:
        corpus = read_mix(mix, types)
        dropped += corpus.dropped
        mixed = list(corpus.documents)
        sources.append(describe(mix, "train", len(mixed)))
        left_out |= {f"mixed in: {reason}": count for reason, count in corpus.left_out.items()}
    check_documents([*documents, *mixed], f"{NAME}, training documents")
    check_schema([*documents, *mixed], types, f"{NAME}, training documents")
    leakage = _check_apart({"train": [*documents, *mixed], **held}, material.made)

    kept, kept_mixed = _short(documents, longest_answer), _short(mixed, longest_answer)
    validation = _short(held["validation"], longest_answer)
    chosen = [*kept, *kept_mixed]
    if not any(document.relations for document in chosen):
        raise InputError(
            f"{NAME}: no training document with a relation is left ({len(documents) + len(mixed)} documents, "
            f"{len(documents) + len(mixed) - len(chosen)} of them with too long an answer); add documents, raise "
            "longest_answer or lower without_relations"
        )
    if not validation:
        raise InputError(
            f"{NAME}: every validation document has an answer of more than {longest_answer} characters, so that there "
            "is none to choose by; raise longest_answer"
        )
    rows = training_rows(chosen, two_steps)
    write_jsonl(files.train, rows)
    write_jsonl(files.validation, training_rows(validation, two_steps))
    record = {
        "study": NAME,
        "seed": seed,
        "settings": {
            "without_relations": without_relations,
            "mix": mix is not None,
            "two_steps": two_steps,
            "longest_answer": longest_answer,
        },
        "sources": _described(sources),
        "rows": len(rows),
        "documents": describe_documents(chosen),
        "mixed_in": len(kept_mixed),
        "left_out": left_out,
        "too_long": {
            "train": len(documents) - len(kept),
            "mixed in": len(mixed) - len(kept_mixed),
            "validation": len(held["validation"]) - len(validation),
        },
        "dropped": summarise_drops(dropped),
        "leakage": leakage,
        "ngrams": distinct_ngrams(document.text for document in chosen),
        "files": {"train": sha256_of(files.train), "validation": sha256_of(files.validation)},
    }
    write_json(files.record, record)
    logger.info("%d training rows of %d documents, %d of them mixed in", len(rows), len(chosen), len(kept_mixed))


def describe_documents(documents: Sequence[RelatedDocument]) -> dict:
    """Counts and lengths, for a manifest. words: of the texts. answer_characters: of what a model should write."""
    words = [len(document.text.split()) for document in documents]
    answers = [len(write_output(document)) for document in documents]
    entities, relations = entity_counts(documents), relation_counts(documents)
    return {
        "documents": len(documents),
        "without_relations": sum(not document.relations for document in documents),
        "entities": {"all": sum(entities.values()), **entities},
        "relations": {"all": sum(relations.values()), **relations},
        "words": _lengths(words),
        "answer_characters": _lengths(answers),
    }


def _check(material: Material, schema: RelationSchema) -> dict:
    """See that all documents are what they should be; what was checked, for the manifest."""
    everything = [document for split in SPLITS for document in material.documents[split]]
    # Of all splits together: an id in two of them is the same document.
    check_documents(everything, NAME)
    check_schema(everything, schema, NAME)
    for split in SPLITS:
        if not material.documents[split]:
            raise InputError(f"{NAME}: the {split} split has no document; expected at least one")
    if not any(document.relations for document in material.documents["train"]):
        raise InputError(f"{NAME}: the training split has no relation; add documents, or map its labels in another way")
    return _check_apart(material.documents, material.made)


def _check_apart(
    splits: Mapping[str, Sequence[RelatedDocument]], made: Mapping[str, Sequence[MadeDocument]] | None
) -> dict:
    """See that no text, and of synthetic documents no template sentence, stands in two splits; what was checked."""
    found = check_no_twins(
        {split: [document.text for document in documents] for split, documents in splits.items()}, "document"
    )
    if made is None:
        return found
    shared = shared_templates(made)
    if shared:
        wording, (first, second) = next(iter(shared.items()))
        raise InputError(
            f'{NAME}: the template sentence "{wording}" stands in two splits, {first} and {second}; expected none'
        )
    return {**found, "shared_templates": len(shared)}


def _held_out(material: Material, pretraining: Mapping[str, Any] | None) -> dict:
    """Of synthetic documents what validation and test share with what is read in training, for the manifest."""
    if material.made is None:
        return {}
    texts = {split: [document.text for document in members] for split, members in material.documents.items()}
    read = None if pretraining is None else pretraining_documents(**pretraining)
    return {"held_out": count_held_out([*texts["validation"], *texts["test"]], texts["train"], read)}


def _diversity(
    documents: Mapping[str, Sequence[RelatedDocument]], made: Mapping[str, Sequence[MadeDocument]] | None
) -> dict:
    """How varied the wording is: of synthetic documents with their templates, of others by runs of words alone."""
    if made is not None:
        return diversity_report(made)
    return {
        "splits": {
            split: {"documents": len(members), "ngrams": distinct_ngrams(document.text for document in members)}
            for split, members in documents.items()
        }
    }


def _short(documents: Iterable[RelatedDocument], longest: int | None) -> list[RelatedDocument]:
    """Documents whose answer has at most `longest` characters."""
    return [document for document in documents if longest is None or len(write_output(document)) <= longest]


def _described(sources: Iterable[SourceDescription]) -> list[dict]:
    return [{**asdict(source), "sha256": dict(source.sha256)} for source in sources]


def _lengths(values: Sequence[int]) -> dict[str, float]:
    return {"median": median(values), "longest": max(values)}
