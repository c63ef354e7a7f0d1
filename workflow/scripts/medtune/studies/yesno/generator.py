"""Yes/no questions whose answer follows from the finding that they state.

A question states what a study found of a treatment and an outcome, and asks about the two; many state what was found
of another outcome too, and the answer is that of the outcome asked about. The words for the effect decide: an effect
means Yes, no effect No, a doubtful one Uncertain. Treatments, outcomes, populations and designs carry no information
about the answer. The rationale is the finding itself, to be copied out of the question.

Two parts of this material have nothing in common but single words: questions for training, and those held out. A pair
of treatment and outcome, a wording of a finding and a wording of a question each belong to one part. The text that a
synthetic base model reads in pre-training is of the part for training.
"""

import random
from dataclasses import dataclass, replace
from itertools import product

from medtune.data.deduplication import DistinctTexts
from medtune.data.dropped import Dropped
from medtune.data.terms import POPULATIONS
from medtune.studies.yesno.labels import LABELS
from medtune.studies.yesno.questions import Fields, Origin, Question, clean

SOURCE = "synthetic"
TRAINING, HELD_OUT = PARTS = ("training", "held out")

FIELDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # treatments, outcomes: mass nouns, so that every wording agrees with every word
    (
        ("statin therapy", "aspirin", "beta blockade", "a low-salt diet", "fish oil", "warfarin"),
        ("stroke risk", "blood pressure", "chest pain", "heart failure", "arterial stiffness"),
    ),
    (
        ("inhaled budesonide", "azithromycin", "oxygen therapy", "lung training", "salbutamol"),
        ("wheeze", "cough", "breathlessness", "sputum volume", "sleep apnoea"),
    ),
    (
        ("ibuprofen", "yoga", "vitamin D", "physiotherapy", "methotrexate", "acupuncture"),
        ("joint pain", "morning stiffness", "fracture risk", "back pain", "knee swelling"),
    ),
    (
        ("levetiracetam", "caffeine", "melatonin", "magnesium", "music therapy"),
        ("migraine", "tremor", "fatigue", "insomnia", "dizziness"),
    ),
    (
        ("metformin", "insulin", "a fibre-rich diet", "intermittent fasting", "daily walking"),
        ("blood sugar", "body weight", "liver fat", "hunger", "nerve pain"),
    ),
    (
        ("hand washing", "cefazolin", "a silver dressing", "zinc", "early feeding", "ginger"),
        ("wound infection", "fever", "nausea", "blood loss", "length of stay"),
    ),
)
TREATMENTS = tuple(treatment for treatments, _ in FIELDS for treatment in treatments)
OUTCOMES = tuple(outcome for _, outcomes in FIELDS for outcome in outcomes)
DESIGNS = ("trial", "randomised trial", "cohort study", "crossover trial", "pilot study", "registry study")
TERMS = (*TREATMENTS, *OUTCOMES, *POPULATIONS, *DESIGNS)
"""What fills the wordings."""

LEADS = (
    "{treatment}",
    "the use of {treatment}",
    "adding {treatment}",
    "treatment with {treatment}",
    "starting {treatment}",
    "care with {treatment}",
)
EFFECTS = {
    "Yes": ("lowered", "reduced", "cut", "eased", "relieved", "improved", "brought down", "prevented"),
    "No": (
        "did not lower",
        "did not change",
        "failed to reduce",
        "had no effect on",
        "made no difference to",
        "did nothing for",
        "never improved",
        "was useless against",
    ),
    "Uncertain": (
        "may have lowered",
        "might have eased",
        "perhaps reduced",
        "had mixed effects on",
        "had unclear effects on",
        "gave doubtful results for",
        "sometimes improved",
        "was hard to judge for",
    ),
}
OPENINGS = (
    "Does {treatment} {verb} {outcome}?",
    "Can {treatment} {verb} {outcome}?",
    "Will {treatment} {verb} {outcome}?",
    "Is {treatment} able to {verb} {outcome}?",
    "Should doctors expect {treatment} to {verb} {outcome}?",
    "May patients hope that {treatment} will {verb} {outcome}?",
)
VERBS = ("reduce", "lower", "ease", "improve", "help against", "decrease")
EXTRAS = (
    "Follow-up lasted twelve months.",
    "Few people left the study early.",
    "Side effects were mild and rare.",
    "Most centres used the same dose.",
    "The groups were alike at the start.",
)
TWO_FINDINGS = 0.3
"""Share of questions that state what was found of another outcome too: the tables would be at their ceiling without."""
SURNAMES = ("Smith", "Jones", "Garcia", "Chen", "Okafor", "Novak", "Rossi", "Tanaka")


@dataclass(frozen=True)
class Wording:
    """How a finding is said: a lead, and an effect that decides the answer."""

    lead: str
    effect: str
    label: str


@dataclass(frozen=True)
class Finding:
    """What a study found of a treatment and an outcome."""

    treatment: str
    outcome: str
    wording: Wording

    @property
    def clause(self) -> str:
        """The finding, as a clause."""
        return f"{self.wording.lead.format(treatment=self.treatment)} {self.wording.effect} {self.outcome}"

    @property
    def sentence(self) -> str:
        """The finding, as a sentence."""
        return f"{self.clause[0].upper()}{self.clause[1:]}."


