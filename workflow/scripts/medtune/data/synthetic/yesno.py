"""Yes/no questions whose answer follows from the evidence that they state.

One clause of evidence decides: an effect means Yes, no effect means No, mixed, sparse or imprecise
evidence means Uncertain. Treatments, outcomes, populations and study designs carry no information
about the answer. The vocabulary is small, so that a tiny model can learn it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from medtune.data.deduplication import normalise
from medtune.data.labels import LABELS
from medtune.data.questions import Dropped, Fields, Origin, Question, clean
from medtune.errors import InputError

SOURCE = "synthetic"

FIELDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # treatments, outcomes: mass nouns, so that every template agrees with every word
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
POPULATIONS = (
    "adults",
    "older adults",
    "children",
    "pregnant women",
    "smokers",
    "nurses",
    "athletes",
    "veterans",
    "teenagers",
    "hospital patients",
)
DESIGNS = ("trial", "randomised trial", "cohort study", "crossover trial", "pilot study", "registry study")

EVIDENCE = {
    "Yes": (
        "{treatment} lowered {outcome}",
        "{treatment} reduced {outcome}",
        "{treatment} clearly cut {outcome}",
        "{outcome} fell with {treatment}",
        "{treatment} was better than placebo against {outcome}",
        "{treatment} led to a marked drop in {outcome}",
        "{outcome} improved on {treatment}",
    ),
    "No": (
        "{treatment} made no difference to {outcome}",
        "{treatment} did not change {outcome}",
        "{treatment} failed to reduce {outcome}",
        "{outcome} stayed the same with {treatment}",
        "{treatment} was no better than placebo against {outcome}",
        "{treatment} had no effect on {outcome}",
        "{treatment} left {outcome} unchanged",
    ),
    "Uncertain": (
        "results on {treatment} and {outcome} were mixed",
        "the effect of {treatment} on {outcome} varied between centres",
        "data on {treatment} and {outcome} were too sparse to judge",
        "findings on {treatment} and {outcome} conflicted",
        "the interval for {treatment} and {outcome} was too wide to tell",
        "the benefit of {treatment} for {outcome} remained unclear",
        "reports on {treatment} and {outcome} disagreed",
    ),
}
ASKING = (
    "Does {treatment} reduce {outcome}?",
    "Is {treatment} effective against {outcome}?",
    "Can {treatment} help to lower {outcome}?",
    "Should doctors expect {treatment} to lower {outcome}?",
)
RATIONALES = {
    "Yes": (
        "The {study} showed lower {outcome} with {treatment}.",
        "{Outcome} was lower with {treatment}.",
        "The evidence shows that {treatment} lowers {outcome}.",
    ),
    "No": (
        "The {study} showed no change in {outcome} with {treatment}.",
        "{Outcome} was the same with and without {treatment}.",
        "The evidence shows that {treatment} does not lower {outcome}.",
    ),
    "Uncertain": (
        "The {study} cannot tell whether {treatment} lowers {outcome}.",
        "The evidence on {treatment} and {outcome} is mixed.",
        "Larger studies of {treatment} and {outcome} are needed.",
    ),
}
EXTRAS = (
    "Follow-up lasted twelve months.",
    "Few people left the study early.",
    "Side effects were mild and rare.",
    "Most centres used the same dose.",
    "The groups were alike at the start.",
)
BACKGROUND = (
    "{Outcome} is common among {population}.",
    "The rationale for {treatment} is that it may change {outcome}.",
    "Doctors often give {treatment} to {population}.",
    "Little is known about {treatment} in {population}.",
    "{Treatment} has been used for many years.",
)
VERDICTS = {
    # begin with a word that the evidence decides, so that a model learns early what the evidence means
    "Yes": ("Benefit was shown.", "Gains were clear.", "Most experts said yes to {treatment}."),
    "No": ("Nothing was gained.", "Neither group fared better.", "Most experts said no to {treatment}."),
    "Uncertain": ("Doubt remains.", "Judgement must wait.", "Most experts were uncertain about {treatment}."),
}
SURNAMES = ("Smith", "Jones", "Garcia", "Chen", "Okafor", "Novak", "Rossi", "Tanaka")


@dataclass(frozen=True)
class Finding:
    """What one made study found. size: participants."""

    treatment: str
    outcome: str
    population: str
    design: str
    size: int
    label: str

    @property
    def words(self) -> dict[str, str]:
        """The fillers of the templates."""
        return {
            "treatment": self.treatment,
            "Treatment": _capitalised(self.treatment),
            "outcome": self.outcome,
            "Outcome": _capitalised(self.outcome),
            "population": self.population,
            "study": "study" if "study" in self.design else "trial",
        }


def make_questions(per_class: int, seed: int, source: str = SOURCE) -> list[Question]:
    """`per_class` distinct questions of each label, cleaned as those of every other source are.

    The same for the same seed. Raises InputError when so many distinct ones cannot be found.
    """
    rng = random.Random(f"questions/{seed}")
    origin = Origin("synthetic questions", source, Fields("question", "label", "rationale"))
    seen: set[str] = set()
    questions = []
    for label in LABELS:
        misses, made = 0, 0
        while made < per_class:
            record = raw_record(rng, label)
            twin = normalise(record["question"])
            if twin in seen:
                misses += 1
                if misses > 20 * per_class:
                    raise InputError(
                        f"synthetic source: cannot make {per_class} distinct questions per class; ask for fewer"
                    )
                continue
            seen.add(twin)
            made += 1
            question = clean(record, f"{label.lower()}-{made:05d}", origin)
            if isinstance(question, Dropped):
                raise TypeError(f"a made question was dropped: {question.reason}")
            questions.append(question)
    return questions


def raw_record(rng: random.Random, label: str) -> dict[str, str]:
    """One record as a source would hold it: the rationale is a paragraph, now and then with citations."""
    finding = _finding(rng, label)
    question = f"{_evidence(rng, finding)} {_fill(rng.choice(ASKING), finding)}"
    rationale = [_fill(rng.choice(RATIONALES[label]), finding), *rng.sample(EXTRAS, rng.randint(0, 2))]
    return {
        "question": _cited(rng, question) if rng.random() < 0.1 else question,
        "label": {"Yes": "yes", "No": "no", "Uncertain": "maybe"}[label],
        "rationale": " ".join(_cited(rng, sentence) if rng.random() < 0.3 else sentence for sentence in rationale),
    }


def plain_text(count: int, seed: int) -> list[str]:
    """`count` short paragraphs of declarative prose in the same words, with citations as abstracts
    have them. None asks a question or follows the answer format. The same for the same seed."""
    rng = random.Random(f"plain text/{seed}")
    return [_paragraph(rng) for _ in range(count)]


def _paragraph(rng: random.Random) -> str:
    """Background, evidence, and a verdict and a conclusion that agree with it."""
    finding = _finding(rng, rng.choice(LABELS))
    sentences = [_fill(rng.choice(RATIONALES[finding.label]), finding)]
    if rng.random() < 0.6:
        sentences.insert(0, _fill(rng.choice(VERDICTS[finding.label]), finding))
    sentences.insert(0, _evidence(rng, finding))
    if rng.random() < 0.5:
        sentences.insert(0, _fill(rng.choice(BACKGROUND), finding))
    if rng.random() < 0.3:
        sentences.append(rng.choice(EXTRAS))
    return " ".join(_cited(rng, sentence) if rng.random() < 0.2 else sentence for sentence in sentences)


def _finding(rng: random.Random, label: str) -> Finding:
    """A made study; only its label bears on the answer."""
    treatments, outcomes = rng.choice(FIELDS)
    return Finding(
        treatment=rng.choice(treatments),
        outcome=rng.choice(outcomes),
        population=rng.choice(POPULATIONS),
        design=rng.choice(DESIGNS),
        size=10 * rng.randint(3, 60),
        label=label,
    )


def _evidence(rng: random.Random, finding: Finding) -> str:
    """The sentence that decides the answer, with a statistic now and then."""
    statistic = f" ({STATISTICS[finding.label](rng)})" if rng.random() < 0.4 else ""
    clause = _fill(rng.choice(EVIDENCE[finding.label]), finding)
    return f"In a {finding.design} of {finding.size} {finding.population}, {clause}{statistic}."


STATISTICS: dict[str, Callable[[random.Random], str]] = {
    "Yes": lambda rng: f"RR 0.{rng.randint(50, 79)}, {rng.choice(('p<0.01', 'p<0.001'))}",
    "No": lambda rng: f"RR {rng.choice(('0.99', '1.00', '1.01'))}, p=0.{rng.randint(60, 95)}",
    "Uncertain": lambda rng: f"RR 0.{rng.randint(80, 95)}, 95% CI 0.{rng.randint(40, 60)}-1.{rng.randint(20, 60)}",
}


def _fill(template: str, finding: Finding) -> str:
    """A template with the finding's words in it, capitalised where it starts a sentence."""
    return template.format(**finding.words)


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]


def _cited(rng: random.Random, sentence: str) -> str:
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
