"""Training of an encoder that classifies texts or pairs of entities, for the train stage of the method `encoder`."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from medtune.config import TaggerTraining
from medtune.data.words import words_of
from medtune.errors import InputError
from medtune.files import fingerprint, read_jsonl
from medtune.kinds.relations.examples import schema_of
from medtune.methods.encoder.checkpoint_figure import VALIDATION_BATCH_TOKENS, label_figures, pair_figures
from medtune.methods.encoder.layout import layout_of
from medtune.methods.encoder.pairs import (
    PairReader,
    classes_of,
    distance,
    distance_limit,
    gold_relations,
    markers_of,
    placed_in,
)
from medtune.models.model_record import read_record
from medtune.training.launch import Report, has_cuda
from medtune.training.preflight import Plan, make_plan
from medtune.versions import library_versions

logger = logging.getLogger("medtune")

SPLITS = ("train", "validation")
PAIRS_FILE = "pairs.json"
"""Of the model's folder: `distance_limit` of pairs, in words."""


class Job(BaseModel):
    """What one training is made of; written as JSON for the workers where there are several.

    kind: of the study, by which texts have a label, or pairs of gold entities a relation. labels, entities, relations:
    its labels or types. train, validation: canonical examples. window_tokens: longest window, special tokens included.
    overlap_tokens: shared by the windows of a longer text.
    """

    kind: Literal["labels", "relations"]
    labels: list[str] = []
    entities: list[str] = []
    relations: dict[str, Any] = {}
    settings: TaggerTraining
    seed: int
    train: Path
    validation: Path
    base: Path
    window_tokens: int
    overlap_tokens: int
    batch_divisor: int = 1
    processes: int = 1


@dataclass(frozen=True)
class Material:
    """A job's data and plan, checked. classes: their names. items: `Items` by split. figures: of a model, from its
    logits of the validation items; chosen_by: the one that chooses. counts: for the record. files: further ones of the
    model's folder, content by name."""

    classes: list[str]
    tokenizer: Any
    items: Mapping[str, Any]
    figures: Callable[[Callable[[Any], np.ndarray]], Callable[[Any], dict[str, float]]]
    chosen_by: str
    counts: dict[str, Any]
    plan: Plan
    base: dict
    markers: Sequence[str] = ()
    files: Mapping[str, Any] = field(default_factory=dict)


def prepare(job: Job) -> Material:
    """Read, cut and check what the job needs. Raises InputError for an example without a known label, for a split
    without pairs, for settings of taggers only, and see `make_plan`."""
    check_settings(job.settings)
    return _texts(job) if job.kind == "labels" else _pairs(job)


def _texts(job: Job) -> Material:
    """Texts with a label."""
    from medtune.methods.encoder.items import Items, text_windows
    from medtune.models.loading import load_tagger_tokenizer

    tokenizer = load_tagger_tokenizer(job.base)
    layout_of(job.base, tokenizer, job.window_tokens, job.overlap_tokens)  # refuses windows that cannot be
    items = {}
    for split in SPLITS:
        examples = read_jsonl(getattr(job, split))
        texts = [example["text"] for example in examples]
        windows = text_windows(texts, tokenizer, job.window_tokens, job.overlap_tokens)
        items[split] = Items(windows, label_numbers(examples, job.labels, getattr(job, split)))
    divided = {split: of_split.divided for split, of_split in items.items()}
    by_label = Counter(items["train"].gold)
    missing = [label for number, label in enumerate(job.labels) if not by_label[number]]
    if missing:
        logger.warning(
            "%s: no document has the label %s, which cannot be learned",
            job.train,
            " or ".join(map('"{}"'.format, missing)),
        )
    if any(divided.values()):
        logger.info("texts of several windows: %s", divided)
    return Material(
        classes=job.labels,
        tokenizer=tokenizer,
        items=items,
        figures=partial(label_figures, items["validation"].gold),
        chosen_by="validation_macro_f1",
        counts={"divided_texts": divided, "labels_without_documents": missing},
        plan=make_plan(job.settings, len(items["train"].labelled()), job.batch_divisor, job.processes),
        base=read_record(job.base),
    )


