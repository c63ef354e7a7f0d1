"""Questions that are asked with an abstract: which belong together, and what splits share."""

from collections.abc import Mapping, Sequence

from medtune.data.deduplication import normalise
from medtune.data.near_twins import METHOD, near_twins
from medtune.data.splits import check_no_twins
from medtune.studies.yesno.questions import Question

DRAWN = ("train", "validation", "test")
"""Splits whose questions have abstracts."""


def first_of_abstract(questions: Sequence[Question]) -> dict[str, str]:
    """For each question's id, that of the first one by id with the same abstract; its own where it has none."""
    firsts: dict[str, str] = {}
    return {
        item.id: item.id if item.context is None else firsts.setdefault(normalise(item.context), item.id)
        for item in sorted(questions, key=lambda item: item.id)
    }


def about_abstracts(rows: Mapping[str, Sequence[dict]]) -> dict:
    """For the manifest: what is asked, that no abstract stands in two splits, and the number of held-out questions that
    have, each with its abstract, a near twin in the training split.

    rows: of the splits. Raises InputError where an abstract stands in two.
    """
    contexts = {split: [row["context"] for row in rows[split]] for split in DRAWN}
    asked = {split: {row["id"]: f"{row['question']} {row['context']}" for row in rows[split]} for split in DRAWN}
    return {
        "form": "abstract",
        "leakage": check_no_twins(contexts, noun="abstract"),
        "near_twins": {
            "method": METHOD,
            "count": {split: len(near_twins(asked[split], asked["train"])) for split in DRAWN[1:]},
        },
    }
