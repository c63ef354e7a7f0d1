"""Radiology reports made by rules, in RadGraph's layout: for tests and for trying the workflow.

Sentences come from frames whose slots are filled from one lexicon, so that the same observation is present, absent or
uncertain by the words around it in the sentence, as in real reports. No patient stands behind any of them.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medtune.data.deduplication import normalise
from medtune.errors import InputError
from medtune.files import write_json

SOURCE = "synthetic"
COUNTABLE = """
opacity effusion nodule mass fracture granuloma calcification infiltrate lesion cavity cyst hernia bronchogram contusion
bulla abscess pneumothorax consolidation aneurysm deformity tube catheter pacemaker
"""
COUNTED = frozenset(COUNTABLE.split())
PLURALS = frozenset({"lungs", "hila", "ribs", "clavicles"})


@dataclass(frozen=True)
class Region:
    """Words that go together. weight: how often a sentence is about it."""

    weight: float
    anatomy: tuple[str, ...]
    observations: tuple[str, ...]
    modifiers: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    """The terms of a text in which they are parted by bars."""
    return tuple(" ".join(term.split()) for term in text.split("|"))


DEGREES = "small|moderate|large|new|stable|subtle|minimal"
REGIONS = (
    Region(
        0.5,
        _words(
            """left lung|right lung|left upper lobe|left lower lobe|right upper lobe|right middle lobe|right lower lobe
            |lingula|left base|right base|left apex|right apex|lungs"""
        ),
        _words(
            """opacity|consolidation|atelectasis|nodule|mass|infiltrate|pneumonia|edema|pulmonary edema|emphysema
            |scarring|granuloma|cavity|cyst|bulla|abscess|contusion|fibrosis|bronchiectasis|air bronchogram|aspiration
            |volume loss|mucus plugging|infection|interstitial thickening|air trapping|vascular congestion"""
        ),
        _words(f"{DEGREES}|mild|severe|focal|patchy|diffuse|linear|dense|acute|chronic"),
    ),
    Region(
        0.25,
        _words(
            "left hemithorax|right hemithorax|left costophrenic angle|right costophrenic angle|left apex|right apex"
        ),
        _words("effusion|pleural effusion|pneumothorax|pleural thickening|hemorrhage|fluid"),
        _words(f"{DEGREES}|loculated|layering"),
    ),
    Region(
        0.1,
        _words("mediastinum|hila|left hilum|right hilum|aorta"),
        _words("lymphadenopathy|mass|calcification|aneurysm|hemorrhage"),
        _words(DEGREES),
    ),
    Region(
        0.1,
        _words("ribs|thoracic spine|clavicles|left shoulder|right shoulder"),
        _words("fracture|lesion|deformity|osteopenia|sclerosis"),
        _words("acute|old|subtle|focal|new|stable"),
    ),
    Region(
        0.05,
        _words("diaphragm|left hemidiaphragm|right hemidiaphragm"),
        _words("free air|hernia|eventration"),
        _words(DEGREES),
    ),
)
HARDWARE = Region(0.0, _words("carina|right atrium|superior vena cava|stomach|gastric fundus"), (), ())
DEVICES = _words("endotracheal tube|nasogastric tube|central venous catheter|tracheostomy tube|pacemaker|chest tube")

# A slot is {letter and digit}, with "=" before a fixed filler, a dash for each space (or another slot, for the same
# filler again), and ":" before the certainty of an observation. "a?" is an article where the next observation is
# counted, "is/are" agrees with its subject, "#" is a size.
# m1 modifies o1 or s1; o1, d1 and s1 are located at a1; SUGGESTING makes o1 suggestive of o2.
PRESENT = (
    "There is a? {m1:DP} {o1:DP} in the {a1} .",
    "There is {m1:DP} {o1:DP} .",
    "There is a? {o1:DP} in the {a1} .",
    "{m1:DP} {o1:DP} is seen in the {a1} .",
    "{o1:DP} is present in the {a1} .",
    "Within the {a1} there is a? {m1:DP} {o1:DP} .",
    "The {o1:DP} in the {a1} has increased .",
    "{m1:DP} {o1:DP} and {m2:DP} {o2:DP} are noted in the {a1} .",
    "{m1:DP} {o1:DP} in the {a1} measures # cm .",
    "{m1:DP} {o1:DP} in the {a1} and {m2:DP} {o2=o1:DP} in the {a2} .",
    "{m1:DP} {o1:DP} .",
)
NORMAL = (
    "The {a1=heart} is {s1=normal:DP} .",
    "The {a1=heart} is {m1=mildly:DP} {s1=enlarged:DP} .",
    "The {a1=cardiac-silhouette} is {s1=enlarged:DP} .",
    "There is {m1=mild:DP} {o1=cardiomegaly:DP} .",
    "The {a1=lungs} are {s1=clear:DP} .",
    "The {a1=lungs} are {s1=hyperinflated:DP} .",
    "The {a1=mediastinum} is {s1=widened:DP} .",
    "The {a1=trachea} is in the {a2=midline} .",
    "The {a1=ribs} are {s1=intact:DP} .",
    "The {a1=aorta} is {s1=tortuous:DP} .",
    "The {a1} is/are {s1=unremarkable:DP} .",
    "The {a1} and {a2} are {s1=normal:DP} .",
    "The {a1} is/are {s1=unchanged:DP} .",
)
DEVICE = (
    "The {d1:DP} ends at the {a1} .",
    "a? {d1:DP} is in place .",
    "The {d1:DP} is {s1=unchanged:DP} .",
    "The {d1:DP} projects over the {a1} .",
)
ABSENT = (
    "No {o1:DA} .",
    "No {o1:DA} or {o2:DA} .",
    "No {m1:DA} {o1:DA} is identified .",
    "No {o1:DA} , {o2:DA} , or {o3:DA} .",
    "No evidence of {o1:DA} .",
    "There is no {o1:DA} in the {a1} .",
    "There is no {m1:DA} {o1:DA} or {o2:DA} .",
    "No {m1:DA} {o1:DA} in the {a1} .",
    "Absence of {o1:DA} in the {a1} .",
    "The study is negative for {o1:DA} .",
    "Without {o1:DA} or {o2:DA} .",
    "No {o1=cardiomegaly:DA} .",
)
UNCERTAIN = (
    "Possible {o1:U} in the {a1} .",
    "Possible {m1:U} {o1:U} .",
    "There may be {m1:U} {o1:U} in the {a1} .",
    "{o1:U} in the {a1} cannot be excluded .",
    "Cannot exclude {o1:U} .",
    "Findings may represent {o1:U} or {o2:U} .",
    "Appearance is concerning for {o1:U} in the {a1} .",
    "Questionable {o1:U} at the {a1} .",
    "Findings suggest {m1:U} {o1:U} .",
    "{o1:U} is suspected in the {a1} .",
    "Possible {m1=mild:U} {o1=cardiomegaly:U} .",
)
MIXED = (
    "{m1:DP} {o1:DP} in the {a1} may represent {o2:U} .",
    "{o1:DP} in the {a1} suggesting {o2:U} .",
    "There is {o1:DP} in the {a1} without {o2:DA} .",
    "{m1:DP} {o1:DP} but no {o2:DA} .",
    "The {a1=lungs} are {s1=clear:DP} without {o1:DA} .",
    "No {o1:DA} ; possible {o2:U} in the {a1} .",
)
NO_ENTITY = (
    "Comparison is made with the prior study .",
    "Findings were discussed with Dr . ___ by telephone at 10:30 a.m . today .",
    "Recommend follow-up in 3 months .",
    "No prior study is available .",
    "Clinical correlation is advised .",
    "Evaluation is limited by technique .",
)
SECTIONS = {
    "EXAMINATION": ("Portable radiograph .", "Two-view radiograph .", "Radiograph , single view ."),
    "INDICATION": (
        "___ year old woman , follow-up .",
        "___ year old man , preoperative evaluation .",
        "Evaluate for interval change .",
        "Evaluation after line placement .",
    ),
    "TECHNIQUE": (
        "Frontal and lateral views were obtained .",
        "A single portable view was obtained .",
        "Upright frontal view at 7:45 a.m . was obtained .",
    ),
    "COMPARISON": ("None .", "Prior study of ___ .", "Radiograph from ___ .", "No prior study is available ."),
}
SECTION_SHARES = {"EXAMINATION": 0.5, "INDICATION": 0.6, "TECHNIQUE": 0.5, "COMPARISON": 0.6}
GROUPS = (
    (PRESENT, 0.25),
    (NORMAL, 0.15),
    (DEVICE, 0.07),
    (ABSENT, 0.20),
    (UNCERTAIN, 0.19),
    (MIXED, 0.09),
    (NO_ENTITY, 0.05),
)
SUGGESTING = ("may represent", "suggesting")
_SLOT = re.compile(r"\{([a-z]\d)(?:=([\w-]+))?(?::(DP|DA|U))?\}")
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


def make_reports(count: int, seed: int, part: str = "train", read_twice: bool = False) -> dict:
    """`count` different reports of one part, in RadGraph's layout. The same for the same seed and part."""
    return _part(part, count, seed, read_twice, set())


