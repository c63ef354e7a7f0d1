"""A tiny encoder that the workflow makes itself: WordPiece tokenizer, weights, sequences of pre-training."""

import math
import string
from collections import Counter
from collections.abc import Iterable
from typing import Any

from medtune.config import MadeModel
from medtune.libraries import loading
from medtune.models.pretraining import in_order

PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation
MAX_POSITIONS = 512
SPREAD = 0.1
"""Standard deviation of the initial weights. BERT's 0.02 is for layers twelve times as wide."""
SHARPNESS = 1.7
"""Of the first layer's initial attention."""


def make_tokenizer(documents: Iterable[str], vocabulary: int) -> Any:
    """A lower-casing WordPiece tokenizer with [CLS] and [SEP] around a text: single characters, and the most frequent
    words of the documents up to `vocabulary` entries. (The trainer of `tokenizers` would learn parts of words too, and
    others each time.)"""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    normalizer, pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    words = Counter(
        word for text in documents for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text))
    )
    pieces = [PAD, UNKNOWN, CLS, SEP, MASK, *CHARACTERS, *(f"##{character}" for character in CHARACTERS)]
    pieces += sorted(words.keys() - set(pieces), key=lambda word: (-words[word], word))
    pieces = pieces[:vocabulary]
    tokenizer = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token=UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(token, pieces.index(token)) for token in (CLS, SEP)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        cls_token=CLS,
        sep_token=SEP,
        mask_token=MASK,
        model_max_length=MAX_POSITIONS,
        padding_side="right",
        clean_up_tokenization_spaces=False,
    )


def untrained_encoder(source: MadeModel, tokenizer: Any) -> Any:
    """A BERT with random weights (seeded) and a head that guesses masked words.

    Which words are neighbours takes a new BERT long to learn; `look_around` tells this one. It has no dropout: it is
    trained too briefly to overfit.
    """
    with loading():
        from transformers import BertConfig, BertForMaskedLM, set_seed

    set_seed(source.seed)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=source.hidden_size,
            intermediate_size=4 * source.hidden_size,
            num_hidden_layers=source.layers,
            num_attention_heads=source.heads,
            max_position_embeddings=MAX_POSITIONS,
            pad_token_id=tokenizer.pad_token_id,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=SPREAD,
        )
    )
    look_around(model)
    return model


def look_around(model: Any) -> None:
    """Let each head of the first layer start by looking at one neighbour of a word: the one before, the one after, the
    second before and so on.

    The first entries of the embeddings, as many as a head has, hold the position as waves (Vaswani et al. 2017,
    section 3.5), and those of the words are 0. A query turns the waves by the head's distance, a key leaves them, and
    so the two agree best at that distance.
    """
    import torch

    attention, embeddings = model.bert.encoder.layer[0].attention.self, model.bert.embeddings
    width = attention.attention_head_size
    frequencies = math.pi * 0.55 ** torch.arange(width // 2)
    angles = torch.arange(MAX_POSITIONS)[:, None] * frequencies
    with torch.no_grad():
        embeddings.word_embeddings.weight[:, :width] = 0
        embeddings.token_type_embeddings.weight[:] = 0
        embeddings.position_embeddings.weight[:] = 0
        embeddings.position_embeddings.weight[:, :width] = (
            SPREAD * math.sqrt(2) * torch.cat([angles.cos(), angles.sin()], dim=1)
        )
        attention.query.weight[:] = attention.key.weight[:] = 0
        for head in range(attention.num_attention_heads):
            distance = (head // 2 + 1) * (1 if head % 2 else -1)
            cosines, sines = torch.diag((distance * frequencies).cos()), torch.diag((distance * frequencies).sin())
            rows = slice(head * width, (head + 1) * width)
            turned = torch.cat([torch.cat([cosines, -sines], dim=1), torch.cat([sines, cosines], dim=1)])
            attention.query.weight[rows, :width] = SHARPNESS * turned
            attention.key.weight[rows, :width] = SHARPNESS * torch.eye(width)


def cut(documents: Iterable[str], tokenizer: Any, length: int) -> list[list[int]]:
    """Token ids of the documents in sequences of `length`, each with [CLS] and [SEP] around; what is left of a document
    is left out."""
    room = length - 2
    return [
        [tokenizer.cls_token_id, *ids[start : start + room], tokenizer.sep_token_id]
        for ids in tokenizer(list(documents), add_special_tokens=False, verbose=False)["input_ids"]
        for start in range(0, len(ids) - room + 1, room)
    ]


def pretraining_sequences(documents: Iterable[str], tokenizer: Any, source: MadeModel) -> list[list[int]]:
    """One sequence per place in the training order, see `in_order`."""
    return in_order(cut(documents, tokenizer, source.sequence_tokens), source)
