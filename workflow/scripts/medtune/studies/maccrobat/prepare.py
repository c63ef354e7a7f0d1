"""From case reports to the study's splits in words and tags, the tag list and the manifest."""

import logging
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from medtune.data import bio, flatten, words
from medtune.data.annotated import TWIN_RULE, AnnotatedDocument, Corpus, drop_twins, label_counts, shapes
from medtune.data.brat import UNKNOWN, brat_files, read_brat
from medtune.data.dropped import Dropped
from medtune.data.held_out import count_shared, sentences_of, templates_of, terms_of
from medtune.data.manifest import SourceDescription, describe_files, summarise_drops
from medtune.data.multilabel_split import multilabel_split
from medtune.data.splits import check_no_twins, whole_numbers
from medtune.errors import InputError
from medtune.files import fingerprint, sha256_of, write_json, write_jsonl
from medtune.reporting.prose import counted
from medtune.studies.maccrobat import generator as synthetic
from medtune.studies.maccrobat.generator import write_case_reports
from medtune.studies.maccrobat.hub_json import read_maccrobat_json
from medtune.studies.maccrobat.release import LICENSE, is_release
from medtune.studies.maccrobat.section import MaccrobatData, MaccrobatFiles, MaccrobatSynthetic, Tiers
from medtune.studies.pretraining_texts import pretraining_texts
from medtune.studies.provenance import missing

logger = logging.getLogger(__name__)

NAME = "maccrobat"
SPLITS = ("train", "validation", "test")
FREQUENT, MEDIUM, RARE = "frequent", "medium", "rare"
NO_WORDS = "no words"
LONG_DOCUMENT = 400
"""A document of more words (by white space) is counted as long: an encoder of 512 subwords does not take it whole."""
SPLIT_BY_TYPES = "by document, by iterative stratification over the entity types (Sechidis et al. 2011)"
SPLIT_AS_MADE = "as made: splits share no sentence template; validation and test have terms of their own, too"
PMID_METHOD = "no PMID stands in two splits; documents without one are compared by their text alone"


@dataclass(frozen=True)
class Prepared:
    """One document in words. entities: all gold, kept or not. grown: mentions that held a part of a word."""

    document: AnnotatedDocument
    words: list[words.Word]
    entities: list[flatten.Entity]
    grown: int

    @property
    def types(self) -> set[str]:
        """The types that its tags have."""
        return {entity.label for entity in self.entities if entity.kept}


def prepare(
    data: MaccrobatData,
    seed: int,
    train: Path | str,
    validation: Path | str,
    test: Path | str,
    tags: Path | str,
    manifest: Path | str,
    encoders: Mapping[str, int | None],
) -> None:
    """Read the case reports, drop twins, flatten the mentions, split by document; write the five files.

    encoders: by name the seed of the text that a made one was pre-trained on, None for others. It is counted how much
    of synthetic validation and test reports stands there and in the training split; synthetic reports come in splits.
    Everything is checked before the first file is written. Raises InputError for faulty sources, too few documents,
    no entity type left, or a document that stands in two splits.
    """
    corpus = _read(data, seed)
    distinct, twins = drop_twins(corpus.documents, NAME)
    counts = label_counts(distinct)
    left_out = {name for name, count in counts.items() if data.rare == "drop" and count < data.drop_below}
    types = [name for name in counts if name not in left_out]
    if not types:
        raise InputError(f"{NAME}: no entity type is left of {len(counts)}; add documents or lower drop_below")
    ready = [_prepared(document, left_out) for document in distinct]
    for document in distinct:
        if not document.mentions:
            logger.warning("document %s has no mentions: it is kept, and all its words are tagged O", document.id)
    wordless = [Dropped(NAME, item.document.id, NO_WORDS) for item in ready if not item.words]
    splits = _split([item for item in ready if item.words], data, seed)
    leakage = {
        "text": check_no_twins({split: [item.document.text for item in splits[split]] for split in SPLITS}, "document"),
        "pmid": check_no_twins(
            {split: [i.document.pmid for i in splits[split] if i.document.pmid] for split in SPLITS},
            "PMID",
            PMID_METHOD,
        ),
    }

    files = {"train": train, "validation": validation, "test": test}
    for split, file in files.items():
        write_jsonl(file, [_row(item, data.source.format) for item in splits[split]])
    write_json(
        tags,
        {
            "tags": bio.tag_list(types),
            "tiers": {name: tier(count, data.tiers) for name, count in counts.items()},
            "counts": counts,
        },
    )
    made = isinstance(data.source, MaccrobatSynthetic)
    record = {
        "study": NAME,
        "seed": seed,
        "sources": [_describe(data.source, corpus)],
        "records": {split: len(splits[split]) for split in SPLITS},
        "words": {split: sum(len(item.words) for item in splits[split]) for split in SPLITS},
        "entities": {split: _entity_counts(splits[split]) for split in SPLITS},
        "corpus": _facts(distinct, [item for item in ready if item.words], corpus.lines),
        "types": _types(counts, left_out, splits, data.tiers),
        "rare_types": {"setting": data.rare, "drop_below": data.drop_below, "dropped": sorted(left_out)},
        "flattening": _flattening([item for split in SPLITS for item in splits[split]]),
        "bio_repairs": {"rule": bio.RULE, "tags_repaired": corpus.repaired},
        "split": SPLIT_AS_MADE if made else SPLIT_BY_TYPES,
        "twins": {"rule": TWIN_RULE, "dropped": len(twins)},
        "dropped": summarise_drops([*corpus.dropped, *twins, *wordless]),
        "leakage": leakage,
        "held_out": _held_out(splits, encoders) if made else None,
        "files": {Path(file).name: sha256_of(file) for file in [*files.values(), tags]},
    }
    write_json(manifest, record)
    logger.info("documents by split: %s; twins dropped: %d", record["records"], len(twins))


