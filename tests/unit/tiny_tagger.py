"""An untrained encoder and documents whose tags follow from the words, so that it learns them in seconds."""

import random

from medtune.config import MadeModel
from medtune.data.bio import tag_list
from medtune.files import write_json, write_jsonl
from medtune.models.made_encoder import make_tokenizer, untrained_encoder

TAGS = tag_list(["Drug", "Sign"])
DRUGS, SIGNS, FIRST_PARTS = ("aspirin", "heparin", "iron"), ("fever", "pain", "rash"), ("chest", "back")
OTHERS = ("she", "was", "given", "had", "no", "then", "and", "the")


def tiny_encoder(seed=0):
    """A BERT of one layer with its tokenizer, which knows the words above; others are spelled."""
    source = MadeModel(source="made", architecture="bert", hidden_size=32, layers=1, heads=2, seed=seed)
    tokenizer = make_tokenizer([" ".join((*DRUGS, *SIGNS, *FIRST_PARTS, *OTHERS))], source.vocabulary)
    return untrained_encoder(source, tokenizer), tokenizer


def toy_row(rng, identifier, sentences=12):
    """A document as the data stage writes it (as far as training and tagging read it)."""
    words, tags, starts = [], [], []
    for _ in range(sentences):
        starts.append(len(words))
        words += rng.choices(OTHERS, k=rng.randint(1, 4))
        tags += ["O"] * (len(words) - len(tags))
        if rng.random() < 0.5:
            words.append(rng.choice(DRUGS))
            tags.append("B-Drug")
        else:
            words += [rng.choice(FIRST_PARTS), rng.choice(SIGNS)]
            tags += ["B-Sign", "I-Sign"]
        words.append(".")
        tags.append("O")
    return {"id": identifier, "words": words, "sentences": starts, "tags": tags}


def toy_study(folder, documents=(("train", 24), ("validation", 4), ("test", 3))):
    """Base model, rows of each split and tags.json on disk."""
    rng = random.Random(5)
    model, tokenizer = tiny_encoder()
    model.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    write_json(folder / "base" / "record.json", {"name": "tiny", "fingerprint": "base-1"})
    write_json(folder / "tags.json", {"tags": TAGS})
    for split, count in documents:
        write_jsonl(folder / f"{split}.jsonl", [toy_row(rng, f"{split}-{number}") for number in range(count)])
    return folder
