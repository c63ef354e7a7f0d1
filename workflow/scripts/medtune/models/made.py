"""A tiny causal language model that the workflow makes itself: tokenizer, weights, pre-training.

It is there so that every stage runs anywhere within minutes. It knows the words and the phrasing of the
synthetic corpora and how to copy and list, and no study's answer format: adapters have something to adapt.
"""

import random
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medtune.config import MadeModel
from medtune.data.synthetic.listing import listing_documents
from medtune.data.synthetic.plain import plain_documents
from medtune.data.synthetic.relation_listing import relation_listing_documents
from medtune.files import atomic
from medtune.models.record import write_record

EOS = "<|endoftext|>"
PAD = "<|pad|>"
MAX_POSITIONS = 1024
TOKENIZER_DOCUMENTS = 4000
LICENCE = "none: made from rules"
TEXTS = {
    "general": (plain_documents, 12000),
    "reports": (listing_documents, 40000),
    "relations": (relation_listing_documents, 40000),
}
"""What is read, and how many documents are made of it: enough that lists are not learnt by heart."""


def pretraining_documents(text: str, seed: int) -> list[str]:
    """What a synthetic causal model of this text and seed has read."""
    write, count = TEXTS[text]
    return write(count, seed)


def make(source: MadeModel, name: str, folder: Path) -> None:
    """Make tokenizer and model, pre-train, and save both. `folder` appears when it is complete."""
    if source.architecture == "bert":
        from medtune.models.made_encoder import make_encoder  # builds on this module

        make_encoder(source, name, folder)
        return
    documents = pretraining_documents(source.text, source.seed)
    tokenizer = train_tokenizer(documents[:TOKENIZER_DOCUMENTS], source.vocabulary)
    model = untrained_model(source, tokenizer)
    history = pretrain(model, pretraining_sequences(documents, tokenizer, source), source)
    with atomic(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        write_record(
            temporary, name, source.model_dump(), LICENCE, pretraining_loss=history[-1]["loss"] if history else None
        )


def build_untrained(source: MadeModel) -> tuple[Any, Any]:
    """(model, tokenizer) with random weights, in seconds: for tests of what surrounds a model."""
    tokenizer = train_tokenizer(plain_documents(300, source.seed), source.vocabulary)
    return untrained_model(source, tokenizer), tokenizer


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


def pretraining_sequences(documents: list[str], tokenizer: Any, source: MadeModel) -> list[list[int]]:
    """One sequence per place in the training order, see `in_order`."""
    return in_order(packed(documents, tokenizer, source.sequence_tokens), source)


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
