"""How much faster training is on batches of alike length than on rows padded to max_tokens.

    PYTHONPATH=workflow/scripts OMP_NUM_THREADS=2 python benchmarks/bench_training.py [--train FILE] MODEL ...

MODEL: folders of base models. --train: JSON lines of yes/no examples (question, label, rationale), such as
results/tiny/yesno/data/train.jsonl; without it, questions are made by rules. Prints, for each model, the median useful
tokens per second of the optimiser steps over the rounds and the useful-token share of both ways, and their ratio.
"""

import argparse
import statistics
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from medtune.config import Lora, Training
from medtune.files import read_jsonl
from medtune.methods.adapter import training as adapters
from medtune.models.loading import load_base, load_tokenizer
from medtune.studies import get_task
from medtune.studies.yesno.generator import make_questions
from medtune.training.checkpoints import Progress, last_checkpoint, progress_of
from medtune.training.preflight import Rows, check_rows, make_plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--train", type=Path)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=512)
    arguments = parser.parse_args()
    settings = Training(
        lora=Lora(rank=arguments.rank),
        max_steps=arguments.steps,
        evaluate_every=arguments.steps,
        max_tokens=arguments.max_tokens,
    )
    examples = read_jsonl(arguments.train) if arguments.train else [asdict(row) for row in make_questions(88, seed=42)]
    task = get_task("yesno")
    for folder in arguments.models:
        tokenizer = load_tokenizer(folder)
        rendered = [task.render(example, tokenizer) for example in examples]
        measure(folder, check_rows(rendered, settings.max_tokens, tokenizer, "train"), settings, arguments.rounds)


def measure(folder: Path, rows: Rows, settings: Training, rounds: int) -> None:
    grouped, padded = [], []
    # Taken in turns, so that another load of the machine falls on both.
    for _ in range(rounds):
        grouped.append(trained(folder, rows, settings))
        with patch.object(adapters, "trainer_arguments", partial(padding_arguments, adapters.trainer_arguments)):
            padded.append(trained(folder, rows, settings))
    fast, slow = (statistics.median(map(tokens_per_second, runs)) for runs in (grouped, padded))
    print(
        f"{folder.name}: n = {len(rows)} rows, {rounds} rounds of {settings.max_steps} steps, "
        f"padded to {settings.max_tokens}: {slow:.0f} tokens/s, share {share(padded[0]):.3f}; "
        f"length-grouped: {fast:.0f} tokens/s, share {share(grouped[0]):.3f}; ratio {fast / slow:.2f}"
    )


def padding_arguments(arguments_of: Any, settings: Training, *args: Any, **kwargs: Any) -> Any:
    """The Trainer's arguments, but with every row padded to max_tokens."""
    arguments = arguments_of(settings, *args, **kwargs)
    arguments.padding_free = False
    arguments.pad_to_multiple_of = settings.max_tokens
    return arguments


def trained(folder: Path, rows: Rows, settings: Training) -> Progress:
    with tempfile.TemporaryDirectory() as scratch:
        validation = Rows(rows.input_ids[:1], rows.labels[:1], 0)
        load = partial(load_base, folder)
        adapters.train(rows, validation, settings, make_plan(settings, len(rows)), load, Path(scratch), seed=42)
        return progress_of(last_checkpoint(Path(scratch)))


def tokens_per_second(progress: Progress) -> float:
    return progress.useful_tokens / progress.step_seconds


def share(progress: Progress) -> float:
    return progress.useful_tokens / progress.processed_tokens


if __name__ == "__main__":
    main()
