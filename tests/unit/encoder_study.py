"""How tests train and apply the method `encoder`, whatever the kind."""

import torch

from medtune.config import TaggerTraining, Tracking
from medtune.files import read_json, read_jsonl, write_json
from medtune.reporting.tracking import TrackedRun
from medtune.stages import apply_encoder, train_encoder

WINDOWS = {"window_tokens": 40, "overlap_tokens": 8}
HELD = ("validation", "test")


def save_base(folder, model, tokenizer):
    """A base model as the workflow keeps it."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_json(folder / "record.json", {"name": "tiny", "fingerprint": "base-1"})


def encoder_job(study, settings, **changes):
    """A training on the files of a study. changes: `kind` and the types, at least."""
    fields = {
        "settings": TaggerTraining(**settings),
        "seed": 42,
        "train": study / "train.jsonl",
        "validation": study / "validation.jsonl",
        "base": study / "base",
        **WINDOWS,
    }
    return train_encoder.Job(**{**fields, **changes})


def run_encoder(job, folder):
    """Train into a folder; gives the record."""
    torch.set_num_threads(1)
    tracked = TrackedRun("tiny", "drugs", "tagger", "tiny", 42, "train", {"run": "tagger"})
    outputs = (folder / "model", folder / "training.json", folder / "state")
    train_encoder.train_encoder(job, *outputs, Tracking(), folder, tracked)
    return read_json(folder / "training.json")


def answer_all(study, folder, task, options, **changes):
    """Predictions and answering.json of the model in a folder."""
    fields = {
        "task": task,
        "task_options": options,
        "splits": {split: study / f"{split}.jsonl" for split in HELD},
        "model": folder / "model",
        "batch_tokens": 400,
        **WINDOWS,
    }
    job = apply_encoder.Job(**{**fields, **changes})
    apply_encoder.apply_encoder(job, folder / "predictions.jsonl", folder / "answering.json")
    return read_jsonl(folder / "predictions.jsonl"), read_json(folder / "answering.json")


def examples_of(study):
    """The held-out examples by split."""
    return {split: read_jsonl(study / f"{split}.jsonl") for split in HELD}
