"""The generate stage of the causal-LM studies: binds a task to the generation engine, and writes predictions.jsonl."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from medtune.config import Generation
from medtune.errors import InputError
from medtune.files import fingerprint, read_json, read_jsonl, sha256_of, write_jsonl
from medtune.models.record import read_record
from medtune.state import open_state
from medtune.tasks import get_task
from medtune.tasks.base import Task

logger = logging.getLogger(__name__)

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors", "template.json")
PROGRESS = "done.jsonl"


class Job(BaseModel):
    """What the predictions of one model are made of. splits: JSON-lines file of each split, by its name.
    adapter: folder; none means the base model as it is."""

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    settings: Generation
    seed: int
    splits: dict[str, Path]
    base: Path
    adapter: Path | None = None
    quantization: Literal["none", "int8", "nf4"] = "none"
    double_quantization: bool = True


@dataclass(frozen=True)
class Question:
    """One example to answer, with the split it is from and its prompt as token ids."""

    split: str
    example: dict
    prompt: list[int]


def generate_predictions(job: Job, predictions: Path, state: Path) -> None:
    """Answer all examples of all splits, or go on where a killed attempt left off, and write predictions.jsonl.

    predictions: one row per example, in the order of the splits and their files: id, split, raw output, parsed
    value, parse status, token counts (without padding and EOS), how it finished, confidence, for tasks with closed
    labels the log-likelihood of each label, and for tasks with parts the confidence of each part. It holds no timings:
    the same job gives the same file.
    state: folder for unfinished work, removed when the predictions are written.
    Raises InputError for an adapter of another template or base model, for prompts that do not fit the model,
    and when the state is in use by another job.
    """
    import torch

    from medtune.inference.generation import generate
    from medtune.inference.progress import Progress
    from medtune.memory import peak_memory_mb

    task = get_task(job.task, **job.task_options)
    if job.adapter is not None:
        check_adapter(job.adapter, job.base, task)
    model, tokenizer = _load(job)
    questions = [
        Question(split, example, task.render_prompt(example, tokenizer))
        for split, path in job.splits.items()
        for example in read_jsonl(path)
    ]
    _check_lengths(questions, job, model)
    prompts = [question.prompt for question in questions]
    with open_state(state, _fingerprint(job, task, questions)) as held:
        start = time.perf_counter()
        answers = generate(model, tokenizer, prompts, job.settings, job.seed, Progress(held.folder / PROGRESS))
        likelihoods = _label_likelihoods(task, model, tokenizer, prompts, job.settings.batch_tokens)
        logger.info(
            "%d answers on %s in %.1f s, peak memory %.0f MB",
            len(answers),
            torch.device(model.device).type,
            time.perf_counter() - start,
            peak_memory_mb(),
        )
        write_jsonl(
            predictions,
            (
                _row(task, tokenizer, question, answer, likelihood)
                for question, answer, likelihood in zip(questions, answers, likelihoods, strict=True)
            ),
        )
        held.remove()


def _load(job: Job) -> tuple[Any, Any]:
    """Model, with its adapter where there is one, and tokenizer."""
    from medtune.models.loading import load_base, load_with_adapter

    if job.adapter is None:
        return load_base(job.base, job.quantization, job.double_quantization)
    return load_with_adapter(job.base, job.adapter, job.quantization, job.double_quantization)


def check_adapter(adapter: Path, base: Path, task: Task) -> None:
    """Refuse an adapter that was trained with another template or on another base model."""
    trained = read_json(adapter / "template.json")
    if trained["template_hash"] != task.template_hash:
        raise InputError(
            f'{adapter}: trained with another template of task "{task.name}" (hash {trained["template_hash"][:12]}, '
            f"now {task.template_hash[:12]}); train it again, or use the version of the code that it was trained with"
        )
    if trained["base_fingerprint"] != read_record(base)["fingerprint"]:
        raise InputError(
            f'{adapter}: trained on base model "{trained["base_model"]}" with other weights than those in {base}; '
            "give the base model that it was trained on"
        )


def _check_lengths(questions: list[Question], job: Job, model: Any) -> None:
    """Every prompt and its answer must fit the positions that the model was made for."""
    context = getattr(model.config, "max_position_embeddings", None)
    for question in questions:
        tokens, new = len(question.prompt), job.settings.max_new_tokens
        if context is not None and tokens + new > context:
            raise InputError(
                f'{job.splits[question.split]}, record "{question.example["id"]}": {tokens} prompt tokens and up to '
                f"{new} new ones exceed the {context} positions of the base model"
            )


def _label_likelihoods(
    task: Task, model: Any, tokenizer: Any, prompts: list[list[int]], batch_tokens: int
) -> list[dict[str, float] | None]:
    """For each prompt the log-likelihood of each label; None for tasks without closed labels."""
    if not task.labels:
        return [None] * len(prompts)
    from medtune.inference.likelihood import label_log_likelihoods

    labels = task.label_tokens(tokenizer)
    scores = label_log_likelihoods(model, prompts, labels, batch_tokens, tokenizer.pad_token_id)
    return [{label: rounded(value) for label, value in zip(task.labels, row, strict=True)} for row in scores]


def part_confidences(tokenizer: Any, answer: Any, parts: Sequence[tuple[int, int]]) -> list[float]:
    """Confidence of parts of an answer: the least probability among the tokens that stand in a part.

    A part is as sure as its least sure choice; a mean would hide one doubtful word among many brackets and quotes.
    answer: a `Generated`. parts: as `Task.parts` gives them for its text. A part without tokens has that of the answer.
    """
    if not parts:
        return []
    # Tokens can be pieces of a character, so their own lengths say nothing.
    ends = [
        len(tokenizer.decode(answer.tokens[: n + 1], skip_special_tokens=True, clean_up_tokenization_spaces=False))
        for n in range(answer.length)
    ]
    places = list(zip([0, *ends], ends, answer.token_probabilities, strict=False))
    return [
        min((p for start, end, p in places if start < last and end > first), default=answer.confidence)
        for first, last in parts
    ]


def _row(task: Task, tokenizer: Any, question: Question, answer: Any, likelihoods: dict[str, float] | None) -> dict:
    """One line of predictions.jsonl."""
    parsed = task.parse(answer.text)
    parts = task.parts(answer.text)
    row = {
        "id": question.example["id"],
        "split": question.split,
        "raw": answer.text,
        "value": parsed.value,
        "status": parsed.status,
        "prompt_tokens": len(question.prompt),
        "output_tokens": answer.length,
        "finish": answer.finish,
        "confidence": rounded(answer.confidence),
    }
    if likelihoods is not None:
        row["label_log_likelihoods"] = likelihoods
    if parts is not None:
        row["part_confidences"] = [rounded(value) for value in part_confidences(tokenizer, answer, parts)]
    return row


def rounded(value: float) -> float:
    """Six significant digits: what is beyond depends on the machine."""
    return float(f"{value:.6g}")


def _fingerprint(job: Job, task: Task, questions: list[Question]) -> str:
    """Identifies all that determines the predictions. Batch sizes are not among it: they only change rounding."""
    from medtune.training.record import library_versions

    adapter = job.adapter
    return fingerprint(
        {
            "template": task.template_hash,
            "examples": [[question.split, question.example["id"], question.prompt] for question in questions],
            "settings": job.settings.model_dump(mode="json", exclude={"batch_tokens"}),
            "quantization": [job.quantization, job.double_quantization],
            "seed": job.seed,
            "base": read_record(job.base)["fingerprint"],
            "adapter": None if adapter is None else {name: sha256_of(adapter / name) for name in ADAPTER_FILES},
            "versions": library_versions(),
        }
    )
