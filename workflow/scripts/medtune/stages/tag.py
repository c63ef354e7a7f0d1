"""The tag stage of the encoder studies: predictions.jsonl with honest confidences, tagging.json, and what the model's
folder needs to tag in the same way elsewhere."""

import logging
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from medtune.data.alignment import subwords
from medtune.data.bio import spans_of
from medtune.errors import InputError
from medtune.files import rounded, write_json, write_jsonl, write_text
from medtune.libraries import loading
from medtune.methods.encoder.decoding import Transitions, association, choose_transitions, decode, stray
from medtune.methods.encoder.layout import layout_of
from medtune.methods.encoder.tagged_rows import read_rows, read_tags, tag_numbers
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.span_scores import strict_sums
from medtune.metrics.temperature import fit_temperature
from medtune.stages.standalone import standalone

logger = logging.getLogger("medtune")

CALIBRATION_SPLIT = "validation"
ABOUT_SCRIPT = """Tags texts with the model of this folder exactly as in its evaluation.

    python tag.py note.txt … # a line of JSON for each file

    from tag import Tagger
    Tagger.load(folder).entities([text])

Needs torch, transformers and numpy. All that follows is the code that tagged in the evaluation."""


class Job(BaseModel):
    """What the predictions of one tagger are made of. splits: JSON-lines file of each split, by its name, the one for
    calibration among them. train: the documents that tell which tag follows which; needed where that plays a part.
    tags: tags.json."""

    model: Path
    splits: dict[str, Path]
    tags: Path
    window_tokens: int
    overlap_tokens: int
    batch_tokens: int
    precision: Literal["float32", "bfloat16"] = "float32"
    cuttings: int = 1
    transition_weights: list[float] = [0.0]
    outside_scores: list[float] = [0.0]
    train: Path | None = None


def tag_documents(job: Job, predictions: Path, record: Path, settings: Path, script: Path) -> None:
    """Tag all words of all documents of all splits.

    predictions: one row per document, in the order of the splits and their files: id, split, the tag of each word in
    the likeliest valid sequence (see `decode`), its probability, and the same with the temperature that fits the
    validation split. It holds no timings: the same job gives the same file.
    record: tagging.json, with the temperature, sizes and speed. words_per_second: from words to tags, all splits
    together. stray_inside: words whose likeliest tag by itself is an "I-" without the "B-" or "I-" that it needs.
    settings, script: `TaggerSettings` as JSON and a script that tags texts by them; both for the model's folder.
    A killed job starts again: this is minutes of work.
    Raises InputError for a model with other tags and for windows that it has no positions for.
    """
    with loading():
        import torch

    from medtune.memory import peak_memory_mb
    from medtune.methods.encoder.tagger import TaggerSettings
    from medtune.methods.encoder.tagging import mean_logits
    from medtune.models.loading import load_tagger

    tags = read_tags(job.tags)
    model, tokenizer = load_tagger(job.model, dtype=getattr(torch, job.precision))
    check_tags(model, tags, job.model)
    layout = layout_of(job.model, tokenizer, job.window_tokens, job.overlap_tokens)
    rows = [(split, row) for split, path in job.splits.items() for row in read_rows(path)]
    start = time.perf_counter()
    documents = [subwords(row["words"], row["sentences"], tokenizer) for _, row in rows]
    logits = mean_logits(model, documents, layout, job.batch_tokens, tokenizer.pad_token_id, job.cuttings)
    calibration = [
        (row, of_words) for (split, row), of_words in zip(rows, logits, strict=True) if split == CALIBRATION_SPLIT
    ]
    choosing = time.perf_counter()
    weight, transitions = _transitions(job, tags, calibration)
    start += time.perf_counter() - choosing
    chosen = [decode(of_words, tags, transitions) for of_words in logits]
    seconds = time.perf_counter() - start
    words = sum(map(len, logits))
    logger.info("%d words of %d documents in %.1f s", words, len(rows), seconds)
    gold = tag_numbers([row for row, _ in calibration], tags, job.splits[CALIBRATION_SPLIT])
    temperature = fit_temperature(np.concatenate([of_words for _, of_words in calibration]), np.concatenate(gold))
    write_jsonl(
        predictions,
        (
            _row(split, row, of_words, of_row, tags, temperature.value)
            for (split, row), of_words, of_row in zip(rows, logits, chosen, strict=True)
        ),
    )
    determined = TaggerSettings(
        tags=tags,
        window_tokens=job.window_tokens,
        overlap_tokens=job.overlap_tokens,
        window_offsets=job.cuttings,
        transitions=None if transitions is None else transitions.pairs.tolist(),
        outside_score=0.0 if transitions is None else transitions.outside,
        temperature=temperature.value,
        precision=job.precision,
    )
    write_json(settings, determined.as_dict())
    write_text(script, tagger_script())
    write_json(
        record,
        {
            "temperature": temperature.value,
            "nll_before": temperature.before,
            "nll_after": temperature.after,
            "n_calibration_words": temperature.n,
            "n_documents": len(rows),
            "n_words": words,
            "transition_weight": weight,
            "outside_score": transitions.outside if transitions else 0.0,
            "stray_inside": sum(stray(of_words, tags) for of_words in logits),
            "windows": len(layout.rows(documents)),
            "window_tokens": job.window_tokens,
            "overlap_tokens": job.overlap_tokens,
            "seconds": round(seconds, 3),
            "words_per_second": round(words / seconds, 1),
            "parameters": model.num_parameters(),
            "peak_memory_mb": round(peak_memory_mb(), 1),
            "device": torch.device(model.device).type,
            "precision": job.precision,
            "cuttings": job.cuttings,
            "threads": torch.get_num_threads(),
        },
    )


