"""A tiny causal language model that the workflow makes itself: tokenizer, weights, order of pre-training.

It is there so that every stage runs anywhere within minutes.
"""

from collections.abc import Iterable
from typing import Any

from medtune.config import MadeModel
from medtune.libraries import loading
from medtune.models.pretraining import in_order

EOS = "<|endoftext|>"
PAD = "<|pad|>"
MAX_POSITIONS = 1024


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
    with loading():
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
