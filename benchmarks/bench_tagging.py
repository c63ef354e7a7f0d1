"""How much faster encoders train and tag on windows of alike length than in a plain loop that pads to 512.

    PYTHONPATH=workflow/scripts:. OMP_NUM_THREADS=2 python benchmarks/bench_tagging.py --data FOLDER ENCODER ...

ENCODER: folders of base models, such as results/tiny/models/tiny-bert. FOLDER: the prepared data of the MACCROBAT study
(train.jsonl, test.jsonl, tags.json), such as results/tiny/maccrobat/data.

The plain loop is that of many tutorials: every document as rows of 512 subwords, all padded to 512, in random order;
AdamW with the same learning rate and schedule, in float32. Its batch is as much smaller as its rows are fewer, so that
both ways take about the same number of steps over the same words; it drops no word either. Both are trained anew in
each round, in turns, so that another load of the machine falls on both. Prints a Markdown table: medians over the
rounds of the words that the optimiser steps went through in a second, and of the words tagged in a second, from words
to tags (both ways decode alike), over all documents; then strict micro-F1 on the test documents, a mean over the
rounds, with its 95 % interval over documents, and the difference, paired by document.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from medtune.config import TaggerTraining
from medtune.data.alignment import Layout, SubwordDocument, WindowRow, make_layout, subwords
from medtune.data.bio import spans_of
from medtune.methods.encoder.decoding import decode
from medtune.methods.encoder.tagged_rows import read_rows, read_tags, tag_numbers
from medtune.methods.encoder.tagging import right_padded, word_logits
from medtune.methods.encoder.training import class_loss, label_windows, train
from medtune.metrics.intervals import bounded
from medtune.metrics.significance import difference_of
from medtune.metrics.span_scores import SpanDocument, count_spans
from medtune.models.loading import load_tagger_tokenizer, load_with_new_head
from medtune.reporting.prose import points
from medtune.reporting.tables import markdown_table
from medtune.studies.maccrobat.analysis.comparison import mean_f1
from medtune.training.checkpoints import last_checkpoint, progress_of
from medtune.training.preflight import IGNORED, make_plan
from medtune.training.training_record import hardware

PADDED = 512
SPLITS = ("train", "test")


@dataclass(frozen=True)
class Material:
    """An encoder and the documents in its subwords, each list by split. gold: numbers of the words' tags."""

    encoder: Path
    tokenizer: Any
    tags: list[str]
    rows: dict[str, list[dict]]
    documents: dict[str, list[SubwordDocument]]
    gold: dict[str, list[list[int]]]
    layout: Layout
    batch_tokens: int
    settings: TaggerTraining

    def all_rows(self) -> list[dict]:
        """All documents, those for testing last."""
        return [row for split in SPLITS for row in self.rows[split]]


@dataclass(frozen=True)
class Measured:
    """One round of one way. training, tagging: words per second. share: of the tokens that are no padding. counts:
    (test documents, 3) with tp, fp, fn."""

    training: float
    tagging: float
    share: float
    steps: int
    counts: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoders", nargs="+", type=Path, metavar="ENCODER")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--max-steps", type=int, help="end both trainings after so many steps")
    parser.add_argument("--documents", type=int, help="take only so many documents of each split")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--window-tokens", type=int, default=128)
    parser.add_argument("--overlap-tokens", type=int, default=16)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32", help="of the windowed way")
    parser.add_argument("--batch-tokens", type=int, default=2048, help="of tagging in windows")
    arguments = parser.parse_args()
    settings = TaggerTraining(
        epochs=arguments.epochs,
        max_steps=arguments.max_steps,
        learning_rate=arguments.learning_rate,
        precision=arguments.precision,
    )
    transformers.logging.set_verbosity_error()
    machine = hardware()
    print(
        f"Device {machine['device']}, {machine['machine']} with {machine['cpus']} cores, {machine['threads']} threads; "
        f"torch {torch.__version__}; medians of {arguments.rounds} rounds."
    )
    for encoder in arguments.encoders:
        windows = arguments.window_tokens, arguments.overlap_tokens, arguments.batch_tokens
        material = read(encoder, arguments.data, *windows, settings, arguments.documents)
        plain, windowed = [], []
        for seed in range(arguments.rounds):
            plain.append(measure_plain(material, seed))
            windowed.append(measure_windowed(material, seed))
        title = f"{encoder.name}, windows of {arguments.window_tokens} subwords in {arguments.precision}"
        title += f", {words(material)}"
        print(f"\n{title}\n\n{report(plain, windowed)}", flush=True)