def tagger_script() -> str:
    """A script that tags texts by the files of the folder that it lies in, without this package."""
    ending = 'if __name__ == "__main__":\n    main()'
    return standalone(ABOUT_SCRIPT, "medtune.methods.encoder.tagger", ["Tagger", "main"], ending)


def _transitions(
    job: Job, tags: list[str], calibration: list[tuple[dict, np.ndarray]]
) -> tuple[float, Transitions | None]:
    """The weight and the transitions with the best strict micro-F1 on the documents for calibration; 0 and none where
    nothing is to be chosen."""
    if job.transition_weights == [0.0] and job.outside_scores == [0.0]:
        return 0.0, None
    if job.train is None:
        raise ValueError("transitions need the training documents")
    pairs = association(tag_numbers(read_rows(job.train), tags, job.train), len(tags))
    gold = [spans_of(row["tags"]) for row, _ in calibration]

    def f1(transitions: Transitions) -> float:
        found = [spans_of([tags[number] for number in decode(of, tags, transitions)]) for _, of in calibration]
        return float(f1_of_counts(strict_sums(gold, found))[0])

    return choose_transitions(pairs, job.transition_weights, job.outside_scores, f1)


def check_tags(model: Any, tags: list[str], folder: Path, noun: str = "tags") -> None:
    """Refuse a model that was trained for other tags, or for the same ones in another order. noun: what they are."""
    known = [model.config.id2label[number] for number in sorted(model.config.id2label)]
    if known != tags:
        raise InputError(f"{folder}: trained for {len(known)} {noun} that are not those of the data; train it again")


def _row(split: str, row: dict, logits: np.ndarray, chosen: list[int], tags: list[str], temperature: float) -> dict:
    """One line of predictions.jsonl."""
    from medtune.methods.encoder.tagger import tagged_words

    found = tagged_words(logits, chosen, tags, temperature)
    return {
        "id": row["id"],
        "split": split,
        "tags": found.tags,
        "confidence": list(map(rounded, found.confidence)),
        "calibrated": list(map(rounded, found.calibrated)),
    }