def write_corpus(folder: Path | str, counts: Mapping[str, int], seed: int) -> dict[str, Path]:
    """Write each part of `make_corpus` as `{part}.json`; returns the files by part."""
    files = {}
    for part, reports in make_corpus(counts, seed).items():
        files[part] = Path(folder) / f"{part}.json"
        write_json(files[part], reports)
    return files


def plain_text(count: int, seed: int) -> list[str]:
    """`count` short runs of report prose in the same words, without annotation and none of it a whole report."""
    rng = random.Random(f"radgraph plain text/{seed}")
    return [" ".join(" ".join(sentence(rng)[0]) for _ in range(rng.randint(2, 4))) for _ in range(count)]


def _part(part: str, count: int, seed: int, read_twice: bool, seen: set[str]) -> dict:
    """One part; `seen` holds the texts that are taken, and gets those made here."""
    rng = random.Random(f"radgraph/{seed}/{part}")
    reports: dict[str, dict] = {}
    misses = 0
    while len(reports) < count:
        text, entities = _report(rng)
        twin = normalise(text)
        if twin in seen:
            misses += 1
            if misses > 20 * count:
                raise InputError(f"synthetic reports: cannot make {count} different ones for {part}; ask for fewer")
            continue
        seen.add(twin)
        number = len(reports) + 1
        origin = {"data_source": SOURCE, "data_split": part}
        annotation: dict = {"entities": entities, **origin}
        if read_twice:
            other = {"entities": _second_opinion(rng, entities, text.split()), **origin}
            annotation = {"labeler_1": annotation, "labeler_2": other, **origin}
        reports[f"{part}/patient{number:04d}/study1.txt"] = {"text": text, **annotation}
    return reports