def _part_of(first: int, second: int, period: int) -> str:
    """A diagonal pattern: each row and each column has its share in both parts."""
    return HELD_OUT if (first + second) % period == 0 else TRAINING


PAIRS: dict[str, list[tuple[str, str]]] = {part: [] for part in PARTS}
"""Treatment and outcome, by part: half of the pairs each."""
for _treatments, _outcomes in FIELDS:
    for (_i, _treatment), (_j, _outcome) in product(enumerate(_treatments), enumerate(_outcomes)):
        PAIRS[_part_of(_i, _j, 2)].append((_treatment, _outcome))
WORDINGS: dict[tuple[str, str], list[Wording]] = {
    (part, label): [
        Wording(lead, effect, label)
        for (i, lead), (j, effect) in product(enumerate(LEADS), enumerate(EFFECTS[label]))
        if _part_of(i, j, 3) == part
    ]
    for part in PARTS
    for label in LABELS
}
"""By part and label: a third of the combinations is held out; each lead and each effect is in both parts."""
ASKING: dict[str, list[tuple[str, str]]] = {
    part: [
        (opening, verb)
        for (i, opening), (j, verb) in product(enumerate(OPENINGS), enumerate(VERBS))
        if _part_of(i, j, 3) == part
    ]
    for part in PARTS
}
"""Opening and verb of a question, by part, in the same way."""


def make_questions(per_class: int, seed: int, source: str = SOURCE, part: str = TRAINING) -> list[Question]:
    """`per_class` distinct questions of each label from one part, cleaned as those of every other source are.

    The same for the same seed. Raises InputError when so many distinct ones cannot be found.
    """
    rng = random.Random(f"questions/{part}/{seed}")
    origin = Origin("synthetic questions", source, Fields("question", "label", "rationale"))
    seen: set[str] = set()
    questions = []
    for label in LABELS:
        texts = DistinctTexts(
            seen, per_class, f"synthetic source: cannot make {per_class} distinct questions per class"
        )
        made = 0
        while made < per_class:
            record = raw_record(rng, label, part)
            if not texts.is_new(record["question"]):
                continue
            made += 1
            question = clean(record, f"{label.lower()}-{part.replace(' ', '-')}-{made:05d}", origin)
            if isinstance(question, Dropped):
                raise TypeError(f"a synthetic question was dropped: {question.reason}")
            questions.append(replace(question, part=part))
    return questions


def raw_record(rng: random.Random, label: str, part: str) -> dict[str, str]:
    """One record as a source would hold it: the rationale is a paragraph, now and then with citations."""
    finding = make_finding(rng, label, part)
    others = [other_finding(rng, finding, part)] if rng.random() < TWO_FINDINGS else []
    question = f"{report(rng, finding, *others)} {_question(rng, finding, part)}"
    rationale = [finding.sentence, *rng.sample(EXTRAS, rng.randint(0, 2))]
    return {
        "question": cited(rng, question) if rng.random() < 0.1 else question,
        "label": {"Yes": "yes", "No": "no", "Uncertain": "maybe"}[label],
        "rationale": " ".join(cited(rng, sentence) if rng.random() < 0.3 else sentence for sentence in rationale),
    }


def make_finding(rng: random.Random, label: str, part: str) -> Finding:
    """A finding of this label, from one part of the pairs and wordings."""
    return Finding(*rng.choice(PAIRS[part]), rng.choice(WORDINGS[part, label]))


def other_finding(rng: random.Random, finding: Finding, part: str) -> Finding:
    """Of the same treatment and another outcome, and of another label: what is asked about must be told from it."""
    outcomes = [outcome for treatment, outcome in PAIRS[part] if treatment == finding.treatment]
    outcome = rng.choice([outcome for outcome in outcomes if outcome != finding.outcome])
    label = rng.choice([label for label in LABELS if label != finding.wording.label])
    return Finding(finding.treatment, outcome, rng.choice(WORDINGS[part, label]))


def report(rng: random.Random, finding: Finding, *others: Finding) -> str:
    """The finding in a sentence with its study's design, size and population; other findings in sentences of their own,
    in any order."""
    first, *rest = rng.sample([finding, *others], 1 + len(others))
    opening = f"In a {rng.choice(DESIGNS)} of {10 * rng.randint(3, 60)} {rng.choice(POPULATIONS)}, {first.clause}."
    return " ".join([opening, *(found.sentence for found in rest)])


def _question(rng: random.Random, finding: Finding, part: str) -> str:
    opening, verb = rng.choice(ASKING[part])
    return opening.format(treatment=finding.treatment, outcome=finding.outcome, verb=verb)


def cited(rng: random.Random, sentence: str) -> str:
    """The sentence with a citation before its closing mark."""
    year = rng.randint(1990, 2023)
    citation = rng.choice(
        (
            f"({rng.choice(SURNAMES)} et al., {year})",
            f"({' and '.join(rng.sample(SURNAMES, 2))}, {year})",
            f"[{rng.randint(1, 40)}]",
            f"(PMID: {rng.randint(10_000_000, 36_000_000)})",
            f"(doi:10.{rng.randint(1000, 1999)}/j.med.{year}.{rng.randint(100, 999)})",
            f"(NCT{rng.randint(100_000, 5_999_999):08d})",
        )
    )
    return f"{sentence[:-1]} {citation}{sentence[-1]}"