def read(
    encoder: Path,
    data: Path,
    window_tokens: int,
    overlap_tokens: int,
    batch_tokens: int,
    settings: TaggerTraining,
    most: int | None = None,
) -> Material:
    """most: documents of each split."""
    tags, tokenizer = read_tags(data / "tags.json"), load_tagger_tokenizer(encoder)
    rows = {split: read_rows(data / f"{split}.jsonl")[:most] for split in SPLITS}
    return Material(
        encoder,
        tokenizer,
        tags,
        rows,
        {split: in_subwords(of_split, tokenizer) for split, of_split in rows.items()},
        {split: tag_numbers(of_split, tags, data / f"{split}.jsonl") for split, of_split in rows.items()},
        make_layout(tokenizer, window_tokens, overlap_tokens),
        batch_tokens,
        settings,
    )


def words(material: Material) -> str:
    """Sizes of the splits in words."""
    return ", ".join(f"{sum(map(len, gold))} words to {split}" for split, gold in material.gold.items())


def in_subwords(rows: Sequence[dict], tokenizer: Any) -> list[SubwordDocument]:
    return [subwords(row["words"], row["sentences"], tokenizer) for row in rows]


def measure_windowed(material: Material, seed: int) -> Measured:
    """As the study trains and tags."""
    loaded = load_with_new_head(material.encoder, material.tags, seed)
    rows = material.layout.without_overlap().rows(material.documents["train"])
    labelled = label_windows(rows, material.gold["train"])
    plan = make_plan(material.settings, len(rows))
    plan = replace(plan, evaluate_every=plan.steps)
    with tempfile.TemporaryDirectory() as scratch:
        one = label_windows(rows[:1], material.gold["train"])
        train(labelled, one, material.settings, plan, lambda: loaded, Path(scratch), seed)
        progress = progress_of(last_checkpoint(Path(scratch)))
    words_per_token = sum(len(row.heads) for row in rows) / sum(len(row.input_ids) for row in rows)
    pad = material.tokenizer.pad_token_id
    model = loaded[0].to(torch.bfloat16 if material.settings.precision == "bfloat16" else torch.float32)
    tag = partial(word_logits, layout=material.layout, batch_tokens=material.batch_tokens, pad_id=pad)
    return Measured(
        training=progress.useful_tokens * words_per_token / progress.step_seconds,
        share=progress.useful_tokens / progress.processed_tokens,
        steps=plan.steps,
        **tagged(material, lambda documents: tag(model, documents)),
    )


def measure_plain(material: Material, seed: int) -> Measured:
    """Rows of 512, padded to 512."""
    model, _ = load_with_new_head(material.encoder, material.tags, seed)
    rows = plain_rows(material, material.documents["train"])
    labels = label_windows(rows, material.gold["train"]).labels
    windows = len(material.layout.without_overlap().rows(material.documents["train"]))
    batch = max(1, round(material.settings.batch_size * len(rows) / windows))
    plan = make_plan(material.settings.model_copy(update={"batch_size": batch}), len(rows))
    seconds, words, share = plain_training(material, model, rows, labels, batch, plan.steps, seed)
    return Measured(
        training=words / seconds,
        share=share,
        steps=plan.steps,
        **tagged(material, lambda documents: plain_logits(material, model, documents)),
    )


def plain_rows(material: Material, documents: Sequence[SubwordDocument]) -> list[WindowRow]:
    """Documents in pieces of at most 512 subwords, cut wherever they are full."""
    layout = Layout(PADDED, 0, material.layout.before, material.layout.after)
    return layout.rows([SubwordDocument(document.pieces, sentences=[]) for document in documents])


