"""An untrained model whose weights are large enough for lively outputs: they vary, and some end by themselves."""

import random

from medtune.config import MadeModel
from medtune.models.made import train_tokenizer, untrained_model
from medtune.studies.yesno.plain import plain_documents


def tiny_model(seed=0):
    """A model of 2 layers with its tokenizer of 300 entries."""
    source = MadeModel(source="made", hidden_size=32, layers=2, heads=4, vocabulary=300, seed=seed)
    tokenizer = train_tokenizer(["Is aspirin useful? Yes, it is.", "A: No."], source.vocabulary)
    model = untrained_model(source, tokenizer).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(10)
    return model, tokenizer


def build_untrained(source):
    """Model and tokenizer of a section of the configuration, with random weights."""
    tokenizer = train_tokenizer(plain_documents(300, source.seed), source.vocabulary)
    return untrained_model(source, tokenizer), tokenizer


def random_prompts(n, longest=30, prefix=(), seed=0):
    """n prompts of 1 to `longest` token ids, each after the prefix."""
    rng = random.Random(seed)
    return [[*prefix, *(rng.randrange(2, 260) for _ in range(rng.randint(1, longest)))] for _ in range(n)]
