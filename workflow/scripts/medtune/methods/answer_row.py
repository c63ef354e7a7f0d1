"""Rows of predictions.jsonl: the columns that every method writes."""

from typing import Any

from medtune.kinds.task import Task


def answer_row(
    task: Task,
    split: str,
    example: dict,
    text: str,
    *,
    confidence: float | None,
    prompt_tokens: int | None = None,
    output_tokens: int | None = None,
    finish: str | None = None,
    **further: Any,
) -> dict:
    """One row. text: the answer, in the task's form. confidence, counts of tokens (without padding and EOS) and finish:
    None where a method has none. further: columns that not every task has."""
    parsed = task.parse(text)
    return {
        "id": example["id"],
        "split": split,
        "raw": text,
        "value": parsed.value,
        "status": parsed.status,
        "prompt_tokens": prompt_tokens,
        "output_tokens": output_tokens,
        "finish": finish,
        "confidence": confidence,
        **further,
    }
