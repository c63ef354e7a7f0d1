"""The record of a prepared data set: what went in, what was left out and why, what came out."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from medtune.data.dropped import Dropped
from medtune.files import sha256_of

EXAMPLES = 5


@dataclass(frozen=True)
class SourceDescription:
    """One source. path: as configured, none for a generated one. sha256: by file name.
    licence: none where it is not known. records: as read, before any were left out."""

    name: str
    format: str
    path: str | None
    sha256: Mapping[str, str]
    licence: str | None
    records: int


def describe_files(files: Iterable[Path]) -> dict[str, str]:
    """sha256 by file name, in which bytes that are not UTF-8 are escaped (`\\xff`)."""
    return {os.fsencode(file.name).decode(errors="backslashreplace"): sha256_of(file) for file in files}


def summarise_drops(dropped: Sequence[Dropped]) -> list[dict]:
    """Count by source and reason, with up to `EXAMPLES` keys each; sources in order of appearance."""
    keys = defaultdict(list)
    for item in dropped:
        keys[item.source, item.reason].append(item.key)
    return [
        {"source": source, "reason": reason, "count": len(found), "examples": found[:EXAMPLES]}
        for (source, reason), found in keys.items()
    ]


def count_labels(rows: Iterable[dict], by: str, labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Rows by the field `by` and by label; every label is named, also with a count of 0."""
    counts = defaultdict(Counter)
    for row in rows:
        counts[row[by]][row["label"]] += 1
    return {name: {label: counts[name][label] for label in labels} for name in sorted(counts)}


def build_manifest(
    *,
    study: str,
    seed: int,
    sources: Sequence[SourceDescription],
    splits: Mapping[str, Sequence[dict]],
    labels: Sequence[str] | None,
    dropped: Sequence[Dropped],
    leakage: Mapping,
    files: Iterable[Path],
) -> dict:
    """The manifest as a JSON-able dictionary; the same for the same data and seed.

    splits: the rows written, each with `source` and, where there are labels, `label`. leakage: what `check_no_twins`
    returned. files: the written files, whose sha256 is taken here.
    """
    rows = [{**row, "split": split} for split, members in splits.items() for row in members]
    by_label = {}
    if labels:
        by_split = count_labels(rows, "split", labels)
        by_label = {
            "labels_by_split": {split: by_split.get(split, dict.fromkeys(labels, 0)) for split in splits},
            "labels_by_source": count_labels(rows, "source", labels),
        }
    return {
        "study": study,
        "seed": seed,
        "sources": [{**asdict(source), "sha256": dict(source.sha256)} for source in sources],
        "records": {split: len(members) for split, members in splits.items()},
        **by_label,
        "dropped": summarise_drops(dropped),
        "leakage": dict(leakage),
        "files": describe_files(files),
    }
