"""Terms and wording of the synthetic documents with relations.

All terms are singular and stand without an article. Frames have {slots} for terms: h and h2 are heads, t and t2 tails
of a relation, x is an entity beside it; <base>, <third> and <past> are forms of a verb.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from medtune.data.relation_schema import STUDY_SCHEMA
from medtune.data.terms import terms_in

LEXICON = {
    "Disease": terms_in(
        """asthma; diabetes mellitus; chronic kidney disease; pneumonia; heart failure; atrial fibrillation; migraine;
        rheumatoid arthritis; psoriasis; epilepsy; tuberculosis; gout; hypertension; osteoporosis; pancreatitis; sepsis;
        hypothyroidism; endocarditis; multiple sclerosis; glaucoma; cirrhosis; anemia"""
    ),
    "Symptom": terms_in(
        """chest pain; fever; shortness of breath; nausea; fatigue; dizziness; wheezing; vomiting; weight loss; itching;
        insomnia; abdominal pain; confusion; blurred vision; joint stiffness; numbness; diarrhea; tremor; jaundice;
        headache; dry cough; muscle weakness"""
    ),
    "Drug": terms_in(
        """metformin; aspirin; atorvastatin; levothyroxine; warfarin; lisinopril; amoxicillin; prednisone; ibuprofen;
        omeprazole; furosemide; methotrexate; digoxin; clopidogrel; sertraline; gabapentin; fluconazole; amiodarone;
        insulin glargine; allopurinol; cyclosporine; rifampicin"""
    ),
    "Lab_Test": terms_in(
        """blood glucose; hemoglobin A1c; C-reactive protein; serum creatinine; troponin I; D-dimer; ferritin; lactate;
        bilirubin; uric acid; procalcitonin; amylase; prolactin; calcitonin; cortisol; alkaline phosphatase;
        serum calcium; parathyroid hormone; ammonia; thyrotropin"""
    ),
    "Procedure": terms_in(
        """cardiac catheterization; coronary angioplasty; hemodialysis; radiotherapy; physiotherapy; splenectomy;
        thyroidectomy; plasma exchange; laser therapy; bronchoscopy; joint replacement; catheter ablation; phototherapy;
        valve repair; liver transplantation; nerve stimulation; cataract surgery; bone grafting; immunoadsorption;
        balloon dilatation"""
    ),
}
"""Terms by entity type; none is part of another one."""
HELD_OUT_TERMS = 6
"""So many of the last terms of each type stand in validation and test documents alone."""

BESIDE = {"Disease": 1, "Symptom": 1, "Drug": 1, "Lab_Test": 3, "Procedure": 3}
"""How often an entity beside what is related is of each type: more often of those that fewer relations join."""

MODIFIERS = {
    "Lab_Test": ("elevated", "raised", "high", "abnormal", "increased"),
    "Symptom": ("", "", "persistent", "new", "recurrent"),
}
"""Words before a head of these types."""


class Words(NamedTuple):
    """How a relation is said. verbs: base form, third person, past tense. passives: between tail and head, singular.
    nouns: whole clauses. known_first: the arguments that a sentence before can introduce as what there is."""

    verbs: tuple[tuple[str, str, str], ...]
    passives: tuple[str, ...]
    nouns: tuple[str, ...]
    known_first: tuple[str, ...] = ("h", "t")


@dataclass(frozen=True)
class World:
    """What documents are made of. lexicon: terms by entity type. pairs: entity types (head, tail) by relation. words:
    how each relation is said. The others are as their namesakes of the clinical world, below."""

    name: str
    lexicon: Mapping[str, tuple[str, ...]]
    pairs: Mapping[str, frozenset[tuple[str, str]]]
    words: Mapping[str, Words]
    beside: Mapping[str, int]
    modifiers: Mapping[str, tuple[str, ...]]
    openings: tuple[str, ...]
    places: tuple[str, ...]
    side_remarks: tuple[str, ...]
    contrasts: tuple[str, ...]
    negations: tuple[str, ...]
    hypotheses: tuple[str, ...]
    listings: tuple[str, ...]
    people: tuple[str, ...]
    times: tuple[str, ...]
    background: Mapping[str, tuple[str, ...]]
    anaphors: Mapping[str, tuple[str, ...]]


WORDING = {
    "treats": Words(
        (
            ("treat", "treats", "treated"),
            ("relieve", "relieves", "relieved"),
            ("control", "controls", "controlled"),
            ("improve", "improves", "improved"),
            ("cure", "cures", "cured"),
            ("stabilize", "stabilizes", "stabilized"),
        ),
        (
            "was treated with",
            "was relieved by",
            "was controlled with",
            "was cured by",
            "responded well to",
            "improved after",
            "was managed with",
        ),
        (
            "{h} is the treatment of choice for {t}",
            "{h} is an effective therapy for {t}",
            "{h} was used as therapy for {t}",
            "the therapy for {t} was {h}",
            "successful treatment of {t} was achieved with {h}",
        ),
    ),
    "causes": Words(
        (
            ("cause", "causes", "caused"),
            ("trigger", "triggers", "triggered"),
            ("produce", "produces", "produced"),
            ("lead to", "leads to", "led to"),
            ("bring on", "brings on", "brought on"),
            ("provoke", "provokes", "provoked"),
        ),
        (
            "was caused by",
            "was triggered by",
            "was brought on by",
            "resulted from",
            "was due to",
            "was provoked by",
            "arose from",
        ),
        (
            "{h} is the cause of {t}",
            "{h} was responsible for {t}",
            "{h} was the reason for {t}",
            "the source of {t} was {h}",
            "{t} is a consequence of {h}",
        ),
    ),
    "indicates": Words(
        (
            ("indicate", "indicates", "indicated"),
            ("point to", "points to", "pointed to"),
            ("signal", "signals", "signaled"),
            ("reveal", "reveals", "revealed"),
            ("confirm", "confirms", "confirmed"),
            ("herald", "heralds", "heralded"),
        ),
        (
            "was indicated by",
            "was signaled by",
            "was revealed by",
            "was confirmed by",
            "was heralded by",
            "was recognized by",
            "was apparent from",
        ),
        (
            "{h} is a sign of {t}",
            "{h} was a marker of {t}",
            "{h} is a clue to {t}",
            "the diagnosis of {t} was based on {h}",
            "evidence of {t} was provided by {h}",
        ),
    ),
    "prevents": Words(
        (
            ("prevent", "prevents", "prevented"),
            ("avert", "averts", "averted"),
            ("ward off", "wards off", "warded off"),
            ("protect against", "protects against", "protected against"),
            ("guard against", "guards against", "guarded against"),
            ("forestall", "forestalls", "forestalled"),
        ),
        (
            "was prevented by",
            "was prevented with",
            "was averted by",
            "was averted with",
            "was warded off by",
            "was forestalled by",
            "was kept at bay by",
        ),
        (
            "{h} is a safeguard against {t}",
            "{h} was given as prophylaxis against {t}",
            "{h} is used for protection from {t}",
            "the prophylaxis against {t} was {h}",
            "prevention of {t} was achieved with {h}",
        ),
        known_first=("h",),
    ),
    "interacts_with": Words(
        (
            ("interact with", "interacts with", "interacted with"),
            ("potentiate", "potentiates", "potentiated"),
            ("interfere with", "interferes with", "interfered with"),
            ("alter the effect of", "alters the effect of", "altered the effect of"),
            ("raise the level of", "raises the level of", "raised the level of"),
            ("slow the clearance of", "slows the clearance of", "slowed the clearance of"),
        ),
        (
            "was potentiated by",
            "was affected by",
            "was displaced by",
            "was intensified by",
            "was counteracted by",
            "has a known interaction with",
            "was found to interact with",
        ),
        (
            "there was an interaction between {h} and {t}",
            "an interaction of {h} with {t} was recorded",
            "{h} and {t} interact with each other",
            "{h} is known for its interaction with {t}",
            "{h} and {t} enhanced each other",
        ),
    ),
}

OPENINGS = (
    "",
    "",
    "in this case, ",
    "on review, ",
    "according to the record, ",
    "notably, ",
    "as documented, ",
    "in summary, ",
    "the team noted that ",
    "the letter states that ",
)
"""What can stand before a main clause; none of it casts doubt."""

PLACES = (
    "",
    "",
    " in this patient",
    " in this setting",
    " in adults",
    " in older people",
    " in our cohort",
    " in daily practice",
)

SIDE_REMARKS = (
    ", and {x} was discussed separately",
    ", and {x} is mentioned elsewhere",
    ", while {x} was reviewed on its own",
    "; {x} was a separate matter",
    "; {x} is unrelated",
)
"""What names another entity after a main clause."""

CONTRASTS = (
    "{h} <past> {t} but not {t2}",
    "{h}, but not {h2}, <past> {t}",
    "{h} <past> {t}, whereas {h2} did not",
    "{h} <past> {t} and did not <base> {t2}",
    "{h}, unlike {h2}, <past> {t}",
)

NEGATIONS = (
    "{h} did not <base> {t}<place>",
    "{h} does not <base> {t}<place>",
    "there is no evidence that {h} <third> {t}<place>",
    "{h} was not found to <base> {t}<place>",
    "{h} never <past> {t}<place>",
    "it was ruled out that {h} <past> {t}<place>",
)

HYPOTHESES = (
    "it is unclear whether {h} <third> {t}<place>",
    "it remains to be seen whether {h} will <base> {t}<place>",
    "a trial will examine whether {h} can <base> {t}<place>",
    "{h} might <base> {t}<place>, but this is unproven",
    "if {h} were to <base> {t}<place>, the plan would change",
    "the question was raised whether {h} could <base> {t}<place>",
)

LISTINGS = (
    "{a} and {b} were discussed separately",
    "the form listed {a} and {b}",
    "{a} and {b} appeared in the chart",
    "the notes mentioned {a} and also {b}",
    "{a} was recorded next to {b}",
    "there were questions about {a} and about {b}",
    "{a} and {b} came up in different conversations",
)
"""What names two entities without relating them."""

PEOPLE = (
    "the patient",
    "the woman",
    "the man",
    "a young man",
    "an older woman",
    "a retired teacher",
    "this patient",
    "our patient",
)

TIMES = ("", "", " last week", " last year", " in March", " in the spring", " two days ago", " at the first visit")

BACKGROUND = {
    "Disease": (
        "<person> presented with {}",
        "<person> was admitted with {}",
        "<person> was diagnosed with {}",
        "<person> was found to have {}",
        "<person> was seen because of {}",
    ),
    "Symptom": (
        "<person> complained of {}",
        "<person> described {}",
        "<person> reported {}",
        "<person> noticed {}",
        "<person> came in with {}",
    ),
    "Drug": (
        "<person> was given {}",
        "<person> was started on {}",
        "<person> received {}",
        "<person> took {}",
        "<person> was discharged on {}",
    ),
    "Lab_Test": (
        "<person> had a rise in {}",
        "<person> had elevated {}",
        "<person> was found to have high {}",
        "<person> was told about abnormal {}",
        "<person> was referred for increased {}",
    ),
    "Procedure": (
        "<person> underwent {}",
        "<person> was referred for {}",
        "<person> agreed to {}",
        "<person> was prepared for {}",
        "<person> completed {}",
    ),
}
"""What names one entity."""

ANAPHORS = {
    "Disease": ("it", "this condition", "the disease", "this disorder"),
    "Symptom": ("it", "this symptom", "the complaint", "this problem"),
    "Drug": ("it", "this drug", "the medication", "this agent"),
    "Lab_Test": ("it", "this finding", "the result", "this value"),
    "Procedure": ("it", "this procedure", "the intervention", "this measure"),
}
"""What stands for an entity in the next sentence."""

CLINICAL = World(
    name="relations",
    lexicon=LEXICON,
    pairs={relation.name: relation.pairs for relation in STUDY_SCHEMA.relations},
    words=WORDING,
    beside=BESIDE,
    modifiers=MODIFIERS,
    openings=OPENINGS,
    places=PLACES,
    side_remarks=SIDE_REMARKS,
    contrasts=CONTRASTS,
    negations=NEGATIONS,
    hypotheses=HYPOTHESES,
    listings=LISTINGS,
    people=PEOPLE,
    times=TIMES,
    background=BACKGROUND,
    anaphors=ANAPHORS,
)
"""The study's."""
