"""The answer stage of the method `encoder`: predictions.jsonl in the study's own answer form, and answering.json."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from medtune.data.bio import tag_list
from medtune.files import read_json, read_jsonl, write_json, write_jsonl
from medtune.kinds.relations.examples import schema_of
from medtune.methods.encoder.entity_rows import entities_in, entity_rows
from medtune.methods.encoder.layout import layout_of
from medtune.methods.encoder.pairs import PairReader, chosen_classes, classes_of
from medtune.methods.encoder.tagger import Entity, TaggedWords
from medtune.methods.found import Found, found_row
from medtune.metrics.softmax import log_softmax
from medtune.scratch import scratch_beside
from medtune.stages import tag
from medtune.stages.train_classifier import PAIRS_FILE
from medtune.stages.train_encoder import PAIRS, TAGGER
from medtune.studies import get_task


class Job(BaseModel):
    """What the predictions of one encoder are made of. task, task_options: of the study. splits: JSON-lines file of
    each split, by its name, `validation` among them. model: folder that the train stage wrote. window_tokens,
    overlap_tokens: as in training. batch_tokens: windows × longest window of a forward pass; changes speed only."""

    task: str
    task_options: dict[str, Any] = Field(default_factory=dict)
    splits: dict[str, Path]
    model: Path
    window_tokens: int
    overlap_tokens: int
    batch_tokens: int


@dataclass(frozen=True)
class Answered:
    """What was found in each example, in their order. seconds: of answering, without loading."""

    found: list[Found]
    seconds: float
    peak_memory_mb: float
    device: str


def apply_encoder(job: Job, predictions: Path, record: Path) -> None:
    """Answer all examples of all splits.

    predictions: rows of `found_row`. record: answering.json: `seconds` without loading, `documents`, `peak_memory_mb`,
    `device`. A killed job starts again: this is minutes of work.
    Raises InputError for a model of other types or labels.
    """
    task = get_task(job.task, **job.task_options)
    examples = [(split, example) for split, path in job.splits.items() for example in read_jsonl(path)]
    with scratch_beside(predictions.parent / "tagged") as folder:
        folder.mkdir()
        if task.labels:
            answered = find_labels(job, examples)
        elif "relations" in job.task_options:
            answered = find_relations(job, examples, folder)
        else:
            answered = find_entities(job, examples, folder)
    rows = zip(examples, answered.found, strict=True)
    write_jsonl(predictions, (found_row(task, split, example, found) for (split, example), found in rows))
    write_json(
        record,
        {
            "seconds": round(answered.seconds, 3),
            "documents": len(examples),
            "peak_memory_mb": answered.peak_memory_mb,
            "device": answered.device,
        },
    )


def find_labels(job: Job, examples: Sequence[tuple[str, dict]]) -> Answered:
    """The likeliest label of each example, by the mean of the logits of its windows."""
    import torch

    from medtune.memory import peak_memory_mb
    from medtune.methods.encoder.items import item_logits, text_windows
    from medtune.models.loading import load_classifier

    labels = job.task_options["labels"]
    model, tokenizer = load_classifier(job.model)
    tag.check_tags(model, labels, job.model, "labels")
    start = time.perf_counter()
    texts = [example["text"] for _, example in examples]
    windows = text_windows(texts, tokenizer, job.window_tokens, job.overlap_tokens)
    scores = log_softmax(item_logits(model, windows, job.batch_tokens, tokenizer.pad_token_id))
    seconds = time.perf_counter() - start
    found = [
        Found(
            {"label": labels[row.argmax()]},
            confidence=float(np.exp(row.max())),
            label_log_likelihoods=dict(zip(labels, row.tolist(), strict=True)),
        )
        for row in scores
    ]
    return Answered(found, seconds, round(peak_memory_mb(), 1), torch.device(model.device).type)


@dataclass(frozen=True)
class TaggedExample:
    """The entities of an example, and the least calibrated probability among the tags of its words."""

    entities: list[Entity]
    confidence: float


def tag_examples(
    job: Job, tagger: Path, examples: Sequence[tuple[str, dict]], folder: Path
) -> tuple[list[TaggedExample], dict[str, Any]]:
    """Tag examples as MACCROBAT's documents are, see `stages.tag`. Returns the record of tagging.json as well.

    tagger: folder. folder: for what lies between.
    """
    splits = {}
    for split in job.splits:
        splits[split] = folder / f"{split}.jsonl"
        write_jsonl(splits[split], entity_rows([example for own, example in examples if own == split]).rows)
    write_json(folder / "tags.json", {"tags": tag_list(job.task_options["entities"])})
    outputs = {name: folder / name for name in ("predictions", "record", "settings", "script")}
    tag.tag_documents(
        tag.Job(
            model=tagger,
            splits=splits,
            tags=folder / "tags.json",
            window_tokens=job.window_tokens,
            overlap_tokens=job.overlap_tokens,
            batch_tokens=job.batch_tokens,
        ),
        **outputs,
    )
    tagged = {(row["split"], row["id"]): row for row in read_jsonl(outputs["predictions"])}
    return [_tagged(example, tagged.get((split, example["id"]))) for split, example in examples], read_json(
        outputs["record"]
    )


def find_entities(job: Job, examples: Sequence[tuple[str, dict]], folder: Path) -> Answered:
    """The entities of examples."""
    tagged, record = tag_examples(job, job.model, examples, folder)
    found = [
        Found(
            {"entities": canonical_entities(example["text"], of_example.entities)},
            confidence=of_example.confidence,
            parts=[entity.confidence for entity in of_example.entities],
        )
        for (_, example), of_example in zip(examples, tagged, strict=True)
    ]
    return Answered(found, record["seconds"], record["peak_memory_mb"], record["device"])


def find_relations(job: Job, examples: Sequence[tuple[str, dict]], folder: Path) -> Answered:
    """The entities of examples, and the relations between them."""
    from medtune.memory import peak_memory_mb
    from medtune.methods.encoder.items import item_logits
    from medtune.models.loading import load_classifier

    tagged, record = tag_examples(job, job.model / TAGGER, examples, folder)
    schema = schema_of(job.task_options["entities"], job.task_options["relations"])
    home = job.model / PAIRS
    model, tokenizer = load_classifier(home)
    classes = classes_of(schema)
    tag.check_tags(model, classes, home, "relation types")
    layout = layout_of(home, tokenizer, job.window_tokens, job.overlap_tokens)
    reader = PairReader(tokenizer, layout, schema, read_json(home / PAIRS_FILE)["distance_limit"])
    start = time.perf_counter()
    entities = [
        canonical_entities(example["text"], of_example.entities)
        for (_, example), of_example in zip(examples, tagged, strict=True)
    ]
    pairs = reader.pairs(
        [(example["text"], of_example) for (_, example), of_example in zip(examples, entities, strict=True)]
    ).found
    logits = item_logits(model, [[pair.window] for pair in pairs], job.batch_tokens, tokenizer.pad_token_id)
    numbers, probabilities = chosen_classes(logits, pairs)
    seconds = time.perf_counter() - start
    relations: list[list[dict[str, Any]]] = [[] for _ in examples]
    confidences = [of_example.confidence for of_example in tagged]
    for pair, number, probability in zip(pairs, numbers, probabilities, strict=True):
        confidences[pair.document] = min(confidences[pair.document], float(probability))
        if number:
            relations[pair.document].append({"head": pair.head, "tail": pair.tail, "type": classes[number]})
    found = [
        Found({"entities": of_example, "relations": related}, confidence=confidence)
        for of_example, related, confidence in zip(entities, relations, confidences, strict=True)
    ]
    return Answered(found, record["seconds"] + seconds, round(peak_memory_mb(), 1), record["device"])


def canonical_entities(text: str, entities: Sequence[Entity]) -> list[dict[str, Any]]:
    """Entities as examples have them."""
    return [
        {"start": entity.start, "end": entity.end, "type": entity.label, "text": text[entity.start : entity.end]}
        for entity in entities
    ]


def _tagged(example: dict, row: dict | None) -> TaggedExample:
    """row: of tagging; none where the text has no words."""
    if row is None:
        return TaggedExample([], 1.0)
    words = TaggedWords(row["tags"], row["confidence"], row["calibrated"])
    return TaggedExample(entities_in(example["text"], words), min(row["calibrated"]))
