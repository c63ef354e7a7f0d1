"""Annotate new reports: every sentence goes to each entity type's adapter, all on one base model.

The reports are read three times, one after the other: to check them before hours of work, to annotate them in chunks of
sentences, and to write the files. So neither their number nor their length is limited by memory.
"""

import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from medtune.config import Generation
from medtune.data.radgraph import LABELS, Report, Sentence, cut
from medtune.data.report_sources import NewReport, SkippedReport, Source, read_reports
from medtune.data.segments import Token, tokenise
from medtune.errors import InputError
from medtune.files import fingerprint, sha256_of, write_json
from medtune.inference.progress import Journal
from medtune.models.record import read_record
from medtune.state import open_state
from medtune.tasks.generation import ADAPTER_FILES, check_adapter, part_confidences, rounded
from medtune.tasks.radgraph.annotation_files import Annotation, Outputs, Problem, write_annotations
from medtune.tasks.radgraph.found import Found, locate
from medtune.tasks.radgraph.template import RadGraphTask

logger = logging.getLogger(__name__)

DONE = "done.jsonl"
TOO_LONG = "the sentence does not fit the model"
UNREADABLE = "the answer cannot be read"
READ_IN_PART = "the answer was read in part"
NOT_THERE = "a value is not in the sentence"
OTHER_TYPE = "an item is of another type"


class Job(BaseModel):
    """What an annotation is made of. adapters, prompts: folder and prompt file of each entity type that is asked for.
    chunk: sentences that are done, and kept, together. page_reports: most reports on the page. threshold: confidence
    from which a report goes without review; none means that all are for review."""

    reports: Source
    base: Path
    adapters: dict[Literal["ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U"], Path] = Field(min_length=1)
    prompts: dict[str, Path]
    settings: Generation
    seed: int
    quantization: Literal["none", "int8", "nf4"] = "none"
    double_quantization: bool = True
    chunk: int = Field(512, ge=1)
    page_reports: int = Field(100, ge=1)
    threshold: float | None = None


@dataclass(frozen=True)
class Answer:
    """What an adapter wrote. confidences: one for each of the parts that `RadGraphTask.parts` finds in the text."""

    text: str
    confidences: tuple[float, ...]


Answerer = Callable[[str, Sequence[str]], Sequence[Answer | None]]
"""From an entity type and sentences to its adapter's answers; None for a sentence that does not fit the model."""


@dataclass(frozen=True)
class Survey:
    """What a source holds. sha256: of all ids and texts."""

    reports: int
    sentences: int
    sha256: str


