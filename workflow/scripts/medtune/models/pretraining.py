"""Pre-training of the tiny base models that the workflow makes itself."""

import random
import tempfile
from typing import Any

from medtune.config import MadeModel


def in_order(sequences: list[list[int]], source: MadeModel) -> list[list[int]]:
    """One sequence per place in the training order; sequences repeat, in another order, where they run out."""
    rng, needed = random.Random(f"order/{source.seed}"), source.steps * source.batch_size
    ordered: list[list[int]] = []
    while len(ordered) < needed:
        ordered += rng.sample(sequences, len(sequences))
    return ordered[:needed]


def pretrain(model: Any, sequences: list[list[int]], source: MadeModel, collate: Any = None) -> list[dict]:
    """Train all weights on the sequences, in place; returns the loss every 50 steps.

    collate: makes a batch of them, where labels are not the sequences themselves (`data_collator` of the Trainer).
    """
    import torch
    from transformers import Trainer, TrainingArguments

    rows = [{"input_ids": ids, "labels": ids} for ids in (torch.tensor(sequence) for sequence in sequences)]
    with tempfile.TemporaryDirectory() as scratch:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=scratch,
                max_steps=source.steps,
                per_device_train_batch_size=source.batch_size,
                learning_rate=source.learning_rate,
                lr_scheduler_type="cosine",
                warmup_steps=0.05,
                adam_beta2=0.98,
                weight_decay=0.01,
                seed=source.seed,
                train_sampling_strategy="sequential",
                save_strategy="no",
                dataloader_pin_memory=False,
                logging_steps=50,
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=rows,
            data_collator=collate,
        )
        trainer.train()
    return [{"step": entry["step"], "loss": entry["loss"]} for entry in trainer.state.log_history if "loss" in entry]
