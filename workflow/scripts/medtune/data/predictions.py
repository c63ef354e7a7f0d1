"""Predictions beside the examples that they answer."""

from collections.abc import Mapping, Sequence

from medtune.errors import InputError

LONGER_GOLD = "longer_gold"
"""Key of predictions whose gold answer has more tokens than are generated."""


def longer_gold(predictions: Sequence[dict]) -> dict[str, dict[str, int]]:
    """By split the number of gold answers that cannot be generated in full, and of all (n)."""
    splits = dict.fromkeys(prediction["split"] for prediction in predictions)
    marks = {split: [LONGER_GOLD in row for row in predictions if row["split"] == split] for split in splits}
    return {split: {"longer": sum(found), "n": len(found)} for split, found in marks.items()}


def longer_gold_sentences(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What a reader of figures is told of them. counts: as `longer_gold` gives them."""
    return [
        f"{found['longer']} of {found['n']} gold answers of the {split} split have more tokens than are generated "
        "(`generation.max_new_tokens`), so that no answer can match them in full."
        for split, found in counts.items()
        if found["longer"]
    ]


def answers_of(examples: Mapping[str, Sequence[dict]], predictions: Sequence[dict]) -> dict[str, list[dict]]:
    """For each split the prediction of each example, in the order of the examples.

    examples: by split, rows with `id`. predictions: rows with `split` and `id`.
    Raises InputError when a prediction is missing, doubled, or of no example.
    """
    found: dict[tuple[str, str], dict] = {}
    for prediction in predictions:
        key = (prediction["split"], prediction["id"])
        if key in found:
            raise InputError(f'predictions: two answers to id "{key[1]}" of split {key[0]}')
        found[key] = prediction
    wanted = {(split, example["id"]) for split, rows in examples.items() for example in rows}
    strangers = found.keys() - wanted
    if strangers:
        split, identifier = min(strangers)
        raise InputError(f'predictions: id "{identifier}" is not in the data of split {split}')
    missing = wanted - found.keys()
    if missing:
        split, identifier = min(missing)
        raise InputError(f'predictions: no answer to id "{identifier}" of split {split}')
    return {split: [found[split, example["id"]] for example in rows] for split, rows in examples.items()}
