"""From specialty files to the frozen splits, and from recommendations to each iteration's training set."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from medtune.data.held_out import count_shared, sentences_of, templates_of
from medtune.data.manifest import SourceDescription, describe_files, summarise_drops
from medtune.data.near_twins import METHOD, near_twins
from medtune.data.splits import check_no_twins
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.studies.meerkat.generator import HARD, TERMS, write_specialties
from medtune.studies.meerkat.medical_qa import MedicalQuestion, distinct_questions, read_specialties, specialty_files
from medtune.studies.meerkat.progressive_splits import (
    Parts,
    SplitRule,
    at_most,
    first_shares,
    first_split,
    next_shares,
    part_growth,
)
from medtune.studies.meerkat.recommendations import read_recommendations
from medtune.studies.meerkat.sets_on_disk import write_set
from medtune.studies.pretraining_texts import pretraining_documents

logger = logging.getLogger(__name__)

NAME = "meerkat"
RECORDS, PRETRAINING = "training records", "pre-training text"
"""What held-out questions and answers are counted against: all records for training and pool, and what a synthetic base
model has read."""
COLUMNS = ("id", "specialty", "question", "answer", "extra")


@dataclass(frozen=True)
class GrowthFiles:
    """What every iteration reads. growth: the rows for training and pool, in the order in which they join the training
    set."""

    holdout: Path
    evaluation: Path
    growth: Path
    manifest: Path


@dataclass(frozen=True)
class FrozenFiles(GrowthFiles):
    """What is prepared once: the same, and holdout and evaluation split as data sets on disk."""

    holdout_dataset: Path
    eval_dataset: Path


@dataclass(frozen=True)
class IterationFiles:
    """What belongs to one iteration. train: the rows of train_dataset as JSON lines. stats: dataset_stats.json."""

    train_dataset: Path
    eval_pool_dataset: Path
    train: Path
    stats: Path


class SpecialtyStats(BaseModel):
    """Samples of one specialty. train_percentage: of its records beside the holdout, the share that training and
    evaluation split take (0.5: half of them). reason: why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    holdout: int
    train: int
    eval: int
    pool: int
    train_percentage: float
    reason: str


