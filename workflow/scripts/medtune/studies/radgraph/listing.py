"""What the synthetic base model of the reports' study reads: notes of a picture dealer, and lists of what they name.

It practises to find terms by the words around them, to copy them and to list them in JSON, in sentences of another
subject, whose kinds are none of the study's: what was bought, sold, lent or mended, and by whom. The pictures show what
reports name, anatomy and observations alike; no two terms stand together that only held-out reports have together. Of
radiology it reads prose without any list, from the material of the training split alone. So whatever tells anatomy from
observations, and present from absent and uncertain ones, must be learnt from the study's own training data. A list of
what a sentence does not name, or of a kind that the base does not know, is empty.
"""

import json
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from medtune.studies.radgraph import generator as radgraph
from medtune.studies.radgraph.frames import Filled, fill

FIELDS = ("term", "name", "value")
TYPE_FIELD = "kind"


def _parted(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class Kind(NamedTuple):
    """What a list is of. names: in instructions. field: its name within an item. cues: what says so in a sentence, each
    as a verb and as a noun."""

    names: tuple[str, ...]
    field: str
    cues: tuple[tuple[str, str], ...] = ()


KINDS: Mapping[str, Kind] = {
    "people": Kind(("people", "persons", "names of people"), "person"),
    "gains": Kind(
        ("gains", "goods that were gained"),
        "gain",
        (("bought", "purchase"), ("won", "prize")),
    ),
    "sales": Kind(
        ("sales", "goods that were sold"),
        "sale",
        (("sold", "sale"), ("shipped", "shipment")),
    ),
    "loans": Kind(
        ("loans", "goods that were lent"),
        "loan",
        (("lent", "loan"), ("rented", "rental")),
    ),
    "repairs": Kind(
        ("repairs", "goods that were mended"),
        "repair",
        (("mended", "repair"), ("cleaned", "cleaning")),
    ),
}
ROLES = _parted("baker miller smith farmer tailor weaver brewer carter")
POOLS = {
    "o": (*radgraph.OBSERVATIONS, *radgraph.ANATOMY, *radgraph.DEVICES),
    "m": (*radgraph.MODIFIERS, *radgraph.STATES),
    "a": ROLES,
}
"""Terms by the letter of a slot: what pictures show, how they look, and who deals in them."""
ONE = (
    "The {a1} V a? {m1:K} {o1:K} .",
    "The {a1} V {o1:K} and {o2:K} .",
    "V {o1:K} .",
    "V {m1:K} {o1:K} for the {a1} .",
    "V {o1:K} , {o2:K} , or {o3:K} .",
    "V {o1:K} or {o2:K} in the spring .",
    "{o1:K} was V .",
    "{m1:K} {o1:K} was V by the {a1} .",
    "{o1:K} and {m1:K} {o2:K} were V .",
    "{m1:K} {o1:K} and {m2:K} {o2:K} were V for the {a1} .",
    "{o1:K} at # coins was V by the {a1} .",
    "For the {a1} a? {m1:K} {o1:K} was V .",
    "From the {a1} and the {a2} {o1:K} was V .",
    "N of {o1:K} .",
    "N of {m1:K} {o1:K} by the {a1} .",
    "N of {o1:K} or {o2:K} .",
    "The {a1} asked about the N of {o1:K} .",
    "{m1:K} {o1:K} of the {a1} is a N .",
)
TWO = (
    "{m1:K} {o1:K} was V but {o2:L} was W .",
    "V {o1:K} ; W {m1:L} {o2:L} from the {a1} .",
    "N of {m1:K} {o1:K} with M of {o2:L} .",
    "The {a1} V {o1:K} and W {m2:L} {o2:L} .",
    "{o1:K} for the {a1} was V after the M of {o2:L} .",
)
NOTHING = (
    "The market was quiet in the morning .",
    "The {a1} came back in 3 days .",
    "The road to the harbour was closed .",
    "The {a1} and the {a2} spoke for an hour .",
    "Rain is expected by 6:30 p.m . today .",
    "The {a1} looked at {m1} {o1} .",
    "{o1} hung beside {m2} {o2} in the hall .",
    "{m1} {o1} in the hall was dusty .",
    "The {a1} spoke of {o1} and {o2} .",
    "Nobody looked for {m1} {o1} .",
    "{o1} stood near the door of the {a1} .",
    "{m1} {o1} or {o2} .",
)
"""In these no goods change hands, so that a list of them is empty."""
SHARES = {"plain": 0.05, "note": 0.03, "enumerated": 0.2}
"""Shares of radiology prose, of notes, and of copying all terms; the others are lists of one kind."""
NOTES = (
    "A list in JSON holds items; without items it is [].",
    "An entity_type and an entity_value come first, then start_position and end_position, which count characters.",
    "The answer lists the terms in the order of the sentence.",
    'An item may begin with {"entity_type":"","entity_value":""} and end with its place.',
    "What anatomy and observations are, present, absent or uncertain ones, is said elsewhere.",
)
NOT_THERE = _parted("songs rivers meals letters rooms games animals prices colours roads storms dances")
NOT_THERE_HOW = _parted("old near rare lost loud late")
"""Of what no sentence names, and how it is asked for: these lists are empty."""
ASKED_IN_VAIN = 0.3
"""How often such a list is asked for besides."""
WITHOUT = 0.25
"""How often a list is asked for whatever the sentence holds; else it has items wherever there are any."""


def listing_documents(count: int, seed: int) -> list[str]:
    """`count` documents of the kinds above, mixed; the same for the same seed."""
    rng = random.Random(f"listing/{seed}")
    plain, note, enumerated = (round(count * share) for share in SHARES.values())
    documents = radgraph.plain_text(plain, seed)
    documents += [" ".join(rng.sample(NOTES, rng.randint(1, len(NOTES)))) for _ in range(note)]
    documents += [_enumerated(rng) for _ in range(enumerated)]
    documents += [_lists(rng) for _ in range(count - len(documents))]
    rng.shuffle(documents)
    return documents


def instruction(rng: random.Random, kind: Kind) -> str:
    """A request for a list of one kind."""
    return f"{rng.choice(('List', 'Name'))} the {rng.choice(kind.names)}{rng.choice(('', ' in order', ' as a list'))}."


def prompt(request: str, sentence: str) -> str:
    """How a list is asked for; the answer stands on the line after it."""
    return f"{request}\nSentence: {sentence}\nAnswer:\n"


def _enumerated(rng: random.Random) -> str:
    """Terms in a row, then all of them as a list."""
    count = rng.randint(2, radgraph.GROUPS)
    frame = " , ".join(f"{{{rng.choice('ooomma')}{number}}}" for number in range(count)) + " ."
    words, filled = fill(rng, frame, POOLS, (), radgraph.LEARNT.together)
    field = rng.choice(FIELDS)
    listed = json.dumps([{field: " ".join(words[a : b + 1])} for *_, a, b in filled], separators=(",", ":"))
    return f"{prompt('List all.', ' '.join(words))}{listed}"


def _lists(rng: random.Random) -> str:
    """One to three requests for the same sentence, each with its list."""
    words, filled = _sentence(rng)
    named = [kind for kind in KINDS if any(kind == tag for _, tag, _, _ in filled)]
    asked = list(KINDS) if not named or rng.random() < WITHOUT else named
    chosen = rng.sample(asked, min(rng.randint(1, 3), len(asked)))
    lists = [_list(rng, words, filled, kind) for kind in chosen]
    if rng.random() < ASKED_IN_VAIN:
        lists.insert(rng.randint(0, len(lists)), f"{prompt(instruction(rng, _not_there(rng)), ' '.join(words))}[]")
    return "\n".join(lists)


def _not_there(rng: random.Random) -> Kind:
    """A kind of which no sentence names anything."""
    what, how = rng.choice(NOT_THERE), rng.choice(NOT_THERE_HOW)
    return Kind((what, f"{how} {what}", f"{what} that are {how}"), what)


def _sentence(rng: random.Random) -> tuple[list[str], list[Filled]]:
    """A note of a trade; each slot's tag is the kind of its term."""
    first, second = rng.sample([kind for kind in KINDS if KINDS[kind].cues], 2)
    cue, other = rng.choice(KINDS[first].cues), rng.choice(KINDS[second].cues)
    frame = rng.choice(rng.choices((ONE, TWO, NOTHING), (0.58, 0.22, 0.2))[0])
    stand_ins = {"V": cue[0], "N": cue[1], "W": other[0], "M": other[1]}
    frame = " ".join(stand_ins.get(part, part) for part in frame.split())
    frame = frame.replace(":K}", f":{first}}}").replace(":L}", f":{second}}}")
    words, filled = fill(rng, frame, POOLS, radgraph.COUNTED, radgraph.LEARNT.together)
    return words, [(slot, "people" if slot[0] == "a" else tag, first, last) for slot, tag, first, last in filled]


def _list(rng: random.Random, words: Sequence[str], filled: Sequence[Filled], kind: str) -> str:
    """A request for a sentence's terms of one kind, and the list."""
    field = rng.choice(FIELDS)
    about, placed = rng.choices(((False, False), (True, False), (True, True)), (2, 2, 1.5))[0]
    items = [
        _item(words, first, last, field, KINDS[kind].field if about else None, placed)
        for _, tag, first, last in filled
        if tag == kind
    ]
    listed = json.dumps(items, separators=(",", ":"))
    return f"{prompt(instruction(rng, KINDS[kind]), ' '.join(words))}{listed}"


def _item(words: Sequence[str], first: int, last: int, field: str, kind: str | None, placed: bool) -> dict:
    """One item: its kind where it is said, its term, and its place in the sentence where that is said."""
    term = " ".join(words[first : last + 1])
    start = len(" ".join(words[:first])) + (first > 0)
    place = {"start_position": start, "end_position": start + len(term)} if placed else {}
    return {**({TYPE_FIELD: kind} if kind else {}), field: term, **place}
