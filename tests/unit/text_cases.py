"""Texts for tests of the text metrics: nasty ones by hand, random ones over few words, so that they overlap."""

from hypothesis import strategies as st

NASTY = [
    ("", ""),
    ("", "aspirin 5 mg"),
    ("aspirin 5 mg", ""),
    ("   \n\t", "pain"),
    ("aspirin", "aspirin"),
    ("aspirin", "ibuprofen"),
    ("The dose is 5 mg.", "The dose is 5 mg."),
    ("Give 5mg/kg twice a day (max. 1,000 mg).", "Give 5 mg/kg twice daily, at most 1000 mg."),
    ("2.5 µg of vitamin D", "2.5 μg of vitamin D₃"),
    ("Пациент принял аспирин", "Пациент принял ибупрофен"),
    ("患者は頭痛です", "頭痛"),
    ("naïve café ﬁbrosis", "naive cafe fibrosis"),
    ("😀 fever 😀", "fever \u200b 39 °C"),
    ("the a an", "an the"),
    ("?!... --", "..."),
    ("pain pain pain pain pain", "pain"),
    ("&lt;b&gt; &amp; [SEP] <skipped>", "[CLS] [SEP]"),
    ("line one\nline two-\nthree\u2028four", "line one line two three four"),
]
PREDICTIONS = [prediction for prediction, _ in NASTY]
REFERENCES = [reference for _, reference in NASTY]

WORDS = [
    "the",
    "a",
    "patient",
    "Patient",
    "pain",
    "pains",
    "5",
    "mg",
    "5mg",
    "2.5",
    ",",
    ".",
    "is",
    "aspirin",
    "µg",
    "été",
]
answers = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join), st.text(st.characters(codec="utf-8"), max_size=30)
)
pairs = st.lists(st.tuples(answers, answers), min_size=1, max_size=6)
