"""Answers of a causal language model as rows of predictions.jsonl, with the confidence of what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from medtune.data.predictions import LONGER_GOLD
from medtune.files import rounded
from medtune.inference.confidence import geometric_mean
from medtune.kinds.task import Part, Task
from medtune.methods.answer_row import answer_row


@dataclass(frozen=True)
class Question:
    """One example to answer, with the split it is from and its prompt as token ids. longer_gold: whether its gold
    answer has more tokens, EOS included, than are generated. shots: ids of the examples in the prompt, in their order;
    None where there can be none."""

    split: str
    example: dict
    prompt: list[int]
    longer_gold: bool = False
    shots: tuple[str, ...] | None = None


def part_confidences(tokenizer: Any, answer: Any, parts: Sequence[Part]) -> list[float]:
    """Confidence of parts of an answer: the least probability among the tokens that stand in a part.

    A part is as sure as its least sure choice; a mean would hide one doubtful word among many others.
    answer: a `Generated`. parts: as `Task.parts` gives them for its text. A part without tokens has that of the answer.
    """
    if not parts:
        return []
    places = _places(tokenizer, answer)
    return [min(_within(places, part), default=answer.confidence) for part in parts]


def content_confidence(tokenizer: Any, answer: Any, content: Part | None) -> float:
    """Geometric mean of the probabilities of the tokens that stand in `content`, see `Task.content`; of all tokens,
    EOS included, where it is None or holds none. Keys and brackets that are always the same would hide the rest."""
    chosen = _within(_places(tokenizer, answer), content) if content else []
    return geometric_mean(chosen) if chosen else answer.confidence


def _places(tokenizer: Any, answer: Any) -> list[tuple[int, int, float]]:
    """Start, end (characters of the text) and probability of each token."""
    # Tokens can be pieces of a character, so their own lengths say nothing.
    ends = [
        len(tokenizer.decode(answer.tokens[: n + 1], skip_special_tokens=True, clean_up_tokenization_spaces=False))
        for n in range(answer.length)
    ]
    return list(zip([0, *ends], ends, answer.token_probabilities, strict=False))


def _within(places: Sequence[tuple[int, int, float]], part: Part) -> list[float]:
    """Probabilities of the tokens that touch a part."""
    return [p for start, end, p in places if any(start < last and end > first for first, last in part)]


def prediction_row(
    task: Task, tokenizer: Any, question: Question, answer: Any, likelihoods: dict[str, float] | None = None
) -> dict:
    """One line of predictions.jsonl. answer: a `Generated`. likelihoods: of the labels, for tasks that have some. With
    `LONGER_GOLD` where the gold answer is longer than what is generated, `shots` where there can be examples."""
    parts = task.parts(answer.text)
    further: dict[str, Any] = {}
    if question.longer_gold:
        further[LONGER_GOLD] = True
    if likelihoods is not None:
        further["label_log_likelihoods"] = likelihoods
    if parts is not None:
        further["part_confidences"] = [rounded(value) for value in part_confidences(tokenizer, answer, parts)]
    if question.shots is not None:
        further["shots"] = list(question.shots)
    return answer_row(
        task,
        question.split,
        question.example,
        answer.text,
        confidence=rounded(content_confidence(tokenizer, answer, task.content(answer.text))),
        prompt_tokens=len(question.prompt),
        output_tokens=answer.length,
        finish=answer.finish,
        **further,
    )
