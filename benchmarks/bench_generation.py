"""How much faster the batched engine answers yes/no prompts than one `model.generate` call per item.

    PYTHONPATH=workflow/scripts OMP_NUM_THREADS=2 python benchmarks/bench_generation.py --questions FILE MODEL ...

MODEL: folders of base models. --questions: a file in the layout of PubMedQA's ori_pqal.json, or JSON lines with a
field `question`. Prints, for each model, the median items per second of both ways over the rounds, their ratio, and
how many answers are the same token for token.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from medtune.config import Generation
from medtune.files import read_json, read_jsonl
from medtune.inference.generation import generate
from medtune.models.loading import load_base
from medtune.models.rendering import render_prompt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--instruction", default="", help="text put before every prompt: a shared prefix")
    parser.add_argument("--items", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-new-tokens", type=int, default=64)
    arguments = parser.parse_args()
    questions = read_questions(arguments.questions)[: arguments.items]
    settings = Generation(max_new_tokens=arguments.max_new_tokens)
    for folder in arguments.models:
        model, tokenizer = load_base(folder)
        prompts = [render_prompt(f"{arguments.instruction}Q: {question}\nA:", tokenizer) for question in questions]
        measure(folder.name, model, tokenizer, prompts, settings, arguments.rounds)


def read_questions(path: Path) -> list[str]:
    rows = read_jsonl(path) if path.suffix == ".jsonl" else read_json(path).values()
    return [row.get("question") or row["QUESTION"] for row in rows]


def measure(name: str, model: Any, tokenizer: Any, prompts: list[list[int]], settings: Generation, rounds: int) -> None:
    batched_seconds, single_seconds = [], []
    # Taken in turns, so that another load of the machine falls on both.
    for _ in range(rounds):
        start = time.perf_counter()
        batched = [generated.tokens for generated in generate(model, tokenizer, prompts, settings, seed=0)]
        batched_seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
        single = one_by_one(model, tokenizer, prompts, settings)
        single_seconds.append(time.perf_counter() - start)
    same = sum(a == b for a, b in zip(batched, single, strict=True))
    tokens = sum(map(len, batched))
    fast, slow = (len(prompts) / statistics.median(seconds) for seconds in (batched_seconds, single_seconds))
    print(
        f"{name}: n = {len(prompts)}, {tokens} new tokens, one by one {slow:.2f} items/s, batched {fast:.2f} items/s, "
        f"ratio {fast / slow:.2f}, identical {same}/{len(prompts)}",
        flush=True,
    )


def one_by_one(model: Any, tokenizer: Any, prompts: list[list[int]], settings: Generation) -> list[list[int]]:
    import torch

    outputs = []
    for prompt in prompts:
        ids = torch.tensor([prompt], device=model.device)
        sequence = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=settings.max_new_tokens,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        outputs.append(sequence[0, len(prompt) :].tolist())
    return outputs


if __name__ == "__main__":
    main()
