"""From sources of questions to the study's splits, challenge set and manifest."""

import logging
from collections import Counter
from pathlib import Path

from medtune.data.dropped import Dropped
from medtune.data.held_out import count_shared, pairs_of, sentences_of, templates_of
from medtune.data.manifest import SourceDescription, build_manifest, describe_files
from medtune.data.splits import balance, check_no_twins, stratified_split, whole_numbers
from medtune.errors import InputError
from medtune.files import write_json, write_jsonl
from medtune.studies.pretraining_texts import pretraining_documents
from medtune.studies.provenance import missing
from medtune.studies.yesno import bioasq, pubmedqa
from medtune.studies.yesno import generator as yesno
from medtune.studies.yesno.generator import HELD_OUT, TRAINING, make_questions
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.questions import Question, deduplicate
from medtune.studies.yesno.section import ChallengeQuestion, YesNoData, YesNoFile, YesNoSynthetic
from medtune.studies.yesno.template import YesNoTask

logger = logging.getLogger(__name__)

NOT_DRAWN = "not drawn: its class has more records than per_class"
CHALLENGE = "challenge"
READERS = {
    "pubmedqa_labeled": pubmedqa.read_pubmedqa,
    "pubmedqa_artificial": pubmedqa.read_pubmedqa,
    "bioasq": bioasq.read_bioasq,
}


def prepare(
    data: YesNoData,
    seed: int,
    challenge: list[ChallengeQuestion],
    train: Path | str,
    validation: Path | str,
    test: Path | str,
    challenge_file: Path | str,
    manifest: Path | str,
    pretraining: dict | None = None,
) -> None:
    """Read, clean, deduplicate, balance and split the questions; write the five files.

    pretraining: what a synthetic base model reads, {"text", "seed"}; None where that is not known. The manifest counts
    what the held-out splits share with it and with the training split.
    Everything is checked before the first file is written. Raises InputError for faulty sources, an empty data set, too
    few records in a class, or a question that stands in two splits.
    """
    questions: list[Question] = []
    dropped: list[Dropped] = []
    descriptions = []
    for name, source in data.sources.items():
        if source is None:
            continue
        read, left_out = _read(name, source, seed, data.splits.train)
        descriptions.append(_describe(name, source, len(read) + len(left_out)))
        questions += read
        dropped += left_out
    if not questions:
        raise InputError(f"the data set is empty: none of {len(dropped)} records can be used ({_reasons(dropped)})")

    distinct, repeated = deduplicate(questions)
    _check_ids(distinct)
    splits, others = _split(distinct, data, seed)
    dropped += [*repeated, *(Dropped(item.source, item.key, NOT_DRAWN) for item in others)]
    rows = {split: [_row(question) for question in members] for split, members in splits.items()}
    rows[CHALLENGE] = [_challenge_row(number, item) for number, item in enumerate(challenge, start=1)]
    leakage = check_no_twins({split: [row["question"] for row in members] for split, members in rows.items()})

    files = {"train": train, "validation": validation, "test": test, CHALLENGE: challenge_file}
    for split, file in files.items():
        write_jsonl(file, rows[split])
    record = build_manifest(
        study=YesNoTask.name,
        seed=seed,
        sources=descriptions,
        splits=rows,
        labels=LABELS,
        dropped=dropped,
        leakage=leakage,
        files=[Path(file) for file in files.values()],
    )
    record["held_out"] = _held_out(
        rows, pretraining, any(isinstance(source, YesNoSynthetic) for source in data.sources.values())
    )
    write_json(manifest, record)
    logger.info("records by split: %s; left out: %s", record["records"], _reasons(dropped))


def _read(
    name: str, source: YesNoFile | YesNoSynthetic, seed: int, train_share: float
) -> tuple[list[Question], list[Dropped]]:
    """The questions of one source, under its name in the configuration; synthetic ones in two parts."""
    if isinstance(source, YesNoSynthetic):
        shares = {TRAINING: train_share, HELD_OUT: 1 - train_share}
        counts = whole_numbers({part: share * source.per_class for part, share in shares.items()}, source.per_class)
        return [question for part, count in counts.items() for question in make_questions(count, seed, name, part)], []
    if not Path(source.path).exists():
        raise missing(source.path, "file", YesNoTask.name, source.format)
    return READERS[source.format](source.path, name)


