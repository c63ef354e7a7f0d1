"""Annotate new reports: every sentence goes to each entity type's adapter, all on one base model. See `annotation`."""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from medtune.data.report_sources import NewReport, SkippedReport, Source, read_reports
from medtune.errors import InputError
from medtune.files import rounded, write_json
from medtune.inference.progress import Journal
from medtune.methods.adapter.answers import part_confidences
from medtune.methods.adapter.folder import check_adapter
from medtune.methods.new_texts import (
    READ_IN_PART,
    UNREADABLE,
    AnnotationJob,
    Survey,
    adapter_record,
    changed,
    context_of,
    finished_work,
    fits,
    generate_fitting,
    new_only,
    record_of,
    survey,
    with_entries,
)
from medtune.studies.radgraph.annotation_files import Annotation, Outputs, Problem, write_annotations
from medtune.studies.radgraph.found import Found, locate, read_items
from medtune.studies.radgraph.reports import LABELS, Report, Sentence, cut
from medtune.studies.radgraph.segments import Token, tokenise
from medtune.studies.radgraph.template import RadGraphTask

logger = logging.getLogger(__name__)

TOO_LONG = "the sentence does not fit the model"
NOT_THERE = "a value is not in the sentence"
OTHER_TYPE = "an item is of another type"


class Job(AnnotationJob):
    """What an annotation is made of. adapters, prompts: folder and prompt file of each entity type that is asked for.
    chunk: sentences. page_reports: most reports on the page. threshold: confidence from which a report goes without
    review; none means that all are for review."""

    reports: Source
    adapters: dict[Literal["ANAT-DP", "OBS-DP", "OBS-DA", "OBS-U"], Path] = Field(min_length=1)
    prompts: dict[str, Path]
    page_reports: int = Field(100, ge=1)
    threshold: float | None = None


@dataclass(frozen=True)
class Answer:
    """What an adapter wrote. confidences: one for each of the parts that `RadGraphTask.parts` finds in the text."""

    text: str
    confidences: tuple[float, ...]


Answerer = Callable[[str, Sequence[str]], Sequence[Answer | None]]
"""From an entity type and sentences to its adapter's answers; None for a sentence that does not fit the model."""


def annotate(
    job: Job,
    outputs: Outputs,
    state: Path,
    load: Callable[[Job, Mapping[str, RadGraphTask]], Answerer] | None = None,
) -> None:
    """Annotate all reports, or resume a killed attempt, and write the files.

    state: folder for unfinished work, removed when the files are written. load: how the models are loaded,
    `adapter_answers` by default. The same job gives the same files, killed or not.
    Raises InputError for faulty reports (before the first is annotated), an empty prompt file, an adapter of another
    template or base model, and when the state is in use by another job.
    """
    tasks = {label: RadGraphTask(label, job.prompts[label]) for label in LABELS if label in job.adapters}
    for label, task in tasks.items():
        check_adapter(job.adapters[label], job.base, task)
    found = survey(read_reports(job.reports), _sentences, job.reports)
    adapters = {label: adapter_record(job.adapters[label], task) for label, task in tasks.items()}
    record = record_of(job, job.reports, found, {"adapters": adapters})

    def loaded() -> Callable[[list[_Place]], list]:
        answers = (load or adapter_answers)(job, tasks)
        return lambda chunk: _annotated(chunk, tasks, answers)

    unit = f"sentences by {len(tasks)} adapters"
    with finished_work(state, record, found.pieces, job.chunk, _places(job.reports), loaded, unit) as journal:
        annotations = _annotations(job.reports, found, journal)
        counts = write_annotations(annotations, outputs, list(tasks), job.page_reports, job.threshold)
        write_json(outputs.record, {**record, "threshold": job.threshold, **counts})
    logger.info("%s", counts)