def _report(rng: random.Random) -> tuple[str, dict]:
    """A report's text and its entities in the layout."""
    words: list[str] = []
    entities: dict[str, dict] = {}
    for name, sentences in SECTIONS.items():
        if rng.random() < SECTION_SHARES[name]:
            words += [name, ":", *rng.choice(sentences).split()]
    words += ["FINDINGS", ":"]
    for _ in range(rng.randint(4, 7)):
        _add(words, entities, *sentence(rng))
    if rng.random() < 0.85:
        words += ["IMPRESSION", ":"]
        count = rng.randint(1, 3)
        for number in range(1, count + 1):
            words += [str(number), "."] if count > 1 else []
            _add(words, entities, *sentence(rng))
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


def boilerplate(rng: random.Random) -> tuple[list[str], list[Mention]]:
    """The tokens of a sentence that names nothing."""
    kinds = (NO_ENTITY, *SECTIONS.values())
    return rng.choice(rng.choice(kinds)).split(), []


def sentence(rng: random.Random) -> tuple[list[str], list[Mention]]:
    """The tokens of one sentence and the mentions in it."""
    groups, weights = zip(*GROUPS, strict=True)
    group = rng.choices(groups, weights)[0]
    region = HARDWARE if group is DEVICE else rng.choices(REGIONS, [region.weight for region in REGIONS])[0]
    return _filled(rng, rng.choice(group), region)


def _filled(rng: random.Random, frame: str, region: Region) -> tuple[list[str], list[Mention]]:
    """A frame with its slots filled in the words of a region, without repetition unless the frame says so."""
    pools = {"a": region.anatomy, "o": region.observations, "m": region.modifiers, "d": DEVICES}
    fillers: dict[str, str] = {}
    words: list[str] = []
    mentions: list[Mention] = []
    for part in frame.split():
        match = _SLOT.fullmatch(part)
        if not match:
            words.append(f"{rng.randint(5, 49) / 10}" if part == "#" else part)
            continue
        slot, fixed, certainty = match.groups()
        filler = fillers.get(fixed, (fixed or "").replace("-", " "))
        filler = filler or rng.choice([term for term in pools[slot[0]] if term not in fillers.values()])
        fillers[slot] = filler
        first = len(words)
        words += filler.split()
        mentions.append((slot, "ANAT-DP" if slot[0] == "a" else f"OBS-{certainty}", first, len(words) - 1))
    return _agreed(words, mentions)


def _agreed(words: list[str], mentions: list[Mention]) -> tuple[list[str], list[Mention]]:
    """Articles and verbs in agreement with the fillers, and a capital at the start."""
    ends = [last for slot, _, _, last in mentions if slot[0] in "od"]
    result: list[str] = []
    place: dict[int, int] = {}
    for index, word in enumerate(words):
        if word == "a?":
            noun = words[next(end for end in ends if end > index)]
            if noun not in COUNTED:
                continue
            word = "an" if words[index + 1][0] in "aeiou" else "a"
        elif word == "is/are":
            word = "are" if words[index - 1] in PLURALS else "is"
        place[index] = len(result)
        result.append(word)
    result[0] = result[0][0].upper() + result[0][1:]
    return result, [(slot, label, place[first], place[last]) for slot, label, first, last in mentions]


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
