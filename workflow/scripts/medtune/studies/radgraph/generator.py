"""Radiology reports made by rules, in RadGraph's layout: for tests and for trying the workflow.

Sentences come from frames whose slots are filled from one lexicon, so that the same observation is present, absent or
uncertain by the words around it in the sentence, as in real reports. No patient stands behind any of them.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from medtune.data.deduplication import DistinctTexts
from medtune.studies.radgraph.frames import fill

SOURCE = "synthetic"
COUNTABLE = """
opacity effusion nodule mass fracture granuloma calcification infiltrate lesion cavity cyst hernia bronchogram contusion
bulla abscess pneumothorax consolidation aneurysm deformity tube catheter pacemaker
"""
COUNTED = frozenset(COUNTABLE.split())


@dataclass(frozen=True)
class Material:
    """What sentences are made of: templates (see `fill`), and which terms may stand together in one.

    alike: whether all terms of a sentence are of one group, or all of different ones, see `GROUP_OF`. groups:
    templates, and how often each group is used. sections: sentences of the sections that name nothing.
    """

    alike: bool
    groups: tuple[tuple[tuple[str, ...], float], ...]
    sections: Mapping[str, tuple[str, ...]]

    def together(self, one: str, other: str) -> bool:
        """Whether two terms may stand in one sentence; words that are no terms stand with all."""
        groups = GROUP_OF.get(one), GROUP_OF.get(other)
        return None in groups or (groups[0] == groups[1]) == self.alike


def _words(text: str) -> tuple[str, ...]:
    """The terms of a text in which they are parted by bars."""
    return tuple(" ".join(term.split()) for term in text.split("|"))


OBSERVATIONS = _words(
    """opacity|consolidation|atelectasis|nodule|mass|infiltrate|pneumonia|edema|emphysema|scarring|granuloma|cavity|cyst
    |bulla|abscess|contusion|fibrosis|bronchiectasis|air bronchogram|aspiration|volume loss|mucus plugging|infection
    |effusion|pneumothorax|pleural thickening|hemorrhage|fluid|lymphadenopathy|calcification|aneurysm|fracture|lesion
    |deformity|sclerosis|hernia"""
)
ANATOMY = _words(
    """left lung|right lung|left upper lobe|left lower lobe|right upper lobe|right middle lobe|right lower lobe|lingula
    |left base|right base|left apex|right apex|left hemithorax|right hemithorax|mediastinum|aorta|left hilum|right hilum
    |heart|trachea|diaphragm|sternum|carina|stomach"""
)
DEVICES = _words("endotracheal tube|nasogastric tube|central venous catheter|tracheostomy tube|pacemaker|chest tube")
MODIFIERS = _words(
    "small|moderate|large|new|stable|subtle|minimal|mild|severe|focal|patchy|diffuse|linear|dense|acute|chronic|old|faint"
)
STATES = _words("normal|unremarkable|unchanged|enlarged|clear|intact|prominent")
POOLS = {"o": OBSERVATIONS, "a": ANATOMY, "d": DEVICES, "m": MODIFIERS, "s": STATES}
"""Terms by the letter of a slot."""
GROUPS = 6
GROUP_OF = {term: number % GROUPS for pool in POOLS.values() for number, term in enumerate(pool)}
"""Two terms of one group stand together in held-out reports alone."""

# m1 modifies o1 or s1; o1, d1 and s1 are located at a1; SUGGESTING makes o1 suggestive of o2.
LEARNT = Material(
    alike=False,
    groups=(
        (
            (
                "There is a? {m1:DP} {o1:DP} in the {a1} .",
                "There is {m1:DP} {o1:DP} .",
                "{o1:DP} is present in the {a1} .",
                "{m1:DP} {o1:DP} is seen in the {a1} .",
                "Within the {a1} there is a? {m1:DP} {o1:DP} .",
                "The {o1:DP} in the {a1} has increased .",
                "{m1:DP} {o1:DP} and {m2:DP} {o2:DP} are noted in the {a1} .",
                "The {a1} shows {m1:DP} {o1:DP} and {o2:DP} .",
                "There is {o1:DP} and {m2:DP} {o2:DP} .",
                "{o1:DP} and {o2:DP} .",
                "{m1:DP} {o1:DP} in the {a1} measures # cm .",
                "{m1:DP} {o1:DP} in the {a1} and {m2:DP} {o2=o1:DP} in the {a2} .",
                "{m1:DP} {o1:DP} .",
            ),
            0.25,
        ),
        (
            (
                "The {a1} is {s1:DP} .",
                "The {a1} and {a2} are {s1:DP} .",
                "{s1:DP} {a1} .",
                "{s1:DP} {a1} is seen .",
                "Again seen is the {s1:DP} {a1} .",
            ),
            0.15,
        ),
        (
            (
                "The {d1:DP} ends at the {a1} .",
                "a? {d1:DP} is in place .",
                "The {d1:DP} is {s1:DP} .",
            ),
            0.07,
        ),
        (
            (
                "No {o1:DA} .",
                "No {o1:DA} or {o2:DA} .",
                "No {m1:DA} {o1:DA} is identified .",
                "No evidence of {o1:DA} .",
                "There is no {o1:DA} in the {a1} .",
                "There is no {m1:DA} {o1:DA} .",
                "Absence of {o1:DA} in the {a1} .",
                "The study is negative for {o1:DA} .",
                "Without {o1:DA} , {o2:DA} , or {o3:DA} .",
            ),
            0.20,
        ),
        (
            (
                "Possible {o1:U} in the {a1} .",
                "There may be {m1:U} {o1:U} in the {a1} .",
                "{o1:U} in the {a1} cannot be excluded .",
                "Cannot exclude {o1:U} .",
                "Findings may represent {o1:U} or {o2:U} .",
                "Appearance is concerning for {o1:U} in the {a1} .",
                "Questionable {m1:U} {o1:U} .",
                "Findings suggest {m1:U} {o1:U} .",
                "{o1:U} is suspected in the {a1} .",
            ),
            0.19,
        ),
        (
            (
                "{m1:DP} {o1:DP} in the {a1} may represent {o2:U} .",
                "{o1:DP} in the {a1} suggesting {o2:U} .",
                "There is {o1:DP} in the {a1} without {o2:DA} .",
                "{m1:DP} {o1:DP} but no {o2:DA} .",
                "{m1:DP} {o1:DP} in the {a1} but no {m2:DA} {o2:DA} .",
                "The {a1} is {s1:DP} without {o1:DA} .",
                "No {o1:DA} ; possible {o2:U} in the {a1} .",
            ),
            0.09,
        ),
        (
            (
                "Comparison is made with the prior study .",
                "Findings were discussed with Dr . ___ by telephone at 10:30 a.m . today .",
                "Recommend follow-up in 3 months .",
                "Clinical correlation is advised .",
            ),
            0.05,
        ),
    ),
    sections={
        "EXAMINATION": ("Portable radiograph .", "Two-view radiograph ."),
        "INDICATION": (
            "___ year old woman , follow-up .",
            "___ year old man , preoperative evaluation .",
            "Evaluate for interval change .",
        ),
        "TECHNIQUE": ("Frontal and lateral views were obtained .", "Upright frontal view at 7:45 a.m . was obtained ."),
        "COMPARISON": ("None .", "Prior study of ___ ."),
    },
)
"""Of the training split and of what a synthetic base model reads."""

HELD_OUT = Material(
    alike=True,
    groups=(
        (
            (
                "{o1:DP} and {o2:DP} are seen in the {a1} .",
                "{m1:DP} {o1:DP} is present .",
                "{o1:DP} is seen in the {a1} .",
                "Within the {a1} there is {o1:DP} .",
                "The {m1:DP} {o1:DP} has increased .",
                "{m1:DP} {o1:DP} and {o2:DP} are noted .",
                "{o1:DP} in the {a1} measures # cm .",
                "There is {m1:DP} {o1:DP} and {m2:DP} {o2:DP} in the {a1} .",
            ),
            0.25,
        ),
        (
            (
                "{a1} is {s1:DP} .",
                "{s1:DP} {a1} and {a2} .",
                "The {s1:DP} {a1} is noted .",
            ),
            0.15,
        ),
        (
            (
                "{d1:DP} ends at the {a1} .",
                "{d1:DP} is present .",
                "The {d1:DP} in the {a1} is {s1:DP} .",
            ),
            0.07,
        ),
        (
            (
                "No {o1:DA} is noted .",
                "No {o1:DA} , {o2:DA} , or {o3:DA} .",
                "No {o1:DA} is identified .",
                "No evidence of {o1:DA} or {o2:DA} .",
                "There is no {m1:DA} {o1:DA} or {o2:DA} .",
                "No {m1:DA} {o1:DA} in the {a1} .",
                "Absence of {o1:DA} .",
                "The study is negative for {m1:DA} {o1:DA} .",
                "Without {o1:DA} in the {a1} .",
            ),
            0.20,
        ),
        (
            (
                "Possible {m1:U} {o1:U} .",
                "There may be {o1:U} .",
                "{m1:U} {o1:U} cannot be excluded .",
                "Cannot exclude {o1:U} or {o2:U} .",
                "Findings may represent {o1:U} in the {a1} .",
                "Appearance is concerning for {m1:U} {o1:U} .",
                "Questionable {o1:U} in the {a1} .",
                "Findings suggest {o1:U} in the {a1} .",
                "{o1:U} is suspected .",
            ),
            0.19,
        ),
        (
            (
                "{o1:DP} may represent {o2:U} .",
                "{m1:DP} {o1:DP} suggesting {o2:U} .",
                "There is {m1:DP} {o1:DP} without {o2:DA} .",
                "{o1:DP} in the {a1} but no {o2:DA} .",
                "No {m1:DA} {o1:DA} ; possible {o2:U} .",
            ),
            0.09,
        ),
        (
            (
                "The prior study is not available .",
                "Dr . ___ was informed of the findings at 9:15 a.m . by telephone .",
                "Follow-up in 6 weeks is recommended .",
                "Evaluation is limited by technique .",
            ),
            0.05,
        ),
    ),
    sections={
        "EXAMINATION": ("Radiograph , single view .", "Radiograph , portable ."),
        "INDICATION": ("___ year old woman , preoperative .", "Evaluation before discharge .", "Interval change ."),
        "TECHNIQUE": ("A single portable view was obtained .", "One frontal view at 8:20 p.m ."),
        "COMPARISON": ("Radiograph from ___ .", "No prior study is available ."),
    },
)
"""Of validation, test and new reports: no sentence, template or pair of terms of it is in LEARNT."""
SECTION_SHARES = {"EXAMINATION": 0.5, "INDICATION": 0.6, "TECHNIQUE": 0.5, "COMPARISON": 0.6}
HEADINGS = frozenset({"findings", "impression", *(name.lower() for name in SECTION_SHARES), *map(str, range(10))})
"""What stands in every report and is no sentence: headings, and numbers of list items."""
LEARNT_PARTS = frozenset({"train"})


def material_of(part: str) -> Material:
    """What the reports of a part are made of."""
    return LEARNT if part in LEARNT_PARTS else HELD_OUT


SUGGESTING = ("may represent", "suggesting")
Mention = tuple[str, str, int, int]
"""Slot, label, first and last token (inclusive)."""


def make_corpus(counts: Mapping[str, int], seed: int, read_twice: tuple[str, ...] = ("test",)) -> dict[str, dict]:
    """Reports by part ("train", "dev", "test", or any other name), each part in RadGraph's layout.

    counts: reports per part. read_twice: parts with `labeler_1` and `labeler_2`, who differ a little.
    No text stands twice, over all parts; a part does not change when another is added after it.
    Raises InputError when so many different reports cannot be found.
    """
    seen: set[str] = set()
    return {part: _part(part, count, seed, part in read_twice, seen) for part, count in counts.items()}


def plain_text(count: int, seed: int) -> list[str]:
    """`count` short runs of prose of LEARNT, without annotation and none of it a whole report."""
    rng = random.Random(f"radgraph plain text/{seed}")
    return [" ".join(" ".join(sentence(rng, LEARNT)[0]) for _ in range(rng.randint(2, 4))) for _ in range(count)]


def _part(part: str, count: int, seed: int, read_twice: bool, seen: set[str]) -> dict:
    """One part; `seen` holds the texts that are taken, and gets those made here."""
    rng = random.Random(f"radgraph/{seed}/{part}")
    reports: dict[str, dict] = {}
    texts = DistinctTexts(seen, count, f"synthetic reports: cannot make {count} different ones for {part}")
    while len(reports) < count:
        text, entities = _report(rng, material_of(part))
        if not texts.is_new(text):
            continue
        number = len(reports) + 1
        origin = {"data_source": SOURCE, "data_split": part}
        annotation: dict = {"entities": entities, **origin}
        if read_twice:
            other = {"entities": _second_opinion(rng, entities, text.split()), **origin}
            annotation = {"labeler_1": annotation, "labeler_2": other, **origin}
        reports[f"{part}/patient{number:04d}/study1.txt"] = {"text": text, **annotation}
    return reports


def _report(rng: random.Random, material: Material) -> tuple[str, dict]:
    """A report's text and its entities in the layout."""
    words: list[str] = []
    entities: dict[str, dict] = {}
    for name, sentences in material.sections.items():
        if rng.random() < SECTION_SHARES[name]:
            words += [name, ":", *rng.choice(sentences).split()]
    words += ["FINDINGS", ":"]
    for _ in range(rng.randint(4, 7)):
        _add(words, entities, *sentence(rng, material))
    if rng.random() < 0.85:
        words += ["IMPRESSION", ":"]
        count = rng.randint(1, 3)
        for number in range(1, count + 1):
            words += [str(number), "."] if count > 1 else []
            _add(words, entities, *sentence(rng, material))
    return " ".join(words), entities


