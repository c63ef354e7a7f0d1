"""Case reports made by rules, in MACCROBAT's layout and with some of its entity types: for tests and for trying the
workflow.

Sentences come from frames whose slots are filled from lexicons. Some words have their type from the context alone, as
in real reports: potassium is measured or given, "3 weeks" is how long or when, discharge is an event or a finding.
Others have it from the word alone: a list names problems of two types in any order. Some mentions are nested,
discontinuous, or have two types, and some types are rare. There is no patient behind any report.

Each split has sentence templates (an opening, a frame, an ending) of its own, and validation and test have terms of
their own beside those of the training split, so that more is asked for than was read. Words that are few in every
report (units, months, degrees, normal or low) are in all of them.
"""

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from medtune.data.deduplication import normalise
from medtune.data.terms import terms_in
from medtune.files import write_text

EVENTS = frozenset({"Clinical_event", "Diagnostic_procedure", "Disease_disorder", "Sign_symptom"})
"""Types whose mentions the corpus also annotates as events."""


# Markup: [Type|words] is a mention; it may hold others. [Type#1|words] … [#1|words] are the parts of a discontinuous
# one. {name} is a term of a lexicon, which may hold markup and slots again; {2-9} is a number.
LEXICON: Mapping[str, tuple[str, ...]] = {
    "symptom": terms_in(
        """fever; nausea; vomiting; headache; fatigue; dizziness; dyspnea; palpitations; weight loss; night sweats; back
        pain; jaundice; hematuria; syncope; skin rash; confusion; diarrhea; dry cough; seizures; hemoptysis; blurred
        vision; joint pain; [Biological_structure|chest] pain; hoarseness; constipation;
        [Biological_structure|abdominal] pain; pruritus; dysphagia; tremor; anorexia; dysuria; malaise; tinnitus;
        polyuria; hiccups; vertigo"""
    ),
    "finding": terms_in(
        """mass; lesion; nodule; effusion; edema; stenosis; thrombus; lymphadenopathy; cyst; abscess; wall thickening;
        hematoma; fracture; opacity; dilatation; atrophy; ulcer; polyp; calcification; erosion"""
    ),
    "disease": terms_in(
        """hypertension; type 2 diabetes mellitus; asthma; pneumonia; cholangitis; tuberculosis; lymphoma; sarcoidosis;
        lupus nephritis; infective endocarditis; acute pancreatitis; hepatocellular carcinoma; multiple sclerosis;
        meningioma; atrial fibrillation; chronic kidney disease; heart failure; hypothyroidism; myocarditis; epilepsy;
        psoriasis; gout; cirrhosis; osteomyelitis; melanoma; appendicitis; anemia; hepatitis; vasculitis; pulmonary
        embolism"""
    ),
    "drug": terms_in(
        """prednisone; metformin; warfarin; aspirin; amoxicillin; vancomycin; rituximab; cyclophosphamide; furosemide;
        omeprazole; levetiracetam; methotrexate; {analyte}; lisinopril; ceftriaxone; {analyte}; {analyte}; doxycycline;
        heparin; infliximab; tacrolimus; fluconazole; {analyte}; digoxin; phenytoin"""
    ),
    "analyte": terms_in("potassium; calcium; iron; glucose; magnesium; insulin; albumin; zinc; cortisol; folate"),
    "test": terms_in(
        """hemoglobin; platelet count; creatinine; C-reactive protein; bilirubin; {analyte}; {analyte}; ferritin;
        troponin; lactate; urea; {analyte}; {analyte}; procalcitonin; thyrotropin"""
    ),
    "imaging": terms_in(
        """computed tomography; CT; magnetic resonance imaging; MRI; ultrasound; chest radiography; echocardiography;
        positron emission tomography; angiography; scintigraphy"""
    ),
    "exam": terms_in(
        """physical examination; electrocardiogram; urinalysis; biopsy; colonoscopy; bronchoscopy; spirometry; lumbar
        puncture; laryngoscopy; electromyography"""
    ),
    "place": terms_in(
        """liver; spleen; pancreas; brain; abdomen; neck; duodenum; left ventricle; right atrium; stomach; bladder;
        cervical spine; mitral valve; thyroid gland; esophagus; femur; retina; larynx; appendix; hip"""
    ),
    "paired": terms_in("kidney; lung; eye; arm; leg; adrenal gland; ear; foot; ovary; shoulder"),
    "look": terms_in(
        """enhancing; irregular; calcified; solitary; large; well-defined; hypoechoic; diffuse; left-sided; right-sided;
        pulsatile; mobile; lobulated; heterogeneous; painless"""
    ),
    "degree": terms_in("mild; moderate; severe; marked; slight"),
    "operation": terms_in(
        """surgical resection; percutaneous drainage; drainage; radiotherapy; chemotherapy; hemodialysis; mechanical
        ventilation; splenectomy; stent placement; blood transfusion; plasma exchange; laparoscopy; thoracentesis;
        physiotherapy; craniotomy; embolization; amputation; tracheostomy; vitrectomy; cholecystectomy"""
    ),
    "unit": terms_in("days; weeks; months"),
    "span": ("{2-9} {unit}",),
    "value": ("{amount}", "{amount}", "normal", "elevated", "low", "within normal limits"),
    "amount": ("{2-9}.{0-9} mmol/L", "{10-99} mg/dL", "{2-9}.{0-9} g/dL", "{100-900} U/L"),
    "dose": ("{5-80} mg daily", "{5-80} mg", "{1-4} g twice daily", "{10-90} mg/m2"),
    "date": ("{month} {2-30}", "{month} {2-30}, {2001-2019}", "day {2-30}"),
    "month": terms_in("January; March; May; July; September; November"),
    "event": terms_in("presented; was admitted; was referred"),
    "past": (
        "[History|[Disease_disorder|{disease}]]",
        "[History|[Disease_disorder|{disease}]]",
        "[History|appendectomy [Date|{2-20} years earlier]]",
        "[History|long-term use of [Medication|{drug}]]",
    ),
    "habit": terms_in(
        "former smoker; heavy smoker; social drinker; nonsmoker; vegetarian; keen runner; former athlete; lifelong "
        "abstainer; frequent traveler; daily drinker"
    ),
    "job": terms_in("farmer; teacher; retired miner; nurse; carpenter; baker; bus driver; librarian; plumber; tailor"),
    "relative": terms_in("father; mother; brother; sister"),
}
HELD_OUT = frozenset(LEXICON) - {
    *("degree", "unit", "span", "value", "amount", "dose", "date", "month", "event", "past", "relative")
}
"""Lexicons of which each split has terms of its own."""
OWN_SHARE = 0.4
"""Share of their terms that reports of validation and test take from their own."""

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
PROBLEMS = (
    "the problem list named [Disease_disorder|{disease}] , [Sign_symptom|{symptom}] and [Disease_disorder|{disease}] .",
    "the problem list named [Sign_symptom|{symptom}] , [Disease_disorder|{disease}] and [Sign_symptom|{symptom}] .",
    "the main concern was [Disease_disorder|{disease}] .",
    "the main concern was [Sign_symptom|{symptom}] .",
    "the chart mentioned [Medication|{drug}] and [Therapeutic_procedure|{operation}] .",
    "the chart mentioned [Therapeutic_procedure|{operation}] and [Medication|{drug}] .",
    "[Diagnostic_procedure|{exam}] and [Therapeutic_procedure|{operation}] were refused .",
    "[Therapeutic_procedure|{operation}] and [Diagnostic_procedure|{exam}] were refused .",
)
"""Only the words tell which of two types they are of."""
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
    ((PRESENTATION, 1, 1), (HISTORY, 1, 2), (PROBLEMS, 1, 2)),
    ((EXAMINATION, 2, 3), (LABORATORY, 2, 3)),
    ((IMAGING, 1, 3), (DIAGNOSIS, 1, 2)),
    ((TREATMENT, 2, 3), (COURSE, 1, 2), (PROBLEMS, 1, 2)),
)
"""Of each paragraph its groups of frames, with the fewest and most sentences of each."""
RARE_SHARE = 0.12
"""Share of the reports with a sentence of a rare type; of validation and test the first reports have one each."""
OPENINGS = (
    *("", "", "on review , ", "of note , ", "according to the notes , ", "as expected , ", "at that time , "),
    *("in summary , ", "by all accounts , ", "as before , "),
)
ENDINGS = (" .", " .", " , as noted by the team .", " , as was documented .", " , and this was discussed .")
TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
_PARTS = (*[TRAIN] * 6, *[VALIDATION] * 2, *[TEST] * 2)
"""The split of a template, by the remainder of its digest."""

