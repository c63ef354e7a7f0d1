"""Splits of the user's examples: given ones are checked, others drawn.

What must stay together is a unit: examples of one group (a patient), and examples with the same text. Units are named
by what they hold, so that a draw does not depend on the order of the input, nor on numbers that stand in for ids.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medtune.data.deduplication import normalise
from medtune.data.multilabel_split import multilabel_split
from medtune.data.own.records import SPLITS, Problems
from medtune.data.splits import stratified_split
from medtune.errors import InputError
from medtune.files import fingerprint

NONE = "none"
"""Stratum of what has no label."""


@dataclass(frozen=True)
class Unit:
    """Examples that no split may part. name: unique, of what they hold."""

    name: str
    rows: tuple[dict, ...]

    @property
    def types(self) -> frozenset[str]:
        """Labels, or types of entities and relations."""
        return frozenset(kind for row in self.rows for kind in types_of(row))

    @property
    def label(self) -> str:
        """The most frequent label; the alphabetically first one of a tie."""
        counts = Counter(row.get("label", NONE) for row in self.rows)
        return min(counts, key=lambda label: (-counts[label], label))


def types_of(row: Mapping) -> list[str]:
    """What an example is stratified by: its label, or the types of its entities and relations."""
    items = [row["label"]] if "label" in row else []
    return items + [item["type"] for field in ("entities", "relations") for item in row.get(field, ())]


def split_examples(
    rows: Sequence[dict], where: Mapping[str, str], path: str, shares: Mapping[str, float], seed: int
) -> dict[str, list[dict]]:
    """Rows by split: as given where they have `split`, which is taken out of them, else drawn.

    where: place of each row, by id, for messages. Labels are stratified; of types, and of labels where a unit has
    several, rare ones stand in every split where they can. The same for the same rows and seed, whatever their order.
    Raises InputError for given splits that lack one, part a group or hold a text twice, for a label that one unit alone
    has, for too few units, and where nothing in train has a label or type.
    """
    problems = Problems(path)
    given = [row for row in rows if "split" in row]
    if given:
        splits = _given(rows, where, path, problems)
        problems.raise_if_any()
        return splits
    units = units_of(rows)
    _check_labels(units, where, path, problems)
    problems.raise_if_any()
    try:
        splits = _drawn(units, shares, seed)
    except InputError as error:
        joined = "" if len(units) == len(rows) else "; records of one group, or with the same text, count as one"
        raise InputError(f"{path}: {error}{joined}") from error
    _check_learnt(splits, path, "as the splits are drawn; add some, or give the splits in a column", problems)
    problems.raise_if_any()
    return splits


def _drawn(units: Sequence[Unit], shares: Mapping[str, float], seed: int) -> dict[str, list[dict]]:
    """Raises InputError where a split would be empty."""
    if any("entities" in row for unit in units for row in unit.rows) or any(len(unit.types) > 1 for unit in units):
        parted = multilabel_split(
            units, key_of=lambda unit: unit.name, labels_of=lambda unit: unit.types, shares=shares, seed=seed
        )
    else:
        parted = stratified_split(
            units, key_of=lambda unit: unit.name, label_of=lambda unit: unit.label, shares=shares, seed=seed
        )
    return {split: [row for unit in chosen for row in unit.rows] for split, chosen in parted.items()}


def _check_learnt(splits: Mapping[str, Sequence[dict]], path: str, remedy: str, problems: Problems) -> None:
    """A problem for each label or type that stands in other splits alone."""
    there = {split: {kind for row in rows for kind in types_of(row)} for split, rows in splits.items()}
    for kind in sorted(set().union(*there.values()) - there["train"]):
        problems.add(f'{path}: no record of the split train has "{kind}", so that it cannot be learnt, {remedy}')


def units_of(rows: Sequence[dict]) -> list[Unit]:
    """The units of examples; those that share a text or a group, also by way of others, are one."""
    root: dict[tuple[str, str], tuple[str, str]] = {}

    def find(key: tuple[str, str]) -> tuple[str, str]:
        while root.setdefault(key, key) != key:
            key = root[key]
        return key

    for row in rows:
        first, *others = sorted(find(key) for key in _keys(row))
        for other in others:
            root[other] = first
    members = defaultdict(list)
    for row in rows:
        members[find(_keys(row)[0])].append(row)
    return [Unit(fingerprint(name), tuple(sorted(found, key=_content))) for name, found in members.items()]


def _content(row: dict) -> tuple[str, str]:
    """What rows are put in order by: what they hold, and the id where that is the same."""
    return fingerprint({**row, "id": None}), row["id"]


def _keys(row: dict) -> list[tuple[str, str]]:
    """What joins an example with others."""
    return [("text", normalise(row["text"])), *([("group", row["group"])] if "group" in row else [])]


def _check_labels(units: Sequence[Unit], where: Mapping[str, str], path: str, problems: Problems) -> None:
    """A problem for each label that cannot stand in two splits."""
    holders = defaultdict(list)
    for unit in units:
        for label in {row["label"] for row in unit.rows if "label" in row}:
            holders[label].append(unit)
    for label, found in sorted(holders.items()):
        rows = [row for unit in found for row in unit.rows if row["label"] == label]
        if len(found) == 1:
            which = "one example" if len(rows) == 1 else "examples of one group or text"
            problems.add(
                f'{where[rows[0]["id"]]}: the label "{label}" has {which} alone, which cannot be split; add others, or '
                "leave the label out with `data.ignore`"
            )


def _given(rows: Sequence[dict], where: Mapping[str, str], path: str, problems: Problems) -> dict[str, list[dict]]:
    """The splits that rows name; adds what is wrong with them to the problems."""
    splits: dict[str, list[dict]] = {split: [] for split in SPLITS}
    homes: dict[tuple[str, str], dict] = {}
    for row in rows:
        if "split" not in row:
            problems.add(f"{where[row['id']]}: no split, which other records have; expected one of {', '.join(SPLITS)}")
            continue
        splits[row["split"]].append({key: value for key, value in row.items() if key != "split"})
        for kind, value in _keys(row):
            first = homes.setdefault((kind, value), row)
            if first["split"] != row["split"]:
                what = f'the group "{value}"' if kind == "group" else "the same text"
                problems.add(
                    f"{where[row['id']]}: {what} stands in {row['split']} and, at {where[first['id']]}, in "
                    f"{first['split']}; expected it in one split"
                )
    for split, members in splits.items():
        if not members:
            problems.add(f"{path}: no record is of the split {split}; expected some of each of {', '.join(SPLITS)}")
    _check_learnt(splits, path, "as the splits are given; add some", problems)
    return {split: sorted(members, key=_content) for split, members in splits.items()}