def _add(words: list[str], entities: dict[str, dict], sentence: list[str], mentions: list[Mention]) -> None:
    """Append a sentence to a report, and its mentions to the entities, in place."""
    offset = len(words)
    words += sentence
    names = {slot: str(len(entities) + number) for number, (slot, *_) in enumerate(mentions, start=1)}
    suggesting = any(phrase in " ".join(sentence) for phrase in SUGGESTING)
    for slot, label, first, last in mentions:
        entities[names[slot]] = {
            "tokens": " ".join(sentence[first : last + 1]),
            "label": label,
            "start_ix": offset + first,
            "end_ix": offset + last,
            "relations": _relations(slot, names, suggesting),
        }


def _relations(slot: str, names: Mapping[str, str], suggesting: bool) -> list[list[str]]:
    """Relations of a mention to others in its sentence, by the numbers of their slots."""
    kind, number = slot
    relations = []
    if kind == "m":
        head = next(names[head + number] for head in "os" if head + number in names)
        relations.append(["modify", head])
    if kind in "ods" and f"a{number}" in names:
        relations.append(["located_at", names[f"a{number}"]])
    elif kind == "s" and f"d{number}" in names:
        relations.append(["modify", names[f"d{number}"]])
    if slot == "o1" and suggesting and "o2" in names:
        relations.append(["suggestive_of", names["o2"]])
    return relations


