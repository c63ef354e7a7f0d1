"""Splits that stay while the training share grows: holdout, evaluation, training, pool.

Each specialty gives a constant holdout. Of what remains, in an order that the seed draws once, the first share is for
training, and a part of that is the evaluation split; the pool is what lies behind. Growing moves the line between
training and pool, and nothing else: holdout and evaluation split are the same in every iteration.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from medtune.data.dropped import Dropped
from medtune.errors import InputError
from medtune.studies.meerkat.medical_qa import MedicalQuestion, check_known

TOO_SMALL = "specialty left out: no record would remain beside the holdout"
TOO_MANY = "more than most_records of the specialty"
Reason = Literal["first share", "adjusted by hand", "recommended", "kept"]


@dataclass(frozen=True)
class SplitRule:
    """holdout: records of each specialty. first_share: of the remaining records, for training at first.
    evaluation_share: of that first share, for the evaluation split."""

    holdout: int = 10
    first_share: float = 0.5
    evaluation_share: float = 0.2


@dataclass(frozen=True)
class Parts:
    """One specialty. growth: the records for training and pool, in the order in which they join the training split."""

    holdout: list[MedicalQuestion]
    evaluation: list[MedicalQuestion]
    growth: list[MedicalQuestion]


@dataclass(frozen=True)
class Share:
    """The part of a specialty's records beside the holdout that training and evaluation split take, and why."""

    value: float
    reason: Reason


def at_most(
    specialties: Mapping[str, Sequence[MedicalQuestion]], most: int | None, seed: int
) -> tuple[dict[str, list[MedicalQuestion]], list[Dropped]]:
    """Keep at most so many records of each specialty, drawn by the seed whatever their order; None keeps all. Returns
    the others as dropped, for `TOO_MANY`."""
    kept: dict[str, list[MedicalQuestion]] = {}
    dropped: list[Dropped] = []
    for specialty, records in specialties.items():
        drawn = sorted(records, key=lambda record: record.id)
        random.Random(f"most/{seed}/{specialty}").shuffle(drawn)
        kept[specialty] = drawn[:most]
        dropped += [Dropped(specialty, record.key, TOO_MANY) for record in drawn[len(kept[specialty]) :]]
    return kept, dropped


def first_split(
    specialties: Mapping[str, Sequence[MedicalQuestion]], rule: SplitRule, seed: int
) -> tuple[dict[str, Parts], list[Dropped]]:
    """Part the distinct records of each specialty; the same for the same seed, whatever their order.

    Specialties do not influence each other. One with no record beside the holdout is left out as a whole: its records
    are returned as dropped, for `TOO_SMALL`. One whose first share is a single record has no evaluation split: it is
    trained on and held out, and cannot be recommended. Raises InputError when no specialty is large enough.
    """
    parts: dict[str, Parts] = {}
    dropped: list[Dropped] = []
    for specialty in sorted(specialties):
        records = sorted(specialties[specialty], key=lambda record: record.id)
        if len(records) <= rule.holdout:
            dropped += [Dropped(specialty, record.key, TOO_SMALL) for record in records]
            continue
        random.Random(f"{seed}/{specialty}").shuffle(records)
        holdout, rest = records[: rule.holdout], records[rule.holdout :]
        first = count_of(rule.first_share, len(rest))
        evaluation = min(first - 1, max(1, _rounded(rule.evaluation_share * first)))
        parts[specialty] = Parts(holdout, rest[:evaluation], rest[evaluation:])
    if not parts:
        raise InputError(
            f"no specialty has more than {rule.holdout} distinct records, so nothing remains beside the holdout; "
            "add records or lower the holdout"
        )
    return parts, dropped


def count_of(share: float, records: int) -> int:
    """Records that a share takes, half up, at least one. It never falls when the share rises."""
    return max(1, _rounded(share * records))


def first_shares(specialties: Sequence[str], rule: SplitRule) -> dict[str, Share]:
    """The shares of the first iteration."""
    return {specialty: Share(rule.first_share, "first share") for specialty in specialties}


def next_shares(
    current: Mapping[str, float], recommended: Mapping[str, float], by_hand: Mapping[str, float]
) -> dict[str, Share]:
    """The shares of the next iteration: those set by hand go before recommended ones, others are kept.

    A share never falls: a lower one than the current counts as kept. Raises InputError for an unknown specialty and
    for a share that is not above 0 and at most 1.
    """
    for where, shares in (("specialty_adjustments", by_hand), ("training recommendations", recommended)):
        check_known(shares, current, where)
        for specialty, share in shares.items():
            if not 0 < share <= 1:
                raise InputError(f'{where}: the share {share} of "{specialty}" must be above 0 and at most 1')
    return {
        specialty: _next_share(share, recommended.get(specialty), by_hand.get(specialty))
        for specialty, share in current.items()
    }


def part_growth(
    growth: Sequence[dict], evaluation: Mapping[str, int], shares: Mapping[str, float]
) -> tuple[list[dict], list[dict]]:
    """Training rows and pool rows, each in the order given.

    growth: rows with `specialty`, each specialty's in its order of growth. evaluation: size of its evaluation split,
    which is part of the share.
    """
    rows: dict[str, list[int]] = {}
    for place, row in enumerate(growth):
        rows.setdefault(row["specialty"], []).append(place)
    training: set[int] = set()
    for specialty, places in rows.items():
        held = evaluation[specialty]
        training.update(places[: count_of(shares[specialty], held + len(places)) - held])
    return (
        [row for place, row in enumerate(growth) if place in training],
        [row for place, row in enumerate(growth) if place not in training],
    )


def _next_share(current: float, recommended: float | None, by_hand: float | None) -> Share:
    wanted, reason = (by_hand, "adjusted by hand") if by_hand is not None else (recommended, "recommended")
    return Share(current, "kept") if wanted is None or wanted <= current else Share(wanted, reason)


def _rounded(value: float) -> int:
    """Half up; rounding to nine places first, so that 0.1 × 115 counts as 11.5, whatever its last bits."""
    return math.floor(round(value, 9) + 0.5)
