"""Radiology prose, and lists of what its sentences name, for pre-training the made tiny model.

The words and frames are those of the synthetic reports. Instructions are short, and the items of a list have fields
that no study uses, so that what a study asks for must still be learnt from its own training data.
"""

import json
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from medtune.data.synthetic import radgraph

FIELDS = ("term", "name", "value")


class Kind(NamedTuple):
    """What a list is of. names: in instructions. field: its name within an item."""

    names: tuple[str, ...]
    field: str


KINDS: Mapping[str, Kind] = {
    "ANAT-DP": Kind(("anatomy", "places", "parts of the body"), "place"),
    "OBS-DP": Kind(("observations that are present", "signs that are there", "present findings"), "present"),
    "OBS-DA": Kind(("observations that are absent", "signs that are not there", "absent findings"), "absent"),
    "OBS-U": Kind(("uncertain observations", "signs that may be there", "possible findings"), "uncertain"),
}
NOTES = (
    "A radiology report names anatomical structures, such as the left lung or the midline, and observations.",
    "An observation is present, absent or uncertain.",
    "Each observation is named in a sentence of the report.",
    "The report says that an effusion is absent: no effusion.",
    "This sentence leaves the pneumonia uncertain: it may represent pneumonia, or possible pneumonia.",
    "The label ANAT-DP is for an anatomical structure or direction.",
    "OBS-DP is an observation that is present, OBS-DA one that is absent, OBS-U one that is uncertain.",
    "A list in JSON holds items; without items it is [].",
    "An entity_type and an entity_value come first, then start_position and end_position, which count characters.",
)
SHARES = {"plain": 0.05, "read": 0.03, "note": 0.05}
"""Shares of prose, of prose that is read aloud, and of notes; the others are lists."""
WITHOUT = 0.25
"""How often a list is asked for whatever the sentence holds; else it has items wherever there are any."""
BOILERPLATE = 0.08
"""How often a sentence names nothing."""


def listing_documents(count: int, seed: int) -> list[str]:
    """`count` documents of the kinds above, mixed; the same for the same seed."""
    rng = random.Random(f"listing/{seed}")
    plain, read, note = (round(count * share) for share in SHARES.values())
    documents = radgraph.plain_text(plain, seed)
    documents += [_reading(rng) for _ in range(read)]
    documents += [" ".join(rng.sample(NOTES, rng.randint(1, 4))) for _ in range(note)]
    documents += [_lists(rng) for _ in range(count - len(documents))]
    rng.shuffle(documents)
    return documents


def _reading(rng: random.Random) -> str:
    """A sentence, and what it says of each of its terms."""
    words, mentions = radgraph.sentence(rng)
    said = [f"{' '.join(words[first : last + 1])} is {KINDS[label].field}" for _, label, first, last in mentions]
    return f"{' '.join(words)} So {', '.join(said) or 'nothing is named'}."


def _lists(rng: random.Random) -> str:
    """One to three instructions for the same sentence, each with its list."""
    words, mentions = radgraph.boilerplate(rng) if rng.random() < BOILERPLATE else radgraph.sentence(rng)
    named = [label for label in KINDS if any(label == mention[1] for mention in mentions)]
    asked = list(KINDS) if not named or rng.random() < WITHOUT else named
    chosen = rng.sample(asked, min(rng.randint(1, 3), len(asked)))
    return "\n".join(_list(rng, words, mentions, label) for label in chosen)


def _list(rng: random.Random, words: Sequence[str], mentions: Sequence[radgraph.Mention], label: str) -> str:
    """An instruction, the sentence and the list of its terms of one kind."""
    kind = KINDS[label]
    instruction = f"{rng.choice(('List', 'Name'))} the {rng.choice(kind.names)}" + rng.choice(
        ("", " in order", " as a list")
    )
    field = rng.choice(FIELDS)
    about, placed = rng.choices(((False, False), (True, False), (True, True)), (2, 2, 1.5))[0]
    type_name = rng.choice((kind.field, label))
    items = [
        _item(words, first, last, field, type_name if about else None, placed)
        for _, found, first, last in mentions
        if found == label
    ]
    listed = json.dumps(items, separators=(",", ":"))
    return f"{instruction}.\nSentence: {' '.join(words)}\nAnswer:\n{listed}"


def _item(words: Sequence[str], first: int, last: int, field: str, kind: str | None, placed: bool) -> dict:
    """One item: its kind where it is said, its term, and its place in the sentence where that is said."""
    term = " ".join(words[first : last + 1])
    start = len(" ".join(words[:first])) + (first > 0)
    place = {"start_position": start, "end_position": start + len(term)} if placed else {}
    return {**({"kind": kind} if kind else {}), field: term, **place}
