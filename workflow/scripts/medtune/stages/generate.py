"""The generate stage of the causal-LM studies: binds a task to the generation engine, and writes predictions.jsonl."""

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from medtune.config import Generation
from medtune.errors import InputError
from medtune.files import atomic, fingerprint, read_jsonl, rounded, write_json, write_jsonl
from medtune.inference.answer_form import Form
from medtune.kinds.task import Task
from medtune.libraries import loading
from medtune.methods.adapter.answers import Question, prediction_row
from medtune.methods.adapter.folder import adapter_hashes, check_adapter
from medtune.methods.answering import answering_record, untrained_record
from medtune.methods.prompt.asking import Asking
from medtune.methods.prompt.label_choice import chosen_label_row
from medtune.methods.prompt.prompting import Prompting
from medtune.models.model_record import read_record
from medtune.models.rendering import render_completion
from medtune.state import open_state
from medtune.studies import get_task
from medtune.versions import library_versions

logger = logging.getLogger(__name__)

PROGRESS = "done.jsonl"
TIMES = "seconds.jsonl"


class Job(BaseModel):
    """What the predictions of one model are made of. splits: JSON-lines file of each split, by its name.
    adapter: folder; none means the base model as it is. earlier_adapter, earlier_predictions: of an earlier run that
    shares everything else with this one; its predictions are copied when the adapters are the same. prompting: how a
    base model is asked as a method of its own; None asks as in training."""

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    settings: Generation
    seed: int
    splits: dict[str, Path]
    base: Path
    adapter: Path | None = None
    quantization: Literal["none", "int8", "nf4"] = "none"
    double_quantization: bool = True
    earlier_adapter: Path | None = None
    earlier_predictions: Path | None = None
    prompting: Prompting | None = None

    @model_validator(mode="after")
    def _of_the_base_model(self) -> "Job":
        if self.prompting is not None and self.adapter is not None:
            raise ValueError("prompting asks a base model; an adapter is asked as it was trained")
        return self

    @property
    def by_likelihood(self) -> bool:
        """Whether labels are chosen by likelihood, and nothing is generated."""
        return self.prompting is not None and self.prompting.by == "likelihood"


