"""From sources of questions to the study's splits, challenge set and manifest."""

import logging
from collections import Counter
from pathlib import Path

from medtune.config import ChallengeQuestion, YesNoData, YesNoFile, YesNoSynthetic
from medtune.data import pubmedqa
from medtune.data.bioasq import read_bioasq
from medtune.data.deduplication import deduplicate
from medtune.data.labels import LABELS
from medtune.data.manifest import SourceDescription, build_manifest, describe_files
from medtune.data.questions import Dropped, Question
from medtune.data.splits import balance, check_no_twins, stratified_split
from medtune.data.synthetic.yesno import make_questions
from medtune.errors import InputError
from medtune.files import write_json, write_jsonl
from medtune.tasks.yesno.template import YesNoTask

logger = logging.getLogger(__name__)

NOT_DRAWN = "not drawn: its class has more records than per_class"
CHALLENGE = "challenge"
READERS = {
    "pubmedqa_labeled": pubmedqa.read_pubmedqa,
    "pubmedqa_artificial": pubmedqa.read_pubmedqa,
    "bioasq": read_bioasq,
}
LICENCES = {"pubmedqa_labeled": pubmedqa.LICENCE, "pubmedqa_artificial": pubmedqa.LICENCE}


def prepare(
    data: YesNoData,
    seed: int,
    challenge: list[ChallengeQuestion],
    train: Path | str,
    validation: Path | str,
    test: Path | str,
    challenge_file: Path | str,
    manifest: Path | str,
) -> None:
    """Read, clean, deduplicate, balance and split the questions; write the five files.

    Everything is checked before the first file is written. Raises InputError for faulty sources,
    an empty data set, too few records in a class, or a question that stands in two splits.
    """
    questions: list[Question] = []
    dropped: list[Dropped] = []
    descriptions = []
    for name, source in data.sources.items():
        if source is None:
            continue
        read, left_out = _read(name, source, seed)
        descriptions.append(_describe(name, source, len(read) + len(left_out)))
        questions += read
        dropped += left_out
    if not questions:
        raise InputError(f"the data set is empty: none of {len(dropped)} records can be used ({_reasons(dropped)})")

    distinct, repeated = deduplicate(questions)
    _check_ids(distinct)
    drawn, others = balance(distinct, key_of=_id, label_of=_label, labels=LABELS, per_class=data.per_class, seed=seed)
    dropped += [*repeated, *(Dropped(item.source, item.key, NOT_DRAWN) for item in others)]
    splits = stratified_split(drawn, key_of=_id, label_of=_label, shares=data.splits.model_dump(), seed=seed)
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
    write_json(manifest, record)
    logger.info("records by split: %s; left out: %s", record["records"], _reasons(dropped))


def _read(name: str, source: YesNoFile | YesNoSynthetic, seed: int) -> tuple[list[Question], list[Dropped]]:
    """The questions of one source, under its name in the configuration."""
    if isinstance(source, YesNoSynthetic):
        return make_questions(source.per_class, seed, name), []
    return READERS[source.format](source.path, name)


def _describe(name: str, source: YesNoFile | YesNoSynthetic, records: int) -> SourceDescription:
    """One source for the manifest."""
    if isinstance(source, YesNoSynthetic):
        return SourceDescription(name, source.format, None, {}, "none: made by the workflow", records)
    path = Path(source.path)
    files = pubmedqa.parquet_files(path) if path.is_dir() else [path]
    return SourceDescription(
        name, source.format, source.path, describe_files(files), LICENCES.get(source.format), records
    )


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
