"""Plain biomedical text for pre-training the made tiny model.

Declarative prose in the words of the synthetic corpora, plus copying and listing. No document asks
a question or follows a study's answer format: what a study teaches must come from its own training data.
"""

import json
import random
import re
from collections.abc import Callable

from medtune.data.terms import POPULATIONS
from medtune.studies.yesno import generator as yesno
from medtune.studies.yesno.labels import LABELS

ONSETS = ("b", "br", "c", "d", "dr", "f", "g", "l", "m", "n", "p", "pr", "r", "s", "t", "tr", "v", "z")
VOWELS = ("a", "e", "i", "o", "u", "io", "ae")
ENDINGS = ("mab", "nib", "pril", "statin", "olol", "azole", "cillin", "gliptin", "sartan", "vir", "zumab", "parin")
FINDINGS = (
    "pleural effusion",
    "consolidation",
    "atelectasis",
    "cardiomegaly",
    "pneumothorax",
    "pulmonary oedema",
    "interstitial opacity",
    "hilar enlargement",
    "rib fracture",
    "nodule",
    "mediastinal widening",
    "emphysema",
)
PLACES = (
    "the left lower lobe",
    "the right lower lobe",
    "the right upper lobe",
    "the left lung base",
    "both lungs",
    "the costophrenic angle",
    "the lingula",
    "the right hemithorax",
)
DEGREES = ("small", "moderate", "large", "mild", "severe", "stable", "new", "unchanged", "subtle", "patchy")
SYMPTOMS = (
    "fever",
    "chest pain",
    "dyspnoea",
    "fatigue",
    "headache",
    "nausea",
    "cough",
    "weight loss",
    "palpitations",
    "abdominal pain",
    "dizziness",
    "joint swelling",
    "night sweats",
    "haematuria",
)
CONDITIONS = (
    "hypertension",
    "type 2 diabetes",
    "asthma",
    "heart failure",
    "pneumonia",
    "atrial fibrillation",
    "anaemia",
    "sepsis",
    "migraine",
    "chronic kidney disease",
    "lymphoma",
    "sarcoidosis",
)
TESTS = (
    "computed tomography",
    "an electrocardiogram",
    "a blood count",
    "an echocardiogram",
    "a biopsy",
    "a radiograph",
)
SEXES = ("man", "woman")
BACKGROUND = (
    "{outcome} is common among {population}.",
    "{treatment} is often given to {population}.",
    "Little is known about {treatment} in {population}.",
    "{treatment} has been used for many years.",
    "The interest in {treatment} for {outcome} is growing.",
)
FINDINGS_SHARE = 0.6
"""Of documents that report findings: the words of the yes/no study, and reading what was found of what."""


def invented_name(rng: random.Random) -> str:
    """A drug name that no list holds, so that only copying can reproduce it."""
    syllables = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.randint(1, 3)))
    return syllables + rng.choice(ENDINGS)


def radiology_report(rng: random.Random) -> str:
    """A few findings, present or absent."""
    sentences = []
    for finding in rng.sample(FINDINGS, rng.randint(2, 4)):
        sentences.append(
            rng.choice(
                (
                    f"There is a {rng.choice(DEGREES)} {finding} in {rng.choice(PLACES)}.",
                    f"No {finding} is seen.",
                    f"{finding.capitalize()} in {rng.choice(PLACES)} is {rng.choice(DEGREES)}.",
                    f"There is no evidence of {finding}.",
                    f"Possible {finding} in {rng.choice(PLACES)}.",
                )
            )
        )
    return " ".join(sentences)


def case_report(rng: random.Random) -> str:
    """A patient: age, complaint, test, diagnosis, treatment."""
    first, second = rng.sample(SYMPTOMS, 2)
    condition = rng.choice(CONDITIONS)
    drug = invented_name(rng)
    person = rng.choice(SEXES)
    return (
        f"A {rng.randint(18, 92)}-year-old {person} with {condition} presented with {first} and {second}. "
        f"{rng.choice(TESTS).capitalize()} was done. The {person} received {drug} {rng.randint(1, 40) * 5} mg daily. "
        + rng.choice((f"The {first} resolved with {drug}.", f"{drug.capitalize()} was stopped because of {second}."))
    )


def passage(rng: random.Random) -> str:
    """A piece of text to copy from or to list from."""
    return rng.choice((radiology_report, case_report))(rng)


def finding(rng: random.Random) -> str:
    """What a study found, and parts of it again in the same words, under their names: what follows is not said."""
    found = yesno.make_finding(rng, rng.choice(LABELS), yesno.TRAINING)
    sentences = [yesno.report(rng, found)]
    if rng.random() < 0.2:
        sentence = rng.choice(BACKGROUND).format(
            treatment=found.treatment, outcome=found.outcome, population=rng.choice(POPULATIONS)
        )
        sentences.insert(0, sentence[0].upper() + sentence[1:])
    if rng.random() < 0.1:
        sentences.append(rng.choice(yesno.EXTRAS))
    text = " ".join(yesno.cited(rng, sentence) if rng.random() < 0.1 else sentence for sentence in sentences)
    parts = [
        f"Treatment: {found.treatment}.",
        f"Outcome: {found.outcome}.",
        f"Effect: {found.wording.effect}.",
        f"Noted: {found.sentence}",
    ]
    return "\n".join([text, *rng.sample(parts, rng.randint(1, 3))])