def generate_predictions(
    job: Job, predictions: Path, state: Path, answering: Path | str | None = None, record: Path | str | None = None
) -> None:
    """Answer all examples of all splits, or resume a killed attempt, and write predictions.jsonl.

    predictions: one row per example, in the order of the splits and their files: id, split, raw output, parsed
    value, parse status, token counts (without padding and EOS), how it finished, confidence, for tasks with closed
    labels the log-likelihood of each label, and for tasks with parts the confidence of each part. It holds no timings:
    the same job gives the same file. Copied from an earlier run where that has the same adapter and examples. With
    `prompting` also the ids of the examples in the prompt (`shots`), in their order.
    state: folder for unfinished work, removed when the predictions are written.
    answering: file for what it took, see `answering_record`: in all attempts, without label likelihoods where labels
    are generated. With `prompting` also counts of the examples shown.
    record: file for the record of a method that trains nothing, see `untrained_record`.
    Raises InputError for an adapter of another template or base model, for prompts that do not fit the model, for
    constrained generation of a task without a form, for `prompting` that cannot be followed (see `Asking`), and when
    the state is in use by another job.
    """
    with loading():
        import torch

        from medtune.inference.generation import generate
    from medtune.inference.progress import TimedProgress
    from medtune.memory import peak_memory_mb

    task = get_task(job.task, **job.task_options)
    if job.adapter is not None:
        check_adapter(job.adapter, job.base, task)
    examples = [(split, example) for split, path in job.splits.items() for example in read_jsonl(path)]
    if _repeats_earlier(job, examples):
        logger.info("%s is of the same adapter: its predictions are copied", job.earlier_predictions)
        # Holding the state, in which another adapter's work may have been left.
        with open_state(state, "copied") as held:
            with atomic(predictions) as temporary:
                shutil.copyfile(job.earlier_predictions, temporary)
            if answering is not None:
                write_json(answering, answering_record(None, 0, None))
            held.remove()
        return
    if job.by_likelihood and not task.labels:
        raise InputError(f'by: likelihood: the task "{task.name}" has no closed set of labels; set by: generation')
    model, tokenizer = _load(job)
    train = read_jsonl(job.prompting.train) if job.prompting and job.prompting.shots else []
    context, new = _context(model), _new_tokens(job, task, tokenizer)
    asking = _asking(job, task, tokenizer, train, [example for _, example in examples], context, new)
    questions = _questions(job, task, tokenizer, examples, asking)
    prompts = [question.prompt for question in questions]
    _check_lengths(questions, job, context, new)
    _warn_of_longer_gold(questions, job)
    forms = _answer_forms(task, questions, tokenizer) if job.settings.constrained and not job.by_likelihood else []
    constrain, stop = _constrain(forms, model, tokenizer), asking.form.stop if asking else None
    with open_state(state, _fingerprint(job, task, questions, forms)) as held:
        start = time.perf_counter()
        progress = TimedProgress(held.folder / PROGRESS, held.folder / TIMES)
        if job.by_likelihood:
            answers = [None] * len(questions)
        else:
            answers = generate(model, tokenizer, prompts, job.settings, job.seed, progress, constrain, stop)
        generated = time.perf_counter()
        likelihoods = _label_likelihoods(task, model, tokenizer, prompts, job.settings.batch_tokens, asking)
        end, device = time.perf_counter(), torch.device(model.device).type
        logger.info(
            "%d answers on %s in %.1f s, peak memory %.0f MB",
            len(answers),
            device,
            end - start,
            peak_memory_mb(),
        )
        if answering is not None:
            seconds, documents = progress.seconds, progress.items
            if job.by_likelihood:
                seconds, documents = end - generated, len(questions)
            shots = {"shots": asking.counts()} if asking else {}
            write_json(answering, answering_record(seconds, documents, device, **shots))
        if record is not None:
            write_json(record, untrained_record("prompt", len(train), device, base_model=read_record(job.base)))
        write_jsonl(
            predictions,
            (
                chosen_label_row(task, question, likelihood)
                if answer is None
                else prediction_row(task, tokenizer, question, answer, likelihood)
                for question, answer, likelihood in zip(questions, answers, likelihoods, strict=True)
            ),
        )
        held.remove()


def _repeats_earlier(job: Job, examples: list[tuple[str, dict]]) -> bool:
    """Whether the earlier run had the same adapter and answered the same examples. examples: (split, example)."""
    if job.adapter is None or job.earlier_adapter is None or job.earlier_predictions is None:
        return False
    if adapter_hashes(job.adapter) != adapter_hashes(job.earlier_adapter):
        return False
    answered = [(row["split"], row["id"]) for row in read_jsonl(job.earlier_predictions)]
    return answered == [(split, example["id"]) for split, example in examples]


def _load(job: Job) -> tuple[Any, Any]:
    """Model, with its adapter where there is one, and tokenizer."""
    from medtune.models.loading import load_base, load_with_adapter

    if job.adapter is None:
        return load_base(job.base, job.quantization, job.double_quantization)
    return load_with_adapter(job.base, job.adapter, job.quantization, job.double_quantization)


def _context(model: Any) -> int | None:
    """The positions that the model was made for; None where it does not say."""
    return getattr(model.config, "max_position_embeddings", None)


def _asking(
    job: Job, task: Task, tokenizer: Any, train: Sequence[dict], examples: Sequence[dict], context: int | None, new: int
) -> Asking | None:
    """The examples as they are asked with `prompting`; None without it. new: tokens that follow a prompt."""
    if job.prompting is None:
        return None
    room = None if context is None else context - new
    return Asking(job.prompting, task, tokenizer, train, examples, room)