class DatasetStats(BaseModel):
    """dataset_stats.json. The three settings are those of the configuration; left_out: specialties without a split."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    iteration: int
    holdout_samples_per_specialty: int
    initial_train_percentage: float
    eval_split_size: float
    total: dict[str, int]
    specialties: dict[str, SpecialtyStats]
    left_out: list[str]


def prepare(
    source: Mapping[str, str | int],
    rule: SplitRule,
    seed: int,
    files: FrozenFiles,
    most_records: int | None = None,
    pretraining: Mapping[str, str | int] | None = None,
) -> None:
    """Read or make the specialties, drop repeats, split; write what all iterations share.

    source: `format` "files" with `path`, a folder, or "synthetic" with `records`, see `write_specialties`.
    most_records: that are used of a specialty, of its distinct ones; None means all. pretraining: what a synthetic base
    model reads, {"text", "seed"}; None where that is not known. Everything is checked before the
    first file is written. Raises InputError for faulty files and when no specialty is large enough.
    """
    specialties, description = _read(source, rule, seed)
    distinct, repeated = distinct_questions(specialties)
    used, too_many = at_most(distinct, most_records, seed)
    parts, too_small = first_split(used, rule, seed)
    rows = {
        "holdout": [item.row() for part in parts.values() for item in part.holdout],
        "evaluation": [item.row() for part in parts.values() for item in part.evaluation],
        "growth": [item.row() for part in parts.values() for item in part.growth],
    }
    leakage = {**check_apart(rows), "near_twins": find_near_twins(rows)}

    write_set(files.holdout_dataset, rows["holdout"], COLUMNS)
    write_set(files.eval_dataset, rows["evaluation"], COLUMNS)
    written = {"holdout": files.holdout, "evaluation": files.evaluation, "growth": files.growth}
    for split, path in written.items():
        write_jsonl(path, rows[split])
    left_out = sorted(set(specialties) - set(parts))
    record = {
        "study": NAME,
        "seed": seed,
        "sources": [{**asdict(description), "sha256": dict(description.sha256)}],
        "rule": asdict(rule),
        "most_records": most_records,
        "records": {split: len(members) for split, members in rows.items()},
        "specialties": {specialty: _described(specialties[specialty], part) for specialty, part in parts.items()},
        "left_out": left_out,
        "without_evaluation": [specialty for specialty, part in parts.items() if not part.evaluation],
        "made_hard": list(HARD) if source["format"] == "synthetic" else [],
        "dropped": summarise_drops([*repeated, *too_many, *too_small]),
        "leakage": leakage,
        "held_out": count_held_out(rows, pretraining, source["format"] == "synthetic"),
        "files": describe_files(written.values()),
    }
    write_json(files.manifest, record)
    logger.info("records: %s; repeated: %d; left out: %s", record["records"], len(repeated), left_out or "none")
    if record["without_evaluation"]:
        logger.warning("too small for an evaluation split: %s", ", ".join(record["without_evaluation"]))


def grow(
    iteration: int,
    by_hand: Mapping[str, float],
    given: GrowthFiles,
    files: IterationFiles,
    previous_stats: Path | None = None,
    previous_recommendations: Path | None = None,
) -> None:
    """Write the training set and the pool of an iteration.

    iteration: from 1, which takes the first share of each specialty. Later ones need both files of the previous one;
    by_hand: share by specialty that goes before what was recommended there. Raises InputError for faulty
    recommendations and shares.
    """
    manifest = read_json(given.manifest)
    rule = SplitRule(**manifest["rule"])
    sizes = manifest["specialties"]
    if iteration == 1:
        shares = first_shares(list(sizes), rule)
    else:
        before = DatasetStats.model_validate(read_json(previous_stats))
        recommended = read_recommendations(previous_recommendations).recommended_sample_increases
        current = {name: found.train_percentage for name, found in before.specialties.items()}
        shares = next_shares(current, recommended, by_hand)
    training, pool = part_growth(
        read_jsonl(given.growth),
        {specialty: found["evaluation"] for specialty, found in sizes.items()},
        {specialty: share.value for specialty, share in shares.items()},
    )
    held = {"holdout": read_jsonl(given.holdout), "evaluation": read_jsonl(given.evaluation)}
    check_apart({**held, "training": training, "pool": pool})

    write_set(files.train_dataset, training, COLUMNS)
    write_set(files.eval_pool_dataset, pool, COLUMNS)
    write_jsonl(files.train, training)
    members = {"holdout": held["holdout"], "train": training, "eval": held["evaluation"], "pool": pool}
    counts = {split: _by_specialty(rows) for split, rows in members.items()}
    stats = DatasetStats(
        iteration=iteration,
        holdout_samples_per_specialty=rule.holdout,
        initial_train_percentage=rule.first_share,
        eval_split_size=rule.evaluation_share,
        total={split: len(rows) for split, rows in members.items()},
        specialties={
            specialty: SpecialtyStats(
                **{split: counts[split].get(specialty, 0) for split in members},
                train_percentage=share.value,
                reason=share.reason,
            )
            for specialty, share in shares.items()
        },
        left_out=manifest["left_out"],
    )
    write_json(files.stats, stats.model_dump())
    logger.info("iteration %d: %s", iteration, stats.total)


def check_apart(splits: Mapping[str, Sequence[dict]]) -> dict:
    """See that no question stands in two splits, also but for case, punctuation and spacing; what was checked, for the
    manifest. Raises InputError naming the question and both splits."""
    return {"questions": check_no_twins({split: [row["question"] for row in rows] for split, rows in splits.items()})}


def find_near_twins(splits: Mapping[str, Sequence[dict]]) -> dict:
    """Which held-out answers can be had by copying one that may be trained on, for the manifest.

    splits: rows of "holdout", "evaluation" and "growth", the records for training and pool.
    """
    answers = {split: {row["id"]: row["answer"] for row in rows} for split, rows in splits.items()}
    found = {split: near_twins(answers[split], answers["growth"]) for split in ("evaluation", "holdout")}
    return {
        "method": METHOD,
        **{
            split: {
                "answers": len(answers[split]),
                "near_twins": len(twins),
                "ids": {name: {"of": twin.of, "share": round(twin.share, 3)} for name, twin in twins.items()},
            }
            for split, twins in found.items()
        },
    }


def count_held_out(
    splits: Mapping[str, Sequence[dict]], pretraining: Mapping[str, str | int] | None, synthetic: bool
) -> dict[str, dict]:
    """What held-out questions and answers share with the records for training and pool and with the pre-training text,
    for the manifest, by split. splits: as in `find_near_twins`. synthetic: made by rules, so that the terms are known.

    Synthetic records state the same facts about a condition for several groups of people, so that answers are meant to
    have their templates in common with records for training: it is what can be learned from these.
    """
    documents = pretraining_documents(**pretraining) if pretraining else None
    read = {
        RECORDS: _material(*_texts(splits["growth"]), synthetic),
        PRETRAINING: documents and _material(documents, documents, synthetic),
    }
    return {
        split: count_shared(_material(*_texts(splits[split]), synthetic), read) for split in ("evaluation", "holdout")
    }


def _texts(rows: Sequence[dict]) -> tuple[list[str], list[str]]:
    """Questions and answers."""
    return [row["question"] for row in rows], [row["answer"] for row in rows]


def _material(questions: Sequence[str], answers: Sequence[str], synthetic: bool) -> dict[str, set[str]]:
    """Sentences of questions and of answers; of synthetic ones also their templates."""
    found = {"question_sentences": sentences_of(questions), "answer_sentences": sentences_of(answers)}
    if not synthetic:
        return found
    return found | {
        "question_templates": templates_of(questions, TERMS),
        "answer_templates": templates_of(answers, TERMS),
    }


def _read(
    source: Mapping[str, str | int], rule: SplitRule, seed: int
) -> tuple[dict[str, list[MedicalQuestion]], SourceDescription]:
    """The specialties as they stand in the source, and the source for the manifest."""
    least = rule.holdout + 1
    if source["format"] == "synthetic":
        with TemporaryDirectory() as folder:  # they go the way of all files
            write_specialties(folder, source["records"], seed)
            specialties = read_specialties(folder, least)
        path, sha256, license = None, {}, "none: made by the workflow"
    else:
        path, license = source["path"], source.get("license")
        specialties = read_specialties(path, least)
        sha256 = describe_files(specialty_files(path).values())
    records = sum(map(len, specialties.values()))
    return specialties, SourceDescription(NAME, str(source["format"]), path, sha256, license, records)


def _described(records: Sequence[MedicalQuestion], part: Parts) -> dict:
    """One specialty for the manifest. records: as read."""
    words = [len(item.answer.split()) for item in (*part.holdout, *part.evaluation, *part.growth)]
    return {
        "read": len(records),
        "distinct": len(words),
        "holdout": len(part.holdout),
        "evaluation": len(part.evaluation),
        "growth": len(part.growth),
        "answer_words": {"median": median(words), "longest": max(words)},
    }


def _by_specialty(rows: Sequence[dict]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["specialty"]] = counts.get(row["specialty"], 0) + 1
    return counts