def _pairs(job: Job) -> Material:
    """Pairs of gold entities with a relation or none. The largest distance is that of the training relations."""
    from medtune.methods.encoder.items import Items
    from medtune.models.loading import load_marked_tokenizer

    schema = schema_of(job.entities, job.relations)
    tokenizer = load_marked_tokenizer(job.base, markers_of(schema))
    layout = layout_of(job.base, tokenizer, job.window_tokens, job.overlap_tokens)
    examples = {split: read_jsonl(getattr(job, split)) for split in SPLITS}
    placed = {
        split: [placed_in(words_of(example["text"]), example["entities"]) for example in of_split]
        for split, of_split in examples.items()
    }
    gold = {
        split: [
            gold_relations(of_example, example["relations"], schema)
            for of_example, example in zip(placed[split], examples[split], strict=True)
        ]
        for split in SPLITS
    }
    distances = [
        distance(of_example[head], of_example[tail])
        for of_example, relations in zip(placed["train"], gold["train"], strict=True)
        for head, tail in relations
    ]
    if not distances:
        raise InputError(f"{job.train}: no relation in {len(examples['train'])} documents; expected at least one")
    reader = PairReader(tokenizer, layout, schema, distance_limit(distances))
    items, counts, found = {}, {}, {}
    for split in SPLITS:
        pairs = reader.pairs([(example["text"], example["entities"]) for example in examples[split]])
        if not pairs.found:
            raise InputError(
                f"{getattr(job, split)}: no pair of entities that the schema relates and at most {reader.limit} words "
                "apart, as those of the training relations; expected at least one"
            )
        classes = [gold[split][pair.document].get((pair.head, pair.tail), [0])[0] for pair in pairs.found]
        items[split] = Items([[pair.window] for pair in pairs.found], classes)
        found[split] = pairs.found
        relations = sum(len(names) for of_example in gold[split] for names in of_example.values())
        reached = sum(number > 0 for number in classes)
        counts[split] = {"relations": relations, "reached": reached, "pairs_too_long": pairs.too_long}
        logger.info("%s: %d of %d relations are of %d pairs", split, reached, relations, len(classes))
    return Material(
        classes=classes_of(schema),
        tokenizer=tokenizer,
        items=items,
        figures=partial(pair_figures, items["validation"].gold, found["validation"], counts["validation"]["relations"]),
        chosen_by="validation_f1",
        counts={"distance_limit": reader.limit, "pairs": counts},
        plan=make_plan(job.settings, len(items["train"]), job.batch_divisor, job.processes),
        base=read_record(job.base),
        markers=markers_of(schema),
        files={PAIRS_FILE: {"distance_limit": reader.limit}},
    )


def check_settings(settings: TaggerTraining) -> None:
    """Raise InputError for a setting that only taggers have."""
    if settings.cuttings != 1:
        raise InputError(f"training.cuttings = {settings.cuttings}: window layouts are drawn for taggers only; set 1")


def label_numbers(examples: Sequence[dict], labels: Sequence[str], path: Path) -> list[int]:
    """The number of each example's label. Raises InputError for none and for an unknown one."""
    if not examples:
        raise InputError(f"{path}: no examples; expected at least one")
    number_of = {label: number for number, label in enumerate(labels)}
    for example in examples:
        if example["label"] not in number_of:
            raise InputError(
                f'{path}, record "{example["id"]}": label "{example["label"]}"; expected one of {", ".join(labels)}'
            )
    return [number_of[example["label"]] for example in examples]


def run_training(job: Job, material: Material, checkpoints: Path, report: Report, owner: int | None = None) -> None:
    """Run the engine in this process. owner: process id of the job, in a worker."""
    from medtune.methods.encoder.items import item_logits
    from medtune.methods.encoder.training import train
    from medtune.models.loading import load_with_new_head

    def logits(model: Any) -> np.ndarray:
        windows = material.items["validation"].windows
        return item_logits(model, windows, VALIDATION_BATCH_TOKENS, material.tokenizer.pad_token_id)

    load = partial(
        load_with_new_head,
        job.base,
        material.classes,
        job.seed,
        job.settings.freeze_embeddings,
        head="windows",
        markers=material.markers,
    )
    train(
        material.items["train"].labelled(),
        material.items["validation"].labelled(),
        job.settings,
        material.plan,
        load,
        checkpoints,
        job.seed,
        validate=material.figures(logits),
        report=report,
        owner=owner,
        selected_by=material.chosen_by,
    )


def record_of_job(job: Job, material: Material, checkpoints: Path) -> dict[str, Any]:
    """Content of training.json: see `record_of`; validation_*: figures of the best step."""
    from medtune.training.training_record import record_of

    counts = {
        "rows": len(material.items["train"].labelled()),
        "validation_rows": len(material.items["validation"].labelled()),
        "window_tokens": job.window_tokens,
        "overlap_tokens": job.overlap_tokens,
        **material.counts,
    }
    record = record_of(checkpoints, job.settings, material.plan, counts, job.seed, material.base)
    best = next(
        entry for entry in record["history"] if entry["step"] == record["best_step"] and material.chosen_by in entry
    )
    return {
        **{name: value for name, value in best.items() if name.startswith("validation_")},
        "chosen_by": material.chosen_by,
        "judged_examples": len(material.items["validation"]),
        **record,
    }


def fingerprint_of(job: Job, material: Material) -> str:
    """Identifies all that determines the weights. Batch splits are not among it: they only change rounding."""
    return fingerprint(
        {
            "items": [[items.windows, items.gold] for items in material.items.values()],
            "classes": list(material.classes),
            "markers": list(material.markers),
            "files": dict(material.files),
            "settings": job.settings.model_dump(mode="json"),
            "seed": job.seed,
            "base": material.base["fingerprint"],
            "processes": job.processes,
            "cuda": has_cuda(),
            "versions": library_versions(),
        }
    )


def tracked_facts(job: Job, material: Material) -> dict[str, Any]:
    """What a tracker may know of a job: settings and sizes, no text."""
    return {
        "base_model": material.base["name"],
        "seed": job.seed,
        "settings": job.settings.model_dump(mode="json"),
        "window_tokens": job.window_tokens,
        "classes": len(material.classes),
        "items": len(material.items["train"]),
        "validation_items": len(material.items["validation"]),
        "steps": material.plan.steps,
    }