def _questions(
    job: Job, task: Task, tokenizer: Any, examples: Sequence[tuple[str, dict]], asking: Asking | None
) -> list[Question]:
    """examples: (split, example). By likelihood no gold answer is too long, since none is generated."""
    return [
        Question(
            split,
            example,
            asking.asked[number].prompt if asking else task.render_prompt(example, tokenizer),
            not job.by_likelihood
            and len(render_completion(task.completion(example), tokenizer)) > job.settings.max_new_tokens,
            asking.asked[number].ids if asking else None,
        )
        for number, (split, example) in enumerate(examples)
    ]


def _new_tokens(job: Job, task: Task, tokenizer: Any) -> int:
    """The most tokens that follow a prompt."""
    return max(map(len, task.label_tokens(tokenizer))) if job.by_likelihood else job.settings.max_new_tokens


def _check_lengths(questions: list[Question], job: Job, context: int | None, new: int) -> None:
    """Every prompt and its answer must fit the positions that the model was made for."""
    for question in questions:
        tokens = len(question.prompt)
        if context is not None and tokens + new > context:
            raise InputError(
                f'{job.splits[question.split]}, record "{question.example["id"]}": {tokens} prompt tokens and up to '
                f"{new} new ones exceed the {context} positions of the base model"
            )


def _warn_of_longer_gold(questions: list[Question], job: Job) -> None:
    """Say of each split how many gold answers cannot be generated in full; their predictions are marked."""
    for split, path in job.splits.items():
        longer = [question.longer_gold for question in questions if question.split == split]
        if any(longer):
            logger.warning(
                "%s: %d of %d gold answers have more tokens than generation.max_new_tokens = %d, and cannot be "
                "generated in full",
                path,
                sum(longer),
                len(longer),
                job.settings.max_new_tokens,
            )


def _answer_forms(task: Task, questions: list[Question], tokenizer: Any) -> list[Form]:
    """The form of the answer to each question."""
    forms = [task.answer_form(question.example, tokenizer) for question in questions]
    if any(form is None for form in forms):
        raise InputError(f'generation.constrained: the task "{task.name}" has no form of answers; set it to false')
    return forms


def _constrain(forms: list[Form], model: Any, tokenizer: Any) -> Any:
    """What keeps `generate` to these forms; None without forms."""
    if not forms:
        return None
    from medtune.inference.constraints import Constraint

    return Constraint(model, tokenizer).to(forms)


def _label_likelihoods(
    task: Task, model: Any, tokenizer: Any, prompts: list[list[int]], batch_tokens: int, asking: Asking | None
) -> list[dict[str, float] | None]:
    """For each prompt the log-likelihood of each label, calibrated where `prompting` says so; None for tasks without
    closed labels."""
    if not task.labels:
        return [None] * len(prompts)
    from medtune.inference.likelihood import label_log_likelihoods

    labels = asking.form.labels() if asking else task.label_tokens(tokenizer)

    def scored(asked: Sequence[list[int]]) -> Any:
        return label_log_likelihoods(model, asked, labels, batch_tokens, tokenizer.pad_token_id)

    scores = asking.label_scores(scored) if asking else scored(prompts)
    return [{label: rounded(value) for label, value in zip(task.labels, row, strict=True)} for row in scores]


def _fingerprint(job: Job, task: Task, questions: list[Question], forms: list[Form]) -> str:
    """Identifies all that determines the predictions. Batch sizes are not among it: they only change rounding."""
    return fingerprint(
        {
            "template": task.template_hash,
            "examples": [[question.split, question.example["id"], question.prompt] for question in questions],
            "forms": [asdict(form) for form in forms],
            "settings": job.settings.model_dump(mode="json", exclude={"batch_tokens"}),
            "quantization": [job.quantization, job.double_quantization],
            "seed": job.seed,
            "base": read_record(job.base)["fingerprint"],
            "adapter": None if job.adapter is None else adapter_hashes(job.adapter),
            "versions": library_versions(),
            **({"prompting": job.prompting.model_dump(mode="json", exclude={"train"})} if job.prompting else {}),
        }
    )
