"""Case reports made by rules, in MACCROBAT's layout and with some of its entity types: for tests and for trying the
workflow.

Sentences come from frames whose slots are filled from lexicons. Some words have their type from the context alone, as
in real reports: potassium is measured or given, "3 weeks" is how long or when, discharge is an event or a finding.
Some mentions are nested, discontinuous, or have two types, and some types are rare. There is no
patient behind any report.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from medtune.data.deduplication import normalise
from medtune.files import write_text

EVENTS = frozenset({"Clinical_event", "Diagnostic_procedure", "Disease_disorder", "Sign_symptom"})
"""Types whose mentions the corpus also annotates as events."""


def _terms(text: str) -> tuple[str, ...]:
    """The terms of a text in which they are parted by semicolons."""
    return tuple(" ".join(term.split()) for term in text.split(";"))


# Markup: [Type|words] is a mention; it may hold others. [Type#1|words] … [#1|words] are the parts of a discontinuous
# one. {name} is a term of a lexicon, which may hold markup and slots again; {2-9} is a number.
LEXICON: Mapping[str, tuple[str, ...]] = {
    "symptom": _terms(
        """fever; nausea; vomiting; headache; fatigue; dizziness; dyspnea; palpitations; weight loss; night sweats; back
        pain; jaundice; hematuria; syncope; skin rash; confusion; diarrhea; dry cough; seizures; hemoptysis; blurred
        vision; joint pain; [Biological_structure|chest] pain; [Biological_structure|abdominal] pain"""
    ),
    "finding": _terms(
        "mass; lesion; nodule; effusion; edema; stenosis; thrombus; lymphadenopathy; cyst; abscess; wall thickening"
    ),
    "disease": _terms(
        """hypertension; type 2 diabetes mellitus; asthma; pneumonia; pulmonary embolism; tuberculosis; lymphoma;
        sarcoidosis; lupus nephritis; infective endocarditis; acute pancreatitis; hepatocellular carcinoma; multiple
        sclerosis; Crohn disease; atrial fibrillation; chronic kidney disease; heart failure; hypothyroidism;
        epilepsy"""
    ),
    "drug": _terms(
        """prednisone; metformin; warfarin; aspirin; amoxicillin; vancomycin; rituximab; cyclophosphamide; furosemide;
        omeprazole; levetiracetam; methotrexate; {analyte}; {analyte}"""
    ),
    "analyte": _terms("potassium; calcium; iron; glucose; magnesium; insulin; albumin; cortisol"),
    "test": _terms("hemoglobin; platelet count; creatinine; C-reactive protein; bilirubin; {analyte}; {analyte}"),
    "imaging": _terms(
        """computed tomography; CT; magnetic resonance imaging; MRI; ultrasound; chest radiography; echocardiography;
        positron emission tomography; angiography"""
    ),
    "exam": _terms("physical examination; electrocardiogram; urinalysis; biopsy; bone marrow biopsy; colonoscopy"),
    "place": _terms(
        """liver; spleen; pancreas; brain; abdomen; neck; duodenum; left ventricle; right atrium; left lung; right lung;
        cervical spine; left kidney; right kidney; mitral valve; thyroid gland"""
    ),
    "paired": _terms("kidney; lung; eye; arm; leg; adrenal gland"),
    "look": _terms(
        "enhancing; irregular; calcified; solitary; large; well-defined; hypoechoic; diffuse; left-sided; right-sided"
    ),
    "degree": _terms("mild; moderate; severe; marked; slight"),
    "operation": _terms(
        """surgical resection; percutaneous drainage; drainage; radiotherapy; chemotherapy; hemodialysis; mechanical
        ventilation; splenectomy; stent placement; blood transfusion; plasma exchange; laparoscopy"""
    ),
    "unit": _terms("days; weeks; months"),
    "span": ("{2-9} {unit}",),
    "value": ("{amount}", "{amount}", "normal", "elevated", "low", "within normal limits"),
    "amount": ("{2-9}.{0-9} mmol/L", "{10-99} mg/dL", "{2-9}.{0-9} g/dL", "{100-900} U/L"),
    "dose": ("{5-80} mg daily", "{5-80} mg", "{1-4} g twice daily", "{10-90} mg/m2"),
    "date": ("{month} {2-30}", "{month} {2-30}, {2001-2019}", "day {2-30}"),
    "month": _terms("January; March; May; July; September; November"),
    "event": _terms("presented; was admitted; was referred"),
    "past": (
        "[History|[Disease_disorder|{disease}]]",
        "[History|[Disease_disorder|{disease}]]",
        "[History|appendectomy [Date|{2-20} years earlier]]",
        "[History|long-term use of [Medication|{drug}]]",
    ),
    "habit": _terms("former smoker; heavy smoker; social drinker; nonsmoker"),
    "job": _terms("farmer; teacher; retired miner; nurse"),
    "relative": _terms("father; mother; brother; sister"),
}

PRESENTATION = (
    "a [Age|{18-89}-year-old] [Sex|{man}] [Clinical_event|{event}] with a [Duration|{2-9}-week] history of "
    "[Sign_symptom|{symptom}] and [Sign_symptom|{symptom}] .",
    "a [Age|{18-89}-year-old] [Sex|{man}] [Clinical_event|{event}] with [Severity|{degree}] [Sign_symptom|{symptom}] "
    "for [Duration|{span}] .",
    "the patient , a [Age|{18-89}-year-old] [Sex|{man}] , [Clinical_event|{event}] in [Date|{month} {2001-2019}] "
    "because of [Sign_symptom|{symptom}] .",
)
HISTORY = (
    "{his} medical history was significant for {past} and {past} .",
    "{he} had a history of {past} .",
    "{he} was a [History|{habit}] .",
    "{he} had been treated with [Medication|{drug}] for {past} .",
    "{he} denied [Sign_symptom|{symptom}] or [Sign_symptom|{symptom}] .",
)
RARE = (
    "{he} worked as a [Occupation|{job}] .",
    "{his} {relative} had [Family_history|{disease}] .",
    "{his} weight was [Weight|{45-99} kg] .",
)
EXAMINATION = (
    "[Diagnostic_procedure|{exam}] showed [Severity|{degree}] [Sign_symptom|{finding}] of the "
    "[Biological_structure|{place}] .",
    "[Diagnostic_procedure|{exam}] revealed a [Detailed_description|{look}] [Sign_symptom|{finding}] .",
    "there was purulent [Sign_symptom|discharge] from the wound .",
    "there was [Sign_symptom|drainage] from the [Biological_structure|{place}] .",
    "no [Sign_symptom|{finding}] was found in the [Biological_structure#1|left] and [Biological_structure|right "
    "[#1|{paired}]] .",
    "[Diagnostic_procedure|{exam}] was [Lab_value|normal] .",
    "the [Biological_structure|{place}] was tender , and {he} had [Sign_symptom|{symptom}] .",
)
LABORATORY = (
    "laboratory tests showed [Diagnostic_procedure|{test}] of [Lab_value|{amount}] and [Diagnostic_procedure|{test}] "
    "of [Lab_value|{amount}] .",
    "the [Diagnostic_procedure|{test}] was [Lab_value|{value}] .",
    "[Diagnostic_procedure|{test}] and [Diagnostic_procedure|{test}] were [Lab_value|{value}] .",
    "on [Date|{date}] , the serum [Diagnostic_procedure|{test}] was [Lab_value|{value}] .",
)
IMAGING = (
    "[Diagnostic_procedure|{imaging}] of the [Biological_structure|{place}] revealed a [Detailed_description|{look}] "
    "[Sign_symptom|{finding}] .",
    "[Diagnostic_procedure|{imaging}] showed [Detailed_description|{look}] [Sign_symptom|{finding}] in the "
    "[Biological_structure|{place}] and in the [Biological_structure|{place}] .",
    "[Diagnostic_procedure|{imaging}] demonstrated [Severity|{degree}] [Sign_symptom|{finding}] .",
    "a repeat [Diagnostic_procedure|{imaging}] after [Date|{span}] showed no [Sign_symptom|{finding}] .",
)
DIAGNOSIS = (
    "the findings were consistent with [Disease_disorder|{disease}] .",
    "a diagnosis of [Severity|{degree}] [Disease_disorder|{disease}] was made on [Date|{date}] .",
    "[Disease_disorder|{disease}] was suspected , and [Disease_disorder|{disease}] was excluded .",
)
TREATMENT = (
    "{he} was started on [Medication|{drug}] [Dosage|{dose}] for [Duration|{span}] .",
    "{he} received [Medication|{drug}] ( [Dosage|{dose}] ) and [Medication|{drug}] .",
    "treatment with intravenous [Medication|{drug}] was given for [Duration|{span}] .",
    "[Date|{2-9} {unit} later] , {he} underwent [Therapeutic_procedure|{operation}] .",
    "[Therapeutic_procedure|surgical resection] of the [Biological_structure|{place}] was planned .",
    "[Therapeutic_procedure|{operation}] was performed on [Date|{date}] .",
    "[Medication|{drug}] was replaced by [Medication|{drug}] [Dosage|{dose}] .",
)
COURSE = (
    "after [Date|{span}] , the [Sign_symptom|{symptom}] resolved .",
    "{he} was [Clinical_event|discharged] on [Date|{date}] .",
    "before [Clinical_event|discharge] , [Diagnostic_procedure|{test}] was [Lab_value|{value}] .",
    "at [Clinical_event|follow-up] after [Date|{span}] , {he} had no [Sign_symptom|{symptom}] .",
    "{he} remained well for [Duration|{span}] .",
)
PARAGRAPHS = (
    ((PRESENTATION, 1, 1), (HISTORY, 2, 3)),
    ((EXAMINATION, 2, 3), (LABORATORY, 2, 4)),
    ((IMAGING, 2, 3), (DIAGNOSIS, 1, 2)),
    ((TREATMENT, 2, 4), (COURSE, 2, 3)),
)
"""Of each paragraph its groups of frames, with the fewest and most sentences of each."""
RARE_SHARE = 0.12
"""Share of the reports with a sentence of a rare type."""

_SEXES = (
    {"man": "man", "he": "he", "his": "his"},
    {"man": "woman", "he": "she", "his": "her"},
)
_SLOT = re.compile(r"\{(?:(\d+)-(\d+)|(\w+))\}")
_MARK = re.compile(r"\[(\w+)?(?:#(\d+))?\||\]")
_BEFORE_MARK = re.compile(r" ([.,)])|(\() ")
_BEFORE_VOWEL = re.compile(r"\ba(?= (?:\[\w+(?:#\d+)?\|)*(?:[aeiou]|(?:8\d?|11|18)\b))")


@dataclass(frozen=True)
class CaseReport:
    """One document in brat layout. name: of its files. text, annotation: what they hold."""

    name: str
    text: str
    annotation: str


def make_case_reports(documents: int, seed: int) -> Iterator[CaseReport]:
    """Case reports of four paragraphs, one a line; no two have the same text. The same for the same number and seed."""
    generator = random.Random(f"{seed}/maccrobat")
    seen: set[str] = set()
    while len(seen) < documents:
        text, mentions = _parsed(_report(generator))
        if normalise(text) in seen:
            continue
        seen.add(normalise(text))
        yield CaseReport(f"made-{len(seen):04d}", text, _annotation(text, mentions))


def write_case_reports(folder: Path | str, documents: int, seed: int) -> None:
    """Write the .txt and .ann files of made case reports."""
    for report in make_case_reports(documents, seed):
        write_text(Path(folder, f"{report.name}.txt"), report.text)
        write_text(Path(folder, f"{report.name}.ann"), report.annotation)


def _report(generator: random.Random) -> str:
    """A report with markup."""
    sex = generator.choice(_SEXES)
    paragraphs = []
    for groups in PARAGRAPHS:
        frames = []
        for group, least, most in groups:
            frames += generator.sample(group, min(len(group), generator.randint(least, most)))
        if groups is PARAGRAPHS[0] and generator.random() < RARE_SHARE:
            frames.append(generator.choice(RARE))
        paragraphs.append(" ".join(_capitalised(_filled(frame, sex, generator)) for frame in frames))
    return "\n".join(paragraphs) + "\n"


def _filled(frame: str, sex: Mapping[str, str], generator: random.Random) -> str:
    """A frame with all its slots filled, no term twice, without the spaces that set its punctuation apart, and with
    "an" before a vowel."""
    used: set[str] = set()

    def fill(match: re.Match) -> str:
        least, most, name = match.groups()
        if name is None:
            return str(generator.randint(int(least), int(most)))
        if name in sex:
            return sex[name]
        term = generator.choice([term for term in LEXICON[name] if term not in used])
        if not _SLOT.search(term):
            used.add(term)
        return _SLOT.sub(fill, term)

    return _BEFORE_VOWEL.sub("an", _BEFORE_MARK.sub(r"\1\2", _SLOT.sub(fill, frame)))


def _capitalised(sentence: str) -> str:
    """A sentence with markup, its first letter in upper case."""
    start = 0
    while mark := _MARK.match(sentence, start):
        start = mark.end()
    return sentence[:start] + sentence[start].upper() + sentence[start + 1 :]


def _parsed(markup: str) -> tuple[str, list[tuple[str, list[tuple[int, int]]]]]:
    """Text and mentions (type, parts in characters), in the order of their starts."""
    parts: list[str] = []
    length = position = 0
    mentions: list[tuple[str, list[tuple[int, int]]]] = []
    numbered: dict[str, list[tuple[int, int]]] = {}
    open_marks: list[tuple[int, list[tuple[int, int]]]] = []
    for mark in _MARK.finditer(markup):
        parts.append(markup[position : mark.start()])
        length += len(parts[-1])
        position = mark.end()
        if mark.group() == "]":
            start, fragments = open_marks.pop()
            fragments.append((start, length))
            continue
        label, number = mark.groups()
        fragments = [] if label else numbered[number]
        if label:
            mentions.append((label, fragments))
        if number:
            numbered[number] = fragments
        open_marks.append((length, fragments))
    return "".join([*parts, markup[position:]]), mentions


def _annotation(text: str, mentions: list[tuple[str, list[tuple[int, int]]]]) -> str:
    """The .ann file: text-bound lines, and an event line after each whose type is one of `EVENTS`."""
    lines = []
    events = 0
    for number, (label, fragments) in enumerate(mentions, start=1):
        offsets = ";".join(f"{start} {end}" for start, end in fragments)
        surface = " ".join(text[start:end] for start, end in fragments)
        lines.append(f"T{number}\t{label} {offsets}\t{surface}")
        if label in EVENTS:
            events += 1
            lines.append(f"E{events}\t{label}:T{number} ")
    return "\n".join(lines) + "\n"
