"""Prepare a study of the user's own: read, check, split, write the splits and the manifest."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medtune.data.manifest import SourceDescription, build_manifest, describe_files
from medtune.data.near_twins import METHOD, near_twins
from medtune.data.own.examples import make_examples
from medtune.data.own.read import OwnData, read_own
from medtune.data.own.records import SPLITS, OwnRecord, OwnSource, counted
from medtune.data.own.splitting import split_examples
from medtune.data.splits import check_no_twins
from medtune.files import write_json, write_jsonl
from medtune.kinds.own_section import OwnRelation
from medtune.studies import part_of
from medtune.studies.own_files import load_reader

logger = logging.getLogger(__name__)

KEPT_TOGETHER = "examples of one group, and examples with the same text, are kept in one split"


def prepare(
    study: str,
    section: Mapping[str, Any],
    seed: int,
    outputs: Mapping[str, Path | str],
    files: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write train, validation, test and manifest of a study.

    section: as `OwnStudy.data_options` gives it. files: those of another study by split, where the data are of one.
    outputs: by these four names. The same for the same data and seed, whatever the order of the records. Everything is
    checked before the first file is written; raises InputError for faulty data.
    """
    data, source = section["data"], source_of(section)
    if data.get("study"):
        read = read_study(source, data.get("study"), files, data["license"])
    else:
        reader = load_reader(source.file) if source.file else None
        read = read_own(source, data["license"], reader(source.path) if reader else None)
    splits = _splits(read, source, data, seed)
    leakage = _leakage(splits)
    for split in SPLITS:
        write_jsonl(outputs[split], splits[split])
    manifest = build_manifest(
        study=study,
        seed=seed,
        sources=[read.description],
        splits=splits,
        labels=section.get("labels"),
        dropped=read.examples.dropped,
        leakage=leakage,
        files=[Path(outputs[split]) for split in SPLITS],
    )
    write_json(outputs["manifest"], manifest | _counts(splits, read))
    logger.info("records by split: %s; left out: %d", manifest["records"], len(read.examples.dropped))


def _splits(read: OwnData, source: OwnSource, data: Mapping[str, Any], seed: int) -> dict[str, list[dict]]:
    """Rows by split. Those of a study of the workflow stay as they are, with what only a held-out split has."""
    if not data.get("study"):
        return split_examples(read.examples.rows, read.examples.where, source.shown, data["splits"], seed)
    rows = [(row.pop("split"), row) for row in read.examples.rows]
    return {split: [row for its, row in rows if its == split] for split in SPLITS}


def read_study(source: OwnSource, study: str, files: Mapping[str, str], license: str | None) -> OwnData:
    """Examples of another study of the workflow, with its splits. files: by split."""
    plain_examples = part_of(study, "plain_examples").plain_examples
    records = [
        OwnRecord(f'{path}, record "{row["id"]}"', row["id"], {**row, "split": split})
        for split, path in files.items()
        for row in plain_examples(path, source.kind)
    ]
    examples = make_examples(records, source, study)
    described = {
        f"{split}/{name}": found
        for split, path in files.items()
        for name, found in describe_files([Path(path)]).items()
    }
    count = len(examples.rows) + len(examples.dropped)
    return OwnData(examples, SourceDescription(study, "study", None, described, license, count))


def source_of(section: Mapping[str, Any]) -> OwnSource:
    """What the readers are asked for."""
    data = section["data"]
    return OwnSource(
        kind=section["kind"],
        path=data["path"],
        file=section.get("file"),
        format=data["format"],
        columns=data["columns"],
        labels=tuple(section.get("labels") or ()),
        entities=tuple(section.get("entities") or ()),
        relations={name: OwnRelation(**relation) for name, relation in (section.get("relations") or {}).items()},
        ignore=tuple(data.get("ignore") or ()),
    )


def _leakage(splits: Mapping[str, Sequence[dict]]) -> dict[str, Any]:
    """What the splits share: no text; near twins of training texts are counted."""
    found = check_no_twins({split: [row["text"] for row in rows] for split, rows in splits.items()}, "text")
    texts = {split: {row["id"]: row["text"] for row in rows} for split, rows in splits.items()}
    counts = {split: len(near_twins(texts[split], texts["train"])) for split in ("validation", "test")}
    for split, count in counts.items():
        if count:
            logger.warning("%d of %d texts of %s have a near twin in train", count, len(texts[split]), split)
    return {**found, "rule": KEPT_TOGETHER, "near_twins": {"method": METHOD, **counts}}


def _counts(splits: Mapping[str, Sequence[dict]], read: OwnData) -> dict[str, Any]:
    """What is counted by split, beside labels: groups, types of entities and of relations."""
    counts: dict[str, Any] = {"left_out": read.examples.left_out}
    rows = [row for members in splits.values() for row in members]
    if any("group" in row for row in rows):
        counts["groups"] = {split: len({row["group"] for row in members}) for split, members in splits.items()}
    for field in ("entities", "relations"):
        if any(field in row for row in rows):
            counts[f"{field}_by_split"] = {
                split: counted(Counter(item["type"] for row in members for item in row[field]))
                for split, members in splits.items()
            }
    return counts
