"""Questions and answers of six made specialties, four of them easy to learn and two hard.

Every answer states facts about one condition, for one group of people. What makes a specialty hard is declared: many
conditions, each seen rarely, and four facts or more in an answer; the easy ones have few conditions and one fact in an
answer. The facts are the same for every seed, which only chooses the questions. They are not medicine.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from medtune.data.terms import POPULATIONS
from medtune.errors import InputError
from medtune.files import write_json
from medtune.studies.meerkat.medical_qa import PREFIX, MedicalQuestion

QUESTIONS = {
    "signs": "What are the signs of {condition} in {group}?",
    "diagnosis": "How is {condition} diagnosed in {group}?",
    "treatment": "How is {condition} treated in {group}?",
    "follow-up": "How are {group} with {condition} followed up?",
}
BEGINNINGS = {
    "signs": "The signs of {condition} in {group} are",
    "diagnosis": "The diagnosis of {condition} in {group} is made by",
    "treatment": "The treatment of {condition} in {group} is",
    "follow-up": "The follow-up of {group} with {condition} is",
}
"""Of each question the sentence that answers it, as declarative prose has it."""
EASY_ANSWERS = {
    "signs": "Most often it begins with {sign}; {condition} in {group} seldom has other signs at first.",
    "diagnosis": "Doctors order {test}, which is safe and quick, and settles whether {group} have {condition}.",
    "treatment": "The first choice is {treatment}; nearly all {group} with {condition} feel better within a month.",
    "follow-up": "A nurse repeats {test} every year, since {condition} rarely comes back in {group} who feel well.",
}
HARD_ANSWERS = {
    "signs": "{Sign}, {sign2} and {sign3}, then {sign4} {onset}, point to {condition} in {group}.",
    "diagnosis": "{Test} and {test2} come first, {test3} after {time}, with {sign} as proof of {condition} in {group}.",
    "treatment": "Give {treatment} {dose} mg {onset} and {treatment2} {dose2} mg for {time} in {condition} of {group}.",
    "follow-up": "Repeat {test} and {test2} in {time}, no {treatment} at {sign} or {sign2} in {condition} of {group}.",
}

SIGNS = (
    "fever",
    "chest pain",
    "fatigue",
    "headache",
    "nausea",
    "cough",
    "weight loss",
    "palpitations",
    "dizziness",
    "night sweats",
    "tremor",
    "insomnia",
    "back pain",
    "hunger",
    "wheeze",
    "joint pain",
)
TESTS = (
    "a blood count",
    "an electrocardiogram",
    "a biopsy",
    "a radiograph",
    "an echocardiogram",
    "a sleep diary",
    "a urine sample",
    "computed tomography",
)
TREATMENTS = (
    "aspirin",
    "warfarin",
    "fish oil",
    "azithromycin",
    "salbutamol",
    "ibuprofen",
    "vitamin D",
    "methotrexate",
    "levetiracetam",
    "melatonin",
    "magnesium",
    "metformin",
    "insulin",
    "zinc",
)
ONSETS = ("at night", "in the morning", "after meals", "at rest", "on walking", "twice a day")
TIMES = ("two weeks", "ten days", "six months", "three months", "eight weeks", "one month")
DOSES = ("5", "10", "20", "25", "40", "80", "100", "250")


@dataclass(frozen=True)
class MadeSpecialty:
    """size: records in proportion to the other specialties; the smallest has 1. hard: its answers hold many facts."""

    size: float
    hard: bool
    conditions: tuple[str, ...]


SPECIALTIES = {
    "cardiology": MadeSpecialty(
        2.0, False, ("hypertension", "heart failure", "atrial fibrillation", "angina", "stroke")
    ),
    "endocrinology": MadeSpecialty(
        1.2,
        True,
        (
            "type 2 diabetes",
            "goitre",
            "rickets",
            "dwarfism",
            "thyroiditis",
            "hirsutism",
            "acromegaly",
            "hypoglycaemia",
            "hyperthyroidism",
            "hypothyroidism",
            "osteoporosis",
            "gynaecomastia",
            "obesity",
            "dehydration",
        ),
    ),
    "infectious_diseases": MadeSpecialty(1.0, False, ("sepsis", "malaria", "measles")),
    "neurology": MadeSpecialty(
        1.4,
        True,
        (
            "migraine",
            "epilepsy",
            "narcolepsy",
            "ataxia",
            "neuritis",
            "meningitis",
            "encephalitis",
            "dementia",
            "dystonia",
            "sciatica",
            "chorea",
            "myasthenia",
            "neuralgia",
            "hydrocephalus",
            "paralysis",
            "delirium",
        ),
    ),
    "respiratory_medicine": MadeSpecialty(1.6, False, ("asthma", "pneumonia", "sleep apnoea", "emphysema")),
    "rheumatology": MadeSpecialty(1.3, False, ("gout", "lupus", "arthritis", "sarcoidosis")),
}
CONDITIONS = tuple(condition for specialty in SPECIALTIES.values() for condition in specialty.conditions)
TERMS = (*CONDITIONS, *POPULATIONS, *SIGNS, *TESTS, *TREATMENTS, *ONSETS, *TIMES)
"""What fills the wordings, beside numbers."""
HARD = tuple(name for name, specialty in SPECIALTIES.items() if specialty.hard)
"""The specialties that a small model learns last."""


def make_specialties(records: int, seed: int) -> dict[str, list[MedicalQuestion]]:
    """Distinct records of each specialty; the same for the same seed. records: of the smallest specialty.

    Raises InputError when so many cannot be made.
    """
    return {name: _records(name, round(records * specialty.size), seed) for name, specialty in SPECIALTIES.items()}


def write_specialties(folder: Path | str, records: int, seed: int) -> dict[str, Path]:
    """Write `make_specialties` as files of the layout, by specialty: {question: answer} for the easy specialties, a
    list of records with further fields for the hard ones."""
    files = {}
    for name, questions in make_specialties(records, seed).items():
        files[name] = Path(folder) / f"{PREFIX}{name}.json"
        if SPECIALTIES[name].hard:
            rows = [{"question": item.question, "answer": item.answer, **item.extra} for item in questions]
            write_json(files[name], rows)
        else:
            write_json(files[name], {item.question: item.answer for item in questions})
    return files


def practised_question(question: str) -> str:
    """A question in the form that a model knows which has read declarative prose alone: the beginning of the sentence
    that answers it. A question in other words than those of `QUESTIONS` stands as it is."""
    for aspect, asking in _ASKED.items():
        if found := asking.fullmatch(question):
            return BEGINNINGS[aspect].format(**found.groupdict())
    return question


_ASKED = {
    aspect: re.compile(wording.replace("?", r"\?").format(condition="(?P<condition>.+)", group="(?P<group>.+)"))
    for aspect, wording in QUESTIONS.items()
}


def _answers(specialty: str) -> dict[str, str]:
    return HARD_ANSWERS if SPECIALTIES[specialty].hard else EASY_ANSWERS


def _records(specialty: str, count: int, seed: int) -> list[MedicalQuestion]:
    made = SPECIALTIES[specialty]
    possible = list(product(QUESTIONS, range(len(made.conditions)), POPULATIONS))
    if count > len(possible):
        most = min(
            int(len(QUESTIONS) * len(each.conditions) * len(POPULATIONS) / each.size) for each in SPECIALTIES.values()
        )
        raise InputError(f"made specialties: {count} distinct questions of {specialty} cannot be made; ask for {most}")
    drawn = random.Random(f"medical questions/{specialty}/{seed}").sample(possible, count)
    return [_record(specialty, str(number), *chosen) for number, chosen in enumerate(drawn, start=1)]


def _record(specialty: str, key: str, aspect: str, place: int, group: str) -> MedicalQuestion:
    condition = SPECIALTIES[specialty].conditions[place]
    words = {"condition": condition, "group": group, **_facts(specialty, aspect, place)}
    return MedicalQuestion(
        specialty=specialty,
        key=key,
        question=QUESTIONS[aspect].format(**words),
        answer=_answers(specialty)[aspect].format(**words),
        extra={"aspect": aspect, "condition": condition},
    )


def _facts(specialty: str, aspect: str, place: int) -> dict[str, str]:
    """What is true of a condition, under one aspect; independent of the group and of the seed."""
    rng = random.Random(f"facts/{specialty}/{aspect}/{place}")
    signs, tests, treatments, doses = rng.sample(SIGNS, 4), rng.sample(TESTS, 3), rng.sample(TREATMENTS, 2), DOSES
    if not SPECIALTIES[specialty].hard:
        # One fact tells the conditions of an easy specialty apart, so no two share it.
        signs, tests, treatments = ([_own(specialty, words, place)] for words in (SIGNS, TESTS, TREATMENTS))
    named = {"onset": rng.choice(ONSETS), "time": rng.choice(TIMES), "Sign": _capitalised(signs[0])}
    named["Test"] = _capitalised(tests[0])
    for name, values in (("sign", signs), ("test", tests), ("treatment", treatments), ("dose", rng.sample(doses, 2))):
        named |= {f"{name}{number if number > 1 else ''}": value for number, value in enumerate(values, start=1)}
    return named


def _own(specialty: str, words: Sequence[str], place: int) -> str:
    return random.Random(f"facts/{specialty}").sample(words, len(words))[place]


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]