def _split(questions: list[Question], data: YesNoData, seed: int) -> tuple[dict[str, list[Question]], list[Question]]:
    """Draw `per_class` questions of each label and split them; returns the splits and what was not drawn.

    Questions that were made for one part come into its splits alone: training, or validation and test.
    """
    shares = data.splits.model_dump()
    sides: dict[str | None, tuple[str, ...]] = {None: tuple(shares)}
    if any(question.part for question in questions):
        sides = {TRAINING: ("train",), HELD_OUT: ("validation", "test")}
    totals = {part: sum(shares[split] for split in splits) for part, splits in sides.items()}
    counts = whole_numbers({part: total * data.per_class for part, total in totals.items()}, data.per_class)
    splits, left = {}, questions
    for part, names in sides.items():
        elsewhere = [question for question in left if question.part not in (None, part)]
        here = [question for question in left if question.part in (None, part)]
        drawn, others = balance(here, key_of=_id, label_of=_label, labels=LABELS, per_class=counts[part], seed=seed)
        parted = {split: shares[split] / totals[part] for split in names}
        splits |= stratified_split(drawn, key_of=_id, label_of=_label, shares=parted, seed=seed)
        left = [*others, *elsewhere]
    return splits, left


def _held_out(rows: dict[str, list[dict]], pretraining: dict | None, synthetic: bool) -> dict:
    """What validation, test and challenge set share with the training split and the pre-training text, counted."""
    documents = pretraining_documents(**pretraining) if pretraining else None
    read = {
        "training split": _material(*_texts(rows["train"]), synthetic),
        "pre-training text": documents and _material(documents, documents, synthetic),
    }
    return {
        split: count_shared(_material(*_texts(rows[split]), synthetic), read)
        for split in ("validation", "test", CHALLENGE)
    }


def _texts(rows: list[dict]) -> tuple[list[str], list[str]]:
    """Questions and rationales."""
    return [row["question"] for row in rows], [row["rationale"] for row in rows]


def _material(questions: list[str], rationales: list[str], synthetic: bool) -> dict[str, set]:
    """Sentences of questions and of rationales; of synthetic ones also the templates and pairs of terms in them."""
    sentences = {"sentences": sentences_of(questions), "rationales": sentences_of(rationales)}
    if not synthetic:
        return sentences
    return sentences | {
        "templates": templates_of(questions, yesno.TERMS),
        "rationale_templates": templates_of(rationales, yesno.TERMS),
        "term_pairs": pairs_of(questions, yesno.TREATMENTS, yesno.OUTCOMES),
    }


def _describe(name: str, source: YesNoFile | YesNoSynthetic, records: int) -> SourceDescription:
    """One source for the manifest."""
    if isinstance(source, YesNoSynthetic):
        return SourceDescription(name, source.format, None, {}, "none: made by the workflow", records)
    path = Path(source.path)
    files = pubmedqa.parquet_files(path) if path.is_dir() else [path]
    license = source.license or (None if source.format == "bioasq" else pubmedqa.license_of(files))
    return SourceDescription(name, source.format, source.path, describe_files(files), license, records)


def _check_ids(questions: list[Question]) -> None:
    """Raise InputError when two different questions have the same id."""
    for identifier, count in Counter(question.id for question in questions).items():
        if count > 1:
            source, _, key = identifier.partition("/")
            raise InputError(
                f'source "{source}", record "{key}": {count} different questions have this id; ids must be unique'
            )


def _id(question: Question) -> str:
    return question.id


def _label(question: Question) -> str:
    return question.label


def _row(question: Question) -> dict:
    """One line of a split; `text` is what the model is trained on."""
    row = {
        "id": question.id,
        "question": question.question,
        "label": question.label,
        "rationale": question.rationale,
        "source": question.source,
    }
    return _with_text(row)


def _challenge_row(number: int, item: ChallengeQuestion) -> dict:
    """One line of the challenge set, in the same form."""
    row = {
        "id": f"{CHALLENGE}/{number:02d}",
        "question": item.question,
        "label": item.expected,
        "rationale": item.reason,
        "source": CHALLENGE,
    }
    return _with_text(row)


def _with_text(row: dict) -> dict:
    task = YesNoTask()
    return {**row, "text": task.prompt(row) + task.completion(row)}


def _reasons(dropped: list[Dropped]) -> str:
    """Counts by reason, in words."""
    return (
        ", ".join(f"{count} {reason}" for reason, count in Counter(item.reason for item in dropped).items()) or "none"
    )
