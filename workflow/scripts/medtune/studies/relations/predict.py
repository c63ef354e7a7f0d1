"""Entities and relations in the user's own notes, by one run's adapter, in one step or two. See `annotation`."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from medtune.data.related import RelatedDocument
from medtune.data.relation_schema import RelationSchema
from medtune.data.report_sources import NewReport, SkippedReport, Source, read_reports
from medtune.errors import InputError
from medtune.files import sha256_of, write_json
from medtune.inference.progress import Journal
from medtune.kinds.relations.answers import read_answer
from medtune.methods.adapter.answers import Question, prediction_row
from medtune.methods.adapter.folder import check_adapter
from medtune.methods.new_texts import (
    AnnotationJob,
    Survey,
    adapter_record,
    context_of,
    finished_work,
    fits,
    generate_fitting,
    new_only,
    one_piece,
    record_of,
    survey,
    with_entries,
)
from medtune.studies.relations.prediction_files import Outputs, Prediction, write_predictions
from medtune.studies.relations.rows import Step, row_of
from medtune.studies.relations.schema_file import read_schema
from medtune.studies.relations.steps import given_rows, join_steps
from medtune.studies.relations.template import RelationsTask

logger = logging.getLogger(__name__)

TOO_LONG = "the note does not fit the model"
_SPLIT = "notes"


class Job(AnnotationJob):
    """What predictions are made of. adapter: folder. task_options: of `RelationsTask`, as in training. types: file with
    the schema. chunk: notes. page_notes: most notes on the page."""

    notes: Source
    adapter: Path
    task_options: dict[str, Any]
    types: Path
    chunk: int = Field(128, ge=1)
    page_notes: int = Field(100, ge=1)


Answerer = Callable[[Sequence[dict]], Sequence[dict | None]]
"""From rows of one step to their predictions, as in predictions.jsonl; None for a row that does not fit the model."""


def predict(
    job: Job,
    outputs: Outputs,
    state: Path,
    load: Callable[[Job, RelationsTask], Answerer] | None = None,
) -> None:
    """Find entities and relations in all notes, or resume a killed attempt, and write the files.

    state: folder for unfinished work, removed when the files are written. load: how the model is loaded,
    `adapter_answers` by default. The same job gives the same files, killed or not.
    Raises InputError for faulty notes (before the first is answered), a missing or empty prompt file, a faulty schema,
    an adapter of another template or base model, and when the state is in use by another job.
    """
    task = RelationsTask(**job.task_options, schema=job.types)
    schema = read_schema(job.types)
    check_adapter(job.adapter, job.base, task)
    found = survey(read_reports(job.notes), one_piece, job.notes)
    used = {"adapter": adapter_record(job.adapter, task), "schema": sha256_of(job.types)}
    record = record_of(job, job.notes, found, used)

    def loaded() -> Callable[[list[NewReport]], list]:
        answers = (load or adapter_answers)(job, task)
        return lambda chunk: _answered(chunk, task, answers)

    notes = new_only(read_reports(job.notes))
    with finished_work(state, record, found.pieces, job.chunk, notes, loaded, "notes") as journal:
        predictions = _predictions(job.notes, found, journal, schema)
        counts = write_predictions(predictions, outputs, schema, job.page_notes)
        write_json(outputs.record, {**record, **counts})
    logger.info("%s", counts)


def adapter_answers(job: Job, task: RelationsTask) -> Answerer:
    """The base model with the adapter on it."""
    from medtune.models.loading import load_with_adapter

    model, tokenizer = load_with_adapter(job.base, job.adapter, job.quantization, job.double_quantization)
    constraint = None
    if job.settings.constrained:
        from medtune.inference.constraints import Constraint

        constraint = Constraint(model, tokenizer)
    for step in task.steps:
        bare = row_of(RelatedDocument("none", ""), step, [] if step == "relations" else None)
        if not fits(task.render_prompt(bare, tokenizer), model, job.settings):
            raise InputError(
                f'{job.task_options["prompts"]}: the prompt of step "{step}" and up to {job.settings.max_new_tokens}'
                f" new tokens exceed the {context_of(model)} positions of the base model"
            )

    def answers(rows: Sequence[dict]) -> list[dict | None]:
        questions = [Question(_SPLIT, row, task.render_prompt(row, tokenizer)) for row in rows]
        prompts = [question.prompt for question in questions]
        constrain = constraint and constraint.to([task.answer_form(row, tokenizer) for row in rows])
        generated = generate_fitting(model, tokenizer, prompts, job.settings, job.seed, constrain)
        return [
            None if answer is None else prediction_row(task, tokenizer, question, answer)
            for question, answer in zip(questions, generated, strict=True)
        ]

    return answers


def _answered(chunk: Sequence[NewReport], task: RelationsTask, answers: Answerer) -> list[dict | None]:
    """The prediction for each note, both steps joined where there are two; None where a step does not fit the model."""

    def asked(rows: Sequence[dict]) -> list[dict]:
        return [prediction for prediction in answers(rows) if prediction is not None]

    def answered(rows: Sequence[dict], predictions: Sequence[dict]) -> list[dict]:
        ids = {prediction["id"] for prediction in predictions}
        return [row for row in rows if row["id"] in ids]

    step: Step = task.steps[0]
    rows = [row_of(RelatedDocument(note.id, note.text), step) for note in chunk]
    predictions = asked(rows)
    if len(task.steps) > 1:
        second_rows = given_rows({_SPLIT: answered(rows, predictions)}, predictions)[_SPLIT]
        second = asked(second_rows)
        predictions = join_steps(answered(predictions, second), second)
    found = {prediction["id"]: prediction for prediction in predictions}
    return [found.get(note.id) for note in chunk]


def _predictions(
    source: Source, found: Survey, journal: Journal, schema: RelationSchema
) -> Iterator[Prediction | SkippedReport]:
    """All notes with what is made of their answers. Raises InputError when the notes are not those of the survey."""
    for item in with_entries(read_reports(source), journal, one_piece, found, source):
        if isinstance(item, SkippedReport):
            yield item
            continue
        note, (answer,) = item
        if answer is None:
            yield SkippedReport(note.id, TOO_LONG)
            continue
        read = read_answer(RelatedDocument(note.id, note.text), answer, schema)
        yield Prediction(
            id=note.id,
            text=note.text,
            found=read.found,
            status=read.status,
            readable=answer["value"] is not None,
            confidence=answer["confidence"],
        )
