"""A tiny causal language model that the workflow makes itself: tokenizer, weights, pre-training.

It is there so that every stage runs anywhere within minutes. It knows the words and the phrasing of the
synthetic corpora and how to copy and list, and no study's answer format: adapters have something to adapt.
"""

import os
import random
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medtune.config import MadeModel
from medtune.data.synthetic.plain import plain_documents

EOS = "<|endoftext|>"
PAD = "<|pad|>"
MAX_POSITIONS = 1024
COPYING_FIRST = float(os.environ.get("CF","0.3"))
COPYING_SHARE = float(os.environ.get("CS","0.4"))


def train_tokenizer(documents: Iterable[str], vocabulary: int) -> Any:
    """A byte-level BPE tokenizer with at most `vocabulary` entries, EOS and a pad token of its own.

    It puts no special token before or after a text, and decoding gives the text back unchanged.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    # Digits one by one: numbers are then copied and compared rather than memorised.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        documents,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=[EOS, PAD],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=EOS,
        pad_token=PAD,
        model_max_length=MAX_POSITIONS,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def untrained_model(source: MadeModel, tokenizer: Any) -> Any:
    """A Qwen3 model with random weights (seeded), tied embeddings, two query heads per key/value head."""
    from transformers import Qwen3Config, Qwen3ForCausalLM, set_seed

    set_seed(source.seed)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=source.hidden_size,
            intermediate_size=3 * source.hidden_size,
            num_hidden_layers=source.layers,
            num_attention_heads=source.heads,
            num_key_value_heads=max(1, source.heads // 2),
            head_dim=source.hidden_size // source.heads,
            max_position_embeddings=MAX_POSITIONS,
            tie_word_embeddings=True,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
        )
    )


def packed(documents: Iterable[str], tokenizer: Any, length: int) -> list[list[int]]:
    """Token ids of the documents, each closed by EOS, joined and cut into sequences of `length`."""
    stream = [
        token
        for ids in tokenizer(list(documents), add_special_tokens=False)["input_ids"]
        for token in (*ids, tokenizer.eos_token_id)
    ]
    return [stream[start : start + length] for start in range(0, len(stream) - length + 1, length)]


def copying(count: int, length: int, tokenizer: Any, seed: int) -> list[list[int]]:
    """Sequences that say the same run of random tokens again and again.

    Only attention to the previous occurrence predicts them. A few hundred steps on such sequences give
    a model of this size the habit of copying; prose alone does not within the time there is.
    """
    rng = random.Random(f"copying/{seed}")
    words = sorted(set(range(len(tokenizer))) - set(tokenizer.all_special_ids))
    sequences = []
    for _ in range(count):
        run = rng.choices(words, k=rng.randint(length // 8, length // 2))
        sequences.append((run * (length // len(run) + 1))[:length])
    return sequences


def curriculum(documents: list[str], tokenizer: Any, source: MadeModel) -> list[list[int]]:
    """One sequence per place in the training order: copying first, then prose with some copying."""
    rng = random.Random(f"curriculum/{source.seed}")
    total = source.steps * source.batch_size
    copies = copying(round(total * COPYING_SHARE), source.sequence_tokens, tokenizer, source.seed)
    prose = packed(documents, tokenizer, source.sequence_tokens)
    first = round(total * COPYING_FIRST)
    needed = total - len(copies)
    prose = [rng.choice(prose) for _ in range(needed)] if len(prose) < needed else rng.sample(prose, needed)
    rest = copies[first:] + prose
    rng.shuffle(rest)
    return copies[:first] + rest


def pretrain(model: Any, sequences: list[list[int]], source: MadeModel) -> list[dict]:
    """Train all weights on the sequences, in place; returns the Trainer's log history."""
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
        )
        trainer.train()
    return trainer.state.log_history