_TERM_PARTS = (TRAIN, TRAIN, TRAIN, VALIDATION, TEST)
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


def make_case_reports(documents: int, seed: int, split: str = TRAIN) -> Iterator[CaseReport]:
    """Case reports of four paragraphs, one a line, in the templates and terms of a split; no two have the same text.
    The same for the same number, seed and split."""
    generator = random.Random(f"{seed}/maccrobat/{split}")
    seen: set[str] = set()
    while len(seen) < documents:
        rare = RARE[len(seen)] if split != TRAIN and len(seen) < len(RARE) else None
        text, mentions = _parsed(_report(generator, split, rare))
        if normalise(text) in seen:
            continue
        seen.add(normalise(text))
        yield CaseReport(f"made-{len(seen):04d}", text, _annotation(text, mentions))


def write_case_reports(folder: Path | str, documents: Mapping[str, int], seed: int) -> None:
    """Write the .txt and .ann files of made case reports. documents: number by split; each split is a folder."""
    for split, number in documents.items():
        for report in make_case_reports(number, seed, split):
            write_text(Path(folder, split, f"{report.name}.txt"), report.text)
            write_text(Path(folder, split, f"{report.name}.ann"), report.annotation)


def terms_of(name: str, split: str) -> list[str]:
    """The entries of a lexicon that are a split's own: of each five, three of the training split."""
    terms = LEXICON[name]
    if name not in HELD_OUT:
        return list(terms)
    # Of a lexicon that others hold ({analyte}) each split has the slot.
    return [term for place, term in enumerate(terms) if _SLOT.search(term) or _TERM_PARTS[place % 5] == split]


