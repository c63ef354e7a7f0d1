"""How much faster medical answers are generated and scored in batches than one by one.

    PYTHONPATH=workflow/scripts:. OMP_NUM_THREADS=2 python benchmarks/bench_evaluation.py BASE ADAPTER QUESTIONS ...

BASE, ADAPTER: folders, such as results/tiny/models/tiny-qwen3 and results/tiny/meerkat/iteration1/adapter. QUESTIONS:
JSON lines with `question` and `answer`, such as results/tiny/meerkat/data/*.jsonl; the items are drawn from all files.

One by one: for each item a `model.generate` call, without a cache from call to call, then a call of each metric's own
library: sacrebleu's sentence BLEU, rouge-score, nltk's METEOR, and bert-score by one scorer object, which loads its
encoder once. In batches: the study's engine, then `score_texts` once, which also finds BLEU-1 to BLEU-3, SQuAD's
metrics and medical terms. Both load the encoder within the time of the metrics, and neither the language model.

Prints a Markdown table: median items per second over rounds in which both ways take turns, so that another load of the
machine falls on both; then how many answers are the same token for token, and how far the metrics of these differ.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers

from benchmarks.bench_generation import one_by_one
from medtune.config import Generation
from medtune.errors import InputError
from medtune.files import read_jsonl
from medtune.inference.generation import generate
from medtune.metrics.text.bertscore import BertScoreSettings
from medtune.metrics.text.names import BERTSCORE, METEOR, METEOR_WITHOUT_SYNONYMS
from medtune.metrics.text.registry import TextMetricSettings, score_texts
from medtune.metrics.text.wordnet import find_wordnet
from medtune.models.loading import load_with_adapter
from medtune.reporting.tables import markdown_table
from medtune.studies.meerkat.template import MeerkatTask
from medtune.training.training_record import hardware
from medtune.versions import library_versions

ENCODER = Path("results/tiny/models/all-minilm-l6-v2")
VERSIONS = ("torch", "transformers", "peft")
SEED = 0
ROUGE_NAMES = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}

Columns = dict[str, list[float | None]]
"""Scores of the items, by metric."""


class NoSynonyms:
    """What nltk asks for synonyms where WordNet is not there."""

    def synsets(self, word: str) -> list:
        return []


@dataclass(frozen=True)
class Evaluated:
    """One round of one way. tokens: of the answers, EOS included. generation, metrics: seconds."""

    tokens: list[list[int]]
    scores: Columns
    generation: float
    metrics: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, metavar="BASE")
    parser.add_argument("adapter", type=Path, metavar="ADAPTER")
    parser.add_argument("questions", nargs="+", type=Path, metavar="QUESTIONS")
    parser.add_argument("--items", type=int, default=420)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoder", type=Path, default=ENCODER, help="of BERTScore")
    parser.add_argument("--layer", type=int, default=6)
    parser.add_argument("--system-message", default="Answer the question.")
    parser.add_argument("--max-new-tokens", type=int, default=64)
    parser.add_argument("--batch-tokens", type=int, default=16384)
    arguments = parser.parse_args()
    settings = Generation(max_new_tokens=arguments.max_new_tokens, batch_tokens=arguments.batch_tokens)
    bertscore = BertScoreSettings(str(arguments.encoder), arguments.encoder.name, arguments.layer)
    transformers.logging.set_verbosity_error()

    rows = drawn(arguments.questions, arguments.items)
    model, tokenizer = load_with_adapter(arguments.base, arguments.adapter)
    task = MeerkatTask(arguments.system_message)
    prompts = [task.render_prompt(row, tokenizer) for row in rows]
    references = [row["answer"] for row in rows]
    ways = {
        "one by one": lambda some: evaluate_singly(model, tokenizer, prompts[:some], references, settings, bertscore),
        "in batches": lambda some: evaluate_batched(model, tokenizer, prompts[:some], references, settings, bertscore),
    }
    for way in ways.values():
        way(2)  # imports, and what else the first call does
    rounds: dict[str, list[Evaluated]] = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            rounds[name].append(way(len(rows)))
    machine, versions = hardware(), library_versions()
    print(
        f"Device {machine['device']}, {machine['machine']} with {machine['cpus']} cores, {machine['threads']} threads; "
        f"{', '.join(f'{name} {versions[name]}' for name in VERSIONS)}. {arguments.base.name} with an adapter, encoder "
        f"{arguments.encoder.name}; {len(rows)} items, medians of {arguments.rounds} rounds.\n"
    )
    print(speeds(rounds, len(rows)))
    print(f"\n{agreement(*(rounds[name][0] for name in ways))}", flush=True)


def drawn(files: Sequence[Path], items: int) -> list[dict]:
    """So many rows of all files, always the same ones. Raises InputError when there are fewer."""
    rows = [row for path in files for row in read_jsonl(path)]
    if len(rows) < items:
        raise InputError(f"{len(rows)} questions are too few for {items} items")
    return random.Random(SEED).sample(rows, items)


def evaluate_batched(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    references: Sequence[str],
    settings: Generation,
    bertscore: BertScoreSettings,
) -> Evaluated:
    """As the study does it. references: at least one for each prompt."""
    answers, generation = timed(lambda: generate(model, tokenizer, prompts, settings, seed=SEED))
    texts = [answer.text.strip() for answer in answers]
    scores, metrics = timed(
        lambda: score_texts(texts, references[: len(texts)], TextMetricSettings(bertscore=bertscore)).columns()
    )
    return Evaluated([answer.tokens for answer in answers], scores, generation, metrics)


def evaluate_singly(
    model: Any,
    tokenizer: Any,
    prompts: list[list[int]],
    references: Sequence[str],
    settings: Generation,
    bertscore: BertScoreSettings,
) -> Evaluated:
    """Item by item."""
    tokens, generation = timed(lambda: one_by_one(model, tokenizer, prompts, settings))
    texts = [tokenizer.decode(answer, skip_special_tokens=True).strip() for answer in tokens]
    scores, metrics = timed(lambda: score_singly(texts, references[: len(texts)], bertscore))
    return Evaluated(tokens, scores, generation, metrics)


def score_singly(texts: Sequence[str], references: Sequence[str], bertscore: BertScoreSettings) -> Columns:
    """The metrics that have a library of their own, one call of each per item."""
    from bert_score import BERTScorer
    from nltk.translate.meteor_score import meteor_score
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu import sentence_bleu
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    rouge = RougeScorer(list(ROUGE_NAMES.values()))
    tokenize = Tokenizer13a()
    wordnet = find_wordnet(None)
    meteor = METEOR if wordnet else METEOR_WITHOUT_SYNONYMS
    scorer = BERTScorer(model_type=bertscore.folder, num_layers=bertscore.layer)
    columns: Columns = {name: [] for name in ("BLEU-4", *ROUGE_NAMES, meteor, *BERTSCORE)}
    for text, reference in zip(texts, references, strict=True):
        columns["BLEU-4"].append(sentence_bleu(text, [reference]).score / 100)
        overlap = rouge.score(reference, text)
        for name, key in ROUGE_NAMES.items():
            columns[name].append(overlap[key].fmeasure)
        words = tokenize(reference).split(), tokenize(text).split()
        columns[meteor].append(meteor_score([words[0]], words[1], wordnet=wordnet or NoSynonyms()))
        # bert-score fails on an empty text.
        similar = scorer.score([text], [reference]) if text else [0.0] * len(BERTSCORE)
        for name, value in zip(BERTSCORE, similar, strict=True):
            columns[name].append(float(value))
    return columns


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """(what it gives, seconds)."""
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def speeds(rounds: dict[str, list[Evaluated]], items: int) -> str:
    """Items per second of each way and part, as a Markdown table."""
    parts: dict[str, Callable[[Evaluated], float]] = {
        "generation": lambda found: found.generation,
        "metrics": lambda found: found.metrics,
        "both": lambda found: found.generation + found.metrics,
    }
    table = []
    for part, seconds in parts.items():
        slow, fast = (items / statistics.median(map(seconds, found)) for found in rounds.values())
        table.append([part, *(round(value, 2) for value in (slow, fast, fast / slow))])
    return markdown_table(table, ["", *(f"{name}, items/s" for name in rounds), "ratio"])


def agreement(single: Evaluated, batched: Evaluated) -> str:
    """Whether both ways found the same, in two sentences."""
    same = [n for n, (one, other) in enumerate(zip(single.tokens, batched.tokens, strict=True)) if one == other]
    gaps = {
        name: max((abs(column[n] - batched.scores[name][n]) for n in same), default=0.0)
        for name, column in single.scores.items()
    }
    worst = max(gaps, key=gaps.__getitem__)
    return (
        f"Answers identical: {len(same)} of {len(single.tokens)}. Over these, {', '.join(gaps)} of both ways differ by "
        f"{gaps[worst]:.1e} at most ({worst})."
    )


if __name__ == "__main__":
    main()