def padded(rows: Sequence[WindowRow], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, both (rows, 512)."""
    ids, mask = right_padded([row.input_ids for row in rows], pad_id, "cpu")
    width = (0, PADDED - ids.shape[1])
    return torch.nn.functional.pad(ids, width, value=pad_id), torch.nn.functional.pad(mask, width)


def plain_training(
    material: Material,
    model: Any,
    rows: Sequence[WindowRow],
    labels: Sequence[Sequence[int]],
    batch: int,
    steps: int,
    seed: int,
) -> tuple[float, int, float]:
    """Seconds of the optimiser steps, the words that they went through, and the share of tokens that are no padding."""
    settings = material.settings
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = transformers.get_scheduler(settings.schedule, optimizer, round(settings.warmup * steps), steps)
    generator = torch.Generator().manual_seed(seed)
    order: list[int] = []
    seconds, words, useful, processed = 0.0, 0, 0, 0
    model.train()
    for _ in range(steps):
        order = order or torch.randperm(len(rows), generator=generator).tolist()
        chosen, order = order[:batch], order[batch:]
        start = time.perf_counter()
        ids, mask = padded([rows[number] for number in chosen], material.tokenizer.pad_token_id)
        wanted = torch.tensor([[*labels[n], *[IGNORED] * (PADDED - len(labels[n]))] for n in chosen])
        loss = class_loss(model(input_ids=ids, attention_mask=mask), wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        seconds += time.perf_counter() - start
        words += sum(len(rows[number].heads) for number in chosen)
        useful += int(mask.sum())
        processed += mask.numel()
    return seconds, words, useful / processed


def plain_logits(material: Material, model: Any, documents: Sequence[SubwordDocument]) -> list[np.ndarray]:
    """Logits of each document's words, from batches of 16 rows that are padded to 512."""
    rows = plain_rows(material, documents)
    found: list[list[np.ndarray]] = [[] for _ in documents]
    model.eval()
    with torch.no_grad():
        for start in range(0, len(rows), 16):
            some = rows[start : start + 16]
            ids, mask = padded(some, material.tokenizer.pad_token_id)
            logits = model(input_ids=ids, attention_mask=mask).logits.numpy()
            for row, of_row in zip(some, logits, strict=True):
                found[row.document].append(of_row[row.heads])
    return [np.concatenate(of_document) for of_document in found]


def tagged(material: Material, logits: Any) -> dict[str, Any]:
    """Words tagged in a second, and counts on the test documents. logits: of the words of documents in subwords."""
    rows = material.all_rows()
    logits(material.documents["test"][:1])  # what happens once in a process is not measured
    start = time.perf_counter()
    of_rows = logits(in_subwords(rows, material.tokenizer))
    tags = [[material.tags[number] for number in decode(of_words, material.tags)] for of_words in of_rows]
    seconds = time.perf_counter() - start
    gold = [row["tags"] for row in material.rows["test"]]
    pairs = zip(gold, tags[-len(gold) :], strict=True)
    counts = count_spans(SpanDocument(spans_of(wanted), spans_of(found)) for wanted, found in pairs).f1_counts()
    return {"tagging": sum(map(len, tags)) / seconds, "counts": counts}


def report(plain: Sequence[Measured], windowed: Sequence[Measured]) -> str:
    """A Markdown table and the comparison; one of each for each round."""
    rows = []
    for way, rounds in ((f"padded to {PADDED}", plain), ("windows of alike length", windowed)):
        f1 = bounded(counts_of(rounds), mean_f1)
        speeds = (f"{statistics.median(getattr(one, what) for one in rounds):.0f}" for what in ("training", "tagging"))
        share = statistics.median(one.share for one in rounds)
        rows.append((way, rounds[0].steps, f"{share:.2f}", *speeds, f"{f1.value:.3f} ({f1.low:.3f}–{f1.high:.3f})"))
    headers = ("way", "steps", "share of tokens in use", "trained words/s", "tagged words/s", "micro-F1")
    ratios = (
        statistics.median(getattr(one, what) for one in windowed)
        / statistics.median(getattr(one, what) for one in plain)
        for what in ("training", "tagging")
    )
    text = "Training {:.1f} times, tagging {:.1f} times as many words per second; micro-F1 {}.".format(
        *ratios, difference(plain, windowed)
    )
    return f"{markdown_table(rows, headers)}\n\n{text}"


def difference(plain: Sequence[Measured], windowed: Sequence[Measured]) -> str:
    """Mean micro-F1 of the windowed rounds less that of the plain ones, on the same documents."""
    found = difference_of(counts_of(windowed), counts_of(plain), mean_f1)
    return points(found.value, found.low, found.high)


def counts_of(rounds: Sequence[Measured]) -> np.ndarray:
    """(test documents, 3 × rounds)."""
    return np.concatenate([one.counts for one in rounds], axis=1)


if __name__ == "__main__":
    main()