def tier(count: int, tiers: Tiers) -> str:
    """Whether a type with so many mentions is frequent, medium or rare."""
    if count > tiers.frequent:
        return FREQUENT
    return RARE if count < tiers.rare else MEDIUM


def _read(data: MaccrobatData, seed: int) -> Corpus:
    """The corpus; a made one is written as brat folders, one for each split, and read like any other."""
    source = data.source
    if isinstance(source, MaccrobatSynthetic):
        quotas = {split: getattr(data.splits, split) * source.documents for split in SPLITS}
        with tempfile.TemporaryDirectory() as folder:
            write_case_reports(folder, whole_numbers(quotas, source.documents), seed)
            return read_brat(folder, NAME)
    if not Path(source.path).exists():
        kind = "folder" if source.format == "brat" else "file"
        raise missing(source.path, kind, NAME, source.format)
    return read_brat(source.path, NAME) if source.format == "brat" else read_maccrobat_json(source.path, NAME)


def _split(items: Sequence[Prepared], data: MaccrobatData, seed: int) -> dict[str, list[Prepared]]:
    """The documents by split; of a made one the folder tells its split."""
    if isinstance(data.source, MaccrobatSynthetic):
        return {split: [item for item in items if item.document.id.startswith(f"{split}/")] for split in SPLITS}
    return multilabel_split(
        items,
        key_of=lambda item: item.document.id,
        labels_of=lambda item: item.types,
        shares={split: getattr(data.splits, split) for split in SPLITS},
        seed=seed,
    )


def _held_out(splits: Mapping[str, Sequence[Prepared]], encoders: Mapping[str, int | None]) -> dict:
    """How much of made validation and test reports was read before: sentences, templates and terms."""
    terms = frozenset().union(*map(synthetic.surfaces, synthetic.SPLITS))
    own_terms = terms - synthetic.surfaces(synthetic.TRAIN)

    def material(texts: Sequence[str]) -> dict[str, set[str]]:
        return {
            "sentences": sentences_of(texts),
            "templates": templates_of(texts, terms),
            "held-out terms": terms_of(texts, own_terms),
        }

    texts = {split: [item.document.text for item in splits[split]] for split in SPLITS}
    read = {"training split": material(texts["train"])} | {
        f"pre-training text of {name}": None if encoder_seed is None else material(pretraining_texts(encoder_seed))
        for name, encoder_seed in encoders.items()
    }
    return {split: count_shared(material(texts[split]), read) for split in SPLITS if split != "train"}


def _describe(source: MaccrobatFiles | MaccrobatSynthetic, corpus: Corpus) -> dict:
    """The source for the manifest. The many files of a folder have one sum: that of their names and sums. A license is
    that of the configuration, else that of a release that is known, else none."""
    path, license = (None, "none: made by the workflow")
    sums: dict[str, str] = {}
    if isinstance(source, MaccrobatFiles):
        path = source.path
        license = source.license or (LICENSE if is_release(corpus.documents) else None)
        if source.format == "brat":
            root = Path(source.path)
            names = {str(file.relative_to(root)): sha256_of(file) for file in brat_files(root)}
            sums = {f"{len(names)} .txt and .ann files": fingerprint(names)}
        else:
            sums = describe_files([Path(source.path)])
    return asdict(SourceDescription(NAME, source.format, path, sums, license, corpus.records))


