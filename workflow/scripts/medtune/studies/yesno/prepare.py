"""From sources of questions to the study's splits, challenge set and manifest."""

import logging
from collections import Counter
from pathlib import Path

from medtune.data.dropped import Dropped
from medtune.data.held_out import count_shared, pairs_of, sentences_of, templates_of
from medtune.data.manifest import SourceDescription, build_manifest, describe_files
from medtune.data.splits import balance, check_no_twins, stratified_split, whole_numbers
from medtune.errors import InputError
from medtune.files import sha256_of, write_json, write_jsonl
from medtune.studies.pretraining_texts import pretraining_documents
from medtune.studies.provenance import missing
from medtune.studies.yesno import bioasq, pubmedqa
from medtune.studies.yesno import generator as yesno
from medtune.studies.yesno.abstracts import about_abstracts, first_of_abstract
from medtune.studies.yesno.generator import HELD_OUT, TRAINING, make_questions
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.published_split import part_test, read_test_ids
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
    few records in a class, a test split's id without its question, or a question or abstract that stands in two splits.
    """
    questions: list[Question] = []
    dropped: list[Dropped] = []
    descriptions = []
    abstracts = data.context == "abstract"
    for name, source in data.sources.items():
        if source is None:
            continue
        read, left_out = _read(name, source, seed, data.splits.train, abstracts)
        descriptions.append(_describe(name, source, len(read) + len(left_out)))
        questions += read
        dropped += left_out
    if not questions:
        raise InputError(f"the data set is empty: none of {len(dropped)} records can be used ({_reasons(dropped)})")

    distinct, repeated = deduplicate(questions)
    _check_ids(distinct)
    test_questions = None
    if data.test_ids is not None:
        ids = read_test_ids(data.test_ids)
        test_questions, distinct = part_test(distinct, [*dropped, *repeated], ids, data.test_ids)
    splits, others = _split(distinct, data, seed, test_questions)
    dropped += [*repeated, *(Dropped(item.source, item.key, NOT_DRAWN) for item in others)]
    task = YesNoTask(context=data.context)
    rows = {split: [_row(question, task) for question in members] for split, members in splits.items()}
    rows[CHALLENGE] = [_challenge_row(number, item, task) for number, item in enumerate(challenge, start=1)]
    leakage = check_no_twins({split: [row["question"] for row in members] for split, members in rows.items()})
    asked = {"context": about_abstracts(rows)} if abstracts else {}

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
    if data.test_ids is not None:
        record["test_ids"] = {"path": data.test_ids, "sha256": sha256_of(data.test_ids), "records": len(rows["test"])}
    write_json(manifest, record | asked)
    logger.info("records by split: %s; left out: %s", record["records"], _reasons(dropped))


def _read(
    name: str, source: YesNoFile | YesNoSynthetic, seed: int, train_share: float, abstracts: bool
) -> tuple[list[Question], list[Dropped]]:
    """The questions of one source, under its name in the configuration; synthetic ones in two parts."""
    if isinstance(source, YesNoSynthetic):
        shares = {TRAINING: train_share, HELD_OUT: 1 - train_share}
        counts = whole_numbers({part: share * source.per_class for part, share in shares.items()}, source.per_class)
        return [question for part, count in counts.items() for question in make_questions(count, seed, name, part)], []
    if not Path(source.path).exists():
        raise missing(source.path, "file", YesNoTask.name, source.format)
    options = {"abstracts": True} if abstracts else {}  # the section lets in only formats that have them
    return READERS[source.format](source.path, name, **options)


def _split(
    questions: list[Question], data: YesNoData, seed: int, test: list[Question] | None = None
) -> tuple[dict[str, list[Question]], list[Question]]:
    """Draw `per_class` questions of each label and split them; returns the splits and what was not drawn.

    test: the test split where it is given; the questions are then parted into train and validation alone.
    Questions that were made for one part come into its splits alone: training, or validation and test. Questions of one
    abstract stay together.
    """
    shares = data.splits.model_dump(exclude=set() if test is None else {"test"})
    sides: dict[str | None, tuple[str, ...]] = {None: tuple(shares)}
    if any(question.part for question in questions):
        sides = {TRAINING: ("train",), HELD_OUT: ("validation", "test")}
    totals = {part: sum(shares[split] for split in splits) for part, splits in sides.items()}
    counts = _counts(totals, data.per_class)
    homes = first_of_abstract(questions)
    splits, left = {}, questions
    for part, names in sides.items():
        elsewhere = [question for question in left if question.part not in (None, part)]
        here = [question for question in left if question.part in (None, part)]
        drawn, others = here, []
        if counts is not None:
            drawn, others = balance(here, key_of=_id, label_of=_label, labels=LABELS, per_class=counts[part], seed=seed)
        parted = {split: shares[split] / totals[part] for split in names}
        splits |= stratified_split(
            drawn, key_of=_id, label_of=_label, shares=parted, seed=seed, group_of=lambda question: homes[question.id]
        )
        left = [*others, *elsewhere]
    return splits if test is None else {**splits, "test": test}, left


def _counts(totals: dict[str | None, float], per_class: int | None) -> dict[str | None, int] | None:
    """Questions of each label to draw for each part; None for all. totals: the parts' shares of all questions that are
    drawn, which add up to 1 where no test split is given."""
    if per_class is None:
        return None
    whole = sum(totals.values())
    return whole_numbers({part: total / whole * per_class for part, total in totals.items()}, per_class)


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


def _row(question: Question, task: YesNoTask) -> dict:
    """One line of a split; `text` is what the model is trained on, `context` the abstract where it is asked with it."""
    row = {
        "id": question.id,
        **({} if question.context is None else {"context": question.context}),
        "question": question.question,
        "label": question.label,
        "rationale": question.rationale,
        "source": question.source,
    }
    return _with_text(row, task)


def _challenge_row(number: int, item: ChallengeQuestion, task: YesNoTask) -> dict:
    """One line of the challenge set, in the same form; its questions have no abstract."""
    row = {
        "id": f"{CHALLENGE}/{number:02d}",
        "question": item.question,
        "label": item.expected,
        "rationale": item.reason,
        "source": CHALLENGE,
    }
    return _with_text(row, task)


def _with_text(row: dict, task: YesNoTask) -> dict:
    return {**row, "text": task.prompt(row) + task.completion(row)}


def _reasons(dropped: list[Dropped]) -> str:
    """Counts by reason, in words."""
    return (
        ", ".join(f"{count} {reason}" for reason, count in Counter(item.reason for item in dropped).items()) or "none"
    )