def surfaces(split: str) -> set[str]:
    """The terms of a split in lower case, without markup: what reports of the other splits must not hold."""
    return {
        _MARK.sub("", term).lower() for name in HELD_OUT for term in terms_of(name, split) if not _SLOT.search(term)
    }


def _report(generator: random.Random, split: str, rare: str | None) -> str:
    """A report with markup. rare: a frame that it has to hold."""
    sex = generator.choice(_SEXES)
    paragraphs = []
    for groups in PARAGRAPHS:
        frames = []
        for group, least, most in groups:
            frames += generator.sample(group, min(len(group), generator.randint(least, most)))
        if groups is PARAGRAPHS[0] and rare:
            frames.append(rare)
        elif groups is PARAGRAPHS[0] and generator.random() < RARE_SHARE:
            frames.append(generator.choice(RARE))
        templates = [generator.choice(templates_of(frame, split)) for frame in frames]
        paragraphs.append(" ".join(_capitalised(_filled(template, sex, generator, split)) for template in templates))
    return "\n".join(paragraphs) + "\n"


@cache
def templates_of(frame: str, split: str) -> tuple[str, ...]:
    """A frame with the openings and endings that it has in the split."""
    made = (opening + frame.removesuffix(" .") + ending for opening in OPENINGS for ending in ENDINGS)
    return tuple(template for template in made if split_of(template) == split)


def split_of(template: str) -> str:
    """The split that a sentence template is of: by its wording alone, so that the order of two types plays no part."""
    wording = _MARK.sub("", _SLOT.sub("_", template))
    return _PARTS[int(hashlib.sha256(wording.encode()).hexdigest(), 16) % len(_PARTS)]


def _filled(frame: str, sex: Mapping[str, str], generator: random.Random, split: str) -> str:
    """A frame with all its slots filled with terms of the split, no term twice, without the spaces that set its
    punctuation apart, and with "an" before a vowel."""
    used: set[str] = set()

    def fill(match: re.Match) -> str:
        least, most, name = match.groups()
        if name is None:
            return str(generator.randint(int(least), int(most)))
        if name in sex:
            return sex[name]
        home = split if generator.random() < OWN_SHARE else TRAIN
        term = generator.choice([term for term in terms_of(name, home) if term not in used])
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
