"""What figures of synthetic questions show, in words."""

from collections.abc import Mapping
from typing import Any

from medtune.studies.meerkat.prepare import PRETRAINING, RECORDS

SHOWN = (
    "The questions are synthetic, made by rules: the figures show that the workflow works, and what an adapter learns "
    "of made facts about the conditions in its training records; they say nothing about medical knowledge. Other "
    "hardware gives other figures."
)


def what_figures_show(manifest: Mapping[str, Any]) -> str | None:
    """What figures of synthetic questions show; None where questions are real. manifest: of the prepared data."""
    sources = manifest.get("sources", [])
    return SHOWN if sources and all(source["format"] == "synthetic" for source in sources) else None


def shared_words(manifest: Mapping[str, Any]) -> str | None:
    """What synthetic held-out questions and answers share with what was read, in numbers; None where questions are
    real or nothing was counted."""
    found = manifest.get("held_out")
    if not found or what_figures_show(manifest) is None:
        return None
    words = []
    if all(counts[PRETRAINING] is not None for counts in found.values()):
        shared = sum(kind["shared"] for counts in found.values() for kind in counts[PRETRAINING].values())
        words.append(
            f"Of the sentences and templates of held-out questions and answers, {shared or 'none'} "
            f"{'stands' if shared == 1 else 'stand'} in the base model's pre-training text."
        )
    for split, counts in found.items():
        numbers = [
            f"{kind['shared']} of {kind['held_out']} {name.replace('_', ' ')}" for name, kind in counts[RECORDS].items()
        ]
        words.append(f"With the records for training and pool the {split} split shares {', '.join(numbers)}.")
    words.append(
        "That templates are shared is by design: an answer states facts about a condition, which training teaches by "
        "the same condition in another group of people. Answers that could be copied nearly whole are named as near "
        "twins."
    )
    return " ".join(words)