def sentence(rng: random.Random, material: Material) -> tuple[list[str], list[Mention]]:
    """The tokens of one sentence and the mentions in it."""
    groups, weights = zip(*material.groups, strict=True)
    frame = rng.choice(rng.choices(groups, weights)[0])
    words, filled = fill(rng, frame, POOLS, COUNTED, material.together)
    return words, [
        (slot, "ANAT-DP" if slot[0] == "a" else f"OBS-{tag}", first, last) for slot, tag, first, last in filled
    ]


def _second_opinion(rng: random.Random, entities: Mapping[str, dict], words: list[str]) -> dict:
    """Another reader's annotation: now and then an entity is left out, shorter, or of another certainty."""
    changed = {}
    for identifier, entity in entities.items():
        entity = dict(entity)
        chance = rng.random()
        if chance < 0.02:
            continue
        if chance < 0.05 and entity["end_ix"] > entity["start_ix"]:
            entity["start_ix"] += 1
            entity["tokens"] = " ".join(words[entity["start_ix"] : entity["end_ix"] + 1])
        elif chance < 0.08 and entity["label"] == "OBS-U":
            entity["label"] = "OBS-DP"
        changed[identifier] = entity
    return {
        identifier: {**entity, "relations": [pair for pair in entity["relations"] if pair[1] in changed]}
        for identifier, entity in changed.items()
    }
