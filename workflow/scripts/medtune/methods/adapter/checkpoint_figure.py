"""What checkpoints are chosen by: a model in training answers validation examples, and its study scores the answers."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from medtune.config import Generation
from medtune.kinds.task import Parsed, Task


def drawn(examples: Sequence[dict], most: int | None, seed: int) -> list[dict]:
    """The examples of at most `most` ids, drawn by the seed, in their order. Rows that share an id stay together."""
    identifiers = sorted({example["id"] for example in examples})
    if most is not None and most < len(identifiers):
        identifiers = random.Random(f"checkpoint/{seed}").sample(identifiers, most)
    kept = set(identifiers)
    return [example for example in examples if example["id"] in kept]


def figure_name(task: Task) -> str:
    """What the task's figure is called in training.json."""
    return f"validation_{task.figure}"


def validation_figure(
    task: Task, examples: Sequence[dict], settings: Generation
) -> Callable[[Any, Any], dict[str, float]]:
    """The task's figure on the examples, by its name, as a function of (model, tokenizer).

    settings: of generation; answers are as long as in the generate stage. The model answers greedily, without
    constraints, whole prompts as there.
    """
    greedy = settings.model_copy(update={"temperature": 0.0, "constrained": False})

    def validate(model: Any, tokenizer: Any) -> dict[str, float]:
        from medtune.inference.generation import generate

        def answer(rows: Sequence[dict]) -> list[Parsed]:
            prompts = [task.render_prompt(row, tokenizer) for row in rows]
            return [task.parse(found.text) for found in generate(model, tokenizer, prompts, greedy, seed=0)]

        return {figure_name(task): task.validation_figure(examples, answer)}

    return validate