COMMONEST = "The commonest answer was"


def survey_question(asked: int, treatment: str, outcome: str) -> str:
    """How a survey begins."""
    return f"We asked {asked} doctors whether {treatment} helps against {outcome}."


def survey(rng: random.Random) -> str:
    """Opinions, often with their counts; they follow from nothing that was found."""
    treatment, outcome = rng.choice(yesno.PAIRS[yesno.TRAINING])
    counts = [rng.randint(1, 30) for _ in LABELS]
    question = survey_question(sum(counts), treatment, outcome)
    if rng.random() < 0.5:
        return f"{question} {COMMONEST} {rng.choice(LABELS)}."
    answers = list(zip(LABELS, counts, strict=True))
    rng.shuffle(answers)
    listed = ", ".join(f"{answer} {count}" for answer, count in answers)
    return f"{question} {listed}. {COMMONEST} {max(answers, key=lambda pair: pair[1])[0]}."


def practised_question(question: str) -> str:
    """A yes/no question in the form in which pre-training text gives one of the three answers, that of a survey: what
    the question states, then a survey about its treatment and outcome, up to the answer. A question in other words than
    the synthetic ones is surveyed as it is."""
    for asking in _ASKED:
        if found := asking.search(question):
            return f"{question[: found.start()]}{survey_question(30, *found.group(1, 2))} {COMMONEST}"
    return f"We asked 30 doctors: {question} {COMMONEST}"


_VERB = "|".join(yesno.VERBS)
_ASKED = [
    re.compile(opening.replace("?", r"\?").format(treatment="(.+)", verb=f"(?:{_VERB})", outcome="(.+)"))
    for opening in yesno.OPENINGS
]


def protocol(rng: random.Random) -> str:
    """The headed lines of a study protocol, in any order."""
    lines = [
        f"Rationale: {rng.choice(SYMPTOMS)} is common in {rng.choice(CONDITIONS)}.",
        f"Drug: {invented_name(rng)}, {rng.randint(1, 40) * 5} mg.",
        f"Outcome: {rng.choice(SYMPTOMS)} after {rng.randint(2, 12)} months.",
        f"Groups: {rng.randint(2, 4)}.",
    ]
    return "\n".join(rng.sample(lines, rng.randint(2, 4)))


def copy_line(rng: random.Random) -> str:
    """A run of unrelated words, twice."""
    known = rng.choice((yesno.TREATMENTS, SYMPTOMS, CONDITIONS))  # never a treatment beside an outcome
    words = [
        rng.choice((invented_name(rng), rng.choice(known), str(rng.randint(1, 999)))) for _ in range(rng.randint(2, 6))
    ]
    text = " ".join(words)
    return f"Repeat: {text}\n{text}"


def quotation(rng: random.Random) -> str:
    """A passage and one of its sentences again."""
    text = passage(rng)
    sentences = text.split(". ")
    quoted = rng.choice(sentences).rstrip(".")
    return f'{text}\nQuoted: "{quoted}."'


def listing(rng: random.Random) -> str:
    """Items in prose, then the same items in order as a list."""
    items = [
        rng.choice((rng.choice(FINDINGS), rng.choice(SYMPTOMS), invented_name(rng))) for _ in range(rng.randint(2, 5))
    ]
    prose = f"{', '.join(items[:-1])} and {items[-1]}"
    listed = rng.choice(("; ".join(items), "\n".join(f"- {item}" for item in items), json.dumps(items)))
    return f"The record mentions {prose}.\nMentioned: {listed}"


def naming(rng: random.Random) -> str:
    """Roles and their fillers, then one of them asked back by its role."""
    roles = {"drug": invented_name(rng), "condition": rng.choice(CONDITIONS), "symptom": rng.choice(SYMPTOMS)}
    chosen = rng.choice(sorted(roles))
    return (
        f"{roles['drug'].capitalize()} was given for {roles['condition']} with {roles['symptom']}. "
        f"The {chosen} was {roles[chosen]}."
    )


KINDS: tuple[tuple[Callable[[random.Random], str], float], ...] = (
    (radiology_report, 1.0),
    (case_report, 1.0),
    (copy_line, 1.5),
    (quotation, 1.5),
    (listing, 1.0),
    (naming, 1.0),
    (survey, 1.0),
    (protocol, 1.0),
)


def plain_documents(count: int, seed: int) -> list[str]:
    """`count` documents of the kinds above, mixed; the same for the same seed."""
    rng = random.Random(seed)
    kinds, weights = zip(*KINDS, strict=True)
    documents = [finding(rng) for _ in range(round(count * FINDINGS_SHARE))]
    documents += [kind(rng) for kind in rng.choices(kinds, weights, k=count - len(documents))]
    rng.shuffle(documents)
    return documents