def adapter_answers(job: Job, tasks: Mapping[str, RadGraphTask]) -> Answerer:
    """The adapters on one base model, which is loaded once.

    Each type's sentences are a run of batches of their own: its instruction's cache is shared by all of them, which is
    worth more than fuller batches with adapters mixed.
    """
    from medtune.models.loading import load_with_adapters

    adapters = {label: job.adapters[label] for label in tasks}
    model, tokenizer = load_with_adapters(job.base, adapters, job.quantization, job.double_quantization)

    def prompt(label: str, sentence: str) -> list[int]:
        return tasks[label].render_prompt({"input": sentence}, tokenizer)

    for label in tasks:
        if not fits(prompt(label, ""), model, job.settings):
            raise InputError(
                f"{job.prompts[label]}: the prompt and up to {job.settings.max_new_tokens} new tokens exceed the"
                f" {context_of(model)} positions of the base model"
            )

    def answers(label: str, sentences: Sequence[str]) -> list[Answer | None]:
        model.set_adapter(label, inference_mode=True)
        prompts = [prompt(label, sentence) for sentence in sentences]
        generated = generate_fitting(model, tokenizer, prompts, job.settings, job.seed)
        return [None if answer is None else _answer(tasks[label], tokenizer, answer) for answer in generated]

    return answers


def _answer(task: RadGraphTask, tokenizer: Any, generated: Any) -> Answer:
    """generated: a `Generated`."""
    confidences = part_confidences(tokenizer, generated, task.parts(generated.text))
    return Answer(generated.text, tuple(map(rounded, confidences)))


def _cut(report: NewReport) -> tuple[tuple[Token, ...], tuple[Sentence, ...]]:
    """The tokens of a report, and its sentences."""
    tokens = tokenise(report.text)
    return tokens, cut(Report(report.id, report.text, tokens)).sentences


def _sentences(report: NewReport) -> int:
    return len(_cut(report)[1])


_Place = tuple[Sentence, Sequence[Token]]
"""A sentence, and the tokens of its report."""


def _places(source: Source) -> Iterator[_Place]:
    """All sentences. A chunk of them may end within a report."""
    return (
        (sentence, tokens)
        for report in new_only(read_reports(source))
        for tokens, sentences in [_cut(report)]
        for sentence in sentences
    )


def _annotated(chunk: Sequence[_Place], tasks: Mapping[str, RadGraphTask], answers: Answerer) -> list[dict]:
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

    A model speaks for its own entity type alone, see `combine_outcomes`.
    """
    found: list[tuple] = []
    problems: list[tuple[str, str]] = []
    confidences = [1.0]
    for label, (task, answer) in given.items():
        if answer is None:
            problems.append((label, TOO_LONG))
            confidences.append(0.0)
            continue
        parsed = task.parse(answer.text)
        reading = read_items(sentence.text, parsed.value, parsed.status, answer.confidences, sentence.start)
        confidences.append(reading.confidence)
        if parsed.value is None:
            problems.append((label, f"{UNREADABLE} ({parsed.status})"))
            continue
        if parsed.status != "ok":
            problems.append((label, f"{READ_IN_PART} ({parsed.status})"))
        for place in locate(sentence.text, sentence.start, tokens, reading.found):
            if place is None:
                problems.append((label, NOT_THERE))
            elif place.label != label:
                problems.append((label, OTHER_TYPE))
            else:
                found.append(dataclasses.astuple(place))
    return {"found": found, "problems": problems, "confidence": min(confidences)}


def _annotations(source: Source, found: Survey, journal: Journal) -> Iterator[Annotation | SkippedReport]:
    """All reports with what the journal holds for their sentences.

    Raises InputError, at the end at the latest, when the reports are not those of the survey any more.
    """
    for item in with_entries(read_reports(source), journal, _sentences, found, source):
        if isinstance(item, SkippedReport):
            yield item
            continue
        report, given = item
        entities = tuple(Found(*fields) for entry in given for fields in entry["found"])
        if any(report.text[entity.start_char : entity.end_char] != entity.text for entity in entities):
            raise changed(source)
        yield Annotation(
            id=report.id,
            text=report.text,
            sentences=len(given),
            found=entities,
            problems=tuple(
                Problem(label, sentence.start, sentence.start + len(sentence.text), reason)
                for sentence, entry in zip(_cut(report)[1], given, strict=True)
                for label, reason in entry["problems"]
            ),
            confidence=min((entry["confidence"] for entry in given), default=1.0),
        )