def annotate(
    job: Job,
    outputs: Outputs,
    state: Path,
    load: Callable[[Job, Mapping[str, RadGraphTask]], Answerer] | None = None,
) -> None:
    """Annotate all reports, or go on where a killed attempt left off, and write the files.

    state: folder for unfinished work, removed when the files are written. load: how the models are loaded,
    `adapter_answers` by default. The same job gives the same files, killed or not.
    Raises InputError for faulty reports (before the first is annotated), an empty prompt file, an adapter of another
    template or base model, and when the state is in use by another job.
    """
    tasks = {label: RadGraphTask(label, job.prompts[label]) for label in LABELS if label in job.adapters}
    for label, task in tasks.items():
        check_adapter(job.adapters[label], job.base, task)
    found = survey(job.reports)
    record = _record(job, tasks, found)
    with open_state(state, fingerprint(record)) as held:
        journal = Journal(held.folder / DONE)
        chunks = -(-found.sentences // job.chunk)
        if journal.length < chunks:
            _annotate_chunks(job, tasks, (load or adapter_answers)(job, tasks), journal, chunks)
        annotations = _annotations(job.reports, found, journal)
        counts = write_annotations(annotations, outputs, list(tasks), job.page_reports, job.threshold)
        write_json(outputs.record, {**record, "threshold": job.threshold, **counts})
        held.remove()
    logger.info("%s", counts)


def survey(source: Source) -> Survey:
    """Read all reports once. Raises InputError for any fault, and when not one of them has text."""
    digest = hashlib.sha256()
    reports = sentences = 0
    for item in read_reports(source):
        digest.update(_identity(item))
        if isinstance(item, NewReport):
            reports += 1
            sentences += len(_cut(item)[1])
    if not reports:
        raise InputError(f"{source.path}: no report with text; expected at least one")
    return Survey(reports, sentences, digest.hexdigest())


def adapter_answers(job: Job, tasks: Mapping[str, RadGraphTask]) -> Answerer:
    """The adapters on one base model, which is loaded once.

    Each type's sentences are a run of batches of their own: its instruction's cache is shared by all of them, which is
    worth more than fuller batches with adapters mixed.
    """
    from medtune.inference.generation import generate
    from medtune.models.loading import load_with_adapters

    adapters = {label: job.adapters[label] for label in tasks}
    model, tokenizer = load_with_adapters(job.base, adapters, job.quantization, job.double_quantization)
    context = getattr(model.config, "max_position_embeddings", None)

    def prompt(label: str, sentence: str) -> list[int]:
        return tasks[label].render_prompt({"input": sentence}, tokenizer)

    def fits(tokens: Sequence[int]) -> bool:
        return context is None or len(tokens) + job.settings.max_new_tokens <= context

    for label in tasks:
        if not fits(prompt(label, "")):
            raise InputError(
                f"{job.prompts[label]}: the prompt and up to {job.settings.max_new_tokens} new tokens exceed the"
                f" {context} positions of the base model"
            )

    def answers(label: str, sentences: Sequence[str]) -> list[Answer | None]:
        model.set_adapter(label, inference_mode=True)
        prompts = {place: tokens for place, sentence in enumerate(sentences) if fits(tokens := prompt(label, sentence))}
        generated = generate(model, tokenizer, list(prompts.values()), job.settings, job.seed)
        written = dict(zip(prompts, generated, strict=True))
        return [
            _answer(tasks[label], tokenizer, written[place]) if place in written else None
            for place in range(len(sentences))
        ]

    return answers


def _answer(task: RadGraphTask, tokenizer: Any, generated: Any) -> Answer:
    """generated: a `Generated`."""
    confidences = part_confidences(tokenizer, generated, task.parts(generated.text))
    return Answer(generated.text, tuple(map(rounded, confidences)))


def _record(job: Job, tasks: Mapping[str, RadGraphTask], found: Survey) -> dict[str, Any]:
    """All that determines the annotations. Batch sizes are not among it: they only change rounding."""
    from medtune.training.record import library_versions

    base = read_record(job.base)
    return {
        "source": {**dataclasses.asdict(job.reports), "sha256": found.sha256},
        "base_model": base["name"],
        "base_fingerprint": base["fingerprint"],
        "adapters": {
            label: {
                "template_hash": task.template_hash,
                **{name: sha256_of(job.adapters[label] / name) for name in ADAPTER_FILES},
            }
            for label, task in tasks.items()
        },
        "settings": job.settings.model_dump(mode="json", exclude={"batch_tokens"}),
        "quantization": [job.quantization, job.double_quantization],
        "seed": job.seed,
        "chunk": job.chunk,
        "versions": library_versions(),
    }


def _identity(item: NewReport | SkippedReport) -> bytes:
    """What the digest of a source takes of a report."""
    return json.dumps(dataclasses.asdict(item)).encode() + b"\n"


def _cut(report: NewReport) -> tuple[tuple[Token, ...], tuple[Sentence, ...]]:
    """The tokens of a report, and its sentences."""
    tokens = tokenise(report.text)
    return tokens, cut(Report(report.id, report.text, tokens)).sentences


def _annotate_chunks(
    job: Job, tasks: Mapping[str, RadGraphTask], answers: Answerer, journal: Journal, chunks: int
) -> None:
    """Do the chunks that the journal does not hold yet. A chunk may end within a report."""
    places = (
        (sentence, tokens)
        for report in read_reports(job.reports)
        if isinstance(report, NewReport)
        for tokens, sentences in [_cut(report)]
        for sentence in sentences
    )
    if journal.length:
        logger.info("%d of %d chunks are done already", journal.length, chunks)
        next(islice(places, journal.length * job.chunk - 1, None))
    start = time.perf_counter()
    done = 0
    while chunk := list(islice(places, job.chunk)):
        journal.append(_annotated(chunk, tasks, answers))
        done += len(chunk)
        speed = done / (time.perf_counter() - start)
        logger.info("chunk %d of %d: %.1f sentences/s by %d adapters", journal.length, chunks, speed, len(tasks))


def _annotated(
    chunk: Sequence[tuple[Sentence, Sequence[Token]]], tasks: Mapping[str, RadGraphTask], answers: Answerer
) -> list[dict]:
    """The journal's entry for a chunk: what was found in each sentence, in the places of its report.

    Standard sentences stand in many reports; each is answered once in a chunk.
    """
    texts = list(dict.fromkeys(sentence.text for sentence, _ in chunk))
    given = {label: dict(zip(texts, answers(label, texts), strict=True)) for label in tasks}
    return [
        _sentence_entry(sentence, tokens, {label: (tasks[label], given[label][sentence.text]) for label in tasks})
        for sentence, tokens in chunk
    ]


def _sentence_entry(
    sentence: Sentence, tokens: Sequence[Token], given: Mapping[str, tuple[RadGraphTask, Answer | None]]
) -> dict:
    """found: fields of `Found` in their order. problems: (label, reason). confidence: the least of all items and ends
    of lists, as `score` has it; 0 where an answer does not parse or a value is not there.

    A model speaks for its own entity type alone, see `merge_outcomes`.
    """
    found: list[tuple] = []
    problems: list[tuple[str, str]] = []
    confidences = [1.0]
    ready = True
    for label, (task, answer) in given.items():
        if answer is None:
            problems.append((label, TOO_LONG))
            ready = False
            continue
        parsed = task.parse(answer.text)
        confidences += answer.confidences
        ready &= parsed.status == "ok"
        if parsed.value is None:
            problems.append((label, f"{UNREADABLE} ({parsed.status})"))
            continue
        if parsed.status != "ok":
            problems.append((label, f"{READ_IN_PART} ({parsed.status})"))
        located = locate(sentence.text, sentence.start, tokens, parsed.value, answer.confidences[: len(parsed.value)])
        for place in located:
            if place is None:
                problems.append((label, NOT_THERE))
                ready = False
            elif place.label != label:
                problems.append((label, OTHER_TYPE))
            else:
                found.append(dataclasses.astuple(place))
    return {"found": found, "problems": problems, "confidence": min(confidences) if ready else 0.0}


def _annotations(source: Source, found: Survey, journal: Journal) -> Iterator[Annotation | SkippedReport]:
    """All reports with what the journal holds for their sentences.

    Raises InputError, at the end at the latest, when the reports are not those of the survey any more.
    """
    changed = InputError(f"{source.path}: the reports changed while they were annotated; run again")
    digest = hashlib.sha256()
    entries = chain.from_iterable(journal)
    for report in read_reports(source):
        digest.update(_identity(report))
        if isinstance(report, SkippedReport):
            yield report
            continue
        _, sentences = _cut(report)
        given = list(islice(entries, len(sentences)))
        entities = tuple(Found(*fields) for entry in given for fields in entry["found"])
        if len(given) < len(sentences) or any(
            report.text[entity.start_char : entity.end_char] != entity.text for entity in entities
        ):
            raise changed
        yield Annotation(
            id=report.id,
            text=report.text,
            sentences=len(sentences),
            found=entities,
            problems=tuple(
                Problem(label, sentence.start, sentence.start + len(sentence.text), reason)
                for sentence, entry in zip(sentences, given, strict=True)
                for label, reason in entry["problems"]
            ),
            confidence=min((entry["confidence"] for entry in given), default=1.0),
        )
    if digest.hexdigest() != found.sha256:
        raise changed