def _prepared(document: AnnotatedDocument, left_out: set[str]) -> Prepared:
    """A document in words, its mentions flattened."""
    found = words.words_of(document.text)
    starts, ends = {word.start for word in found}, {word.end for word in found}
    grown = sum(
        any(start not in starts or end not in ends for start, end in mention.fragments) for mention in document.mentions
    )
    return Prepared(document, found, flatten.flatten(document.mentions, found, left_out), grown)


def _row(item: Prepared, source: str) -> dict:
    """One line of a split."""
    return {
        "id": item.document.id,
        "source": source,
        "text": item.document.text,
        "words": [word.text for word in item.words],
        "offsets": [[word.start, word.end] for word in item.words],
        "sentences": words.sentence_starts(item.document.text, item.words),
        "tags": bio.tags_of(flatten.kept_spans(item.entities), len(item.words)),
        "entities": [
            {"first": e.first, "last": e.last, "label": e.label, "kept": e.kept, "reason": e.reason}
            for e in item.entities
        ],
    }


def _entity_counts(items: Iterable[Prepared]) -> dict[str, int]:
    """Gold entities of a split, and those that its tags hold."""
    entities = [entity for item in items for entity in item.entities]
    return {"gold": len(entities), "kept": sum(entity.kept for entity in entities)}


def _facts(documents: Sequence[AnnotatedDocument], ready: Sequence[Prepared], lines: Mapping[str, int]) -> dict:
    """What the corpus is like, after twins were dropped; lines of annotation are those of all files read."""
    lengths = np.array([len(item.words) for item in ready])
    return {
        "documents": len(documents),
        "without_mentions": [document.id for document in documents if not document.mentions],
        "mentions": sum(len(document.mentions) for document in documents),
        "types": len(label_counts(documents)),
        "overlaps": shapes(documents),
        "mentions_grown_to_whole_words": sum(item.grown for item in ready),
        "words_by": words.PATTERN,
        "words_per_document": {
            "mean": round(float(lengths.mean()), 1),
            "median": float(np.median(lengths)),
            "most": int(lengths.max()),
        },
        f"documents_over_{LONG_DOCUMENT}_words_by_white_space": sum(
            len(document.text.split()) > LONG_DOCUMENT for document in documents
        ),
        "annotation_lines": {kind: count for kind, count in sorted(lines.items()) if kind != UNKNOWN},
        "unknown_lines": lines.get(UNKNOWN, 0),
    }


def _types(
    counts: Mapping[str, int], left_out: set[str], splits: Mapping[str, Sequence[Prepared]], tiers: Tiers
) -> dict[str, dict]:
    """Of each type its mentions, tier, and the documents of each split whose tags have it."""
    homes = {split: Counter(name for item in items for name in item.types) for split, items in splits.items()}
    for name in counts:
        missing = [split for split in SPLITS if not homes[split][name]]
        if missing and name not in left_out:
            logger.warning(
                "type %s, of %s, does not stand in %s: too few documents have it in their tags",
                name,
                counted(counts[name], "mention"),
                " and ".join(missing),
            )
    return {
        name: {
            "mentions": count,
            "tier": tier(count, tiers),
            "documents": {split: homes[split][name] for split in SPLITS},
        }
        for name, count in counts.items()
    }


def _flattening(items: Iterable[Prepared]) -> dict:
    """How many gold entities the tags hold, and what became of the others, by reason and by type."""
    entities = [entity for item in items for entity in item.entities]
    dropped = [entity for entity in entities if not entity.kept]
    by_type: dict[str, Counter[str]] = {}
    for entity in dropped:
        by_type.setdefault(entity.label, Counter())[entity.reason] += 1
    reasons = Counter(entity.reason for entity in dropped)
    return {
        "rule": flatten.RULE,
        "gold": len(entities),
        "kept": len(entities) - len(dropped),
        "dropped_by_reason": {reason: reasons[reason] for reason in flatten.REASONS if reasons[reason]},
        "dropped_by_type": {name: dict(sorted(by_type[name].items())) for name in sorted(by_type)},
    }
