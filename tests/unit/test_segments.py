import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.studies.radgraph.segments import LONGEST, segments, tokenise

WORDS = st.sampled_from(
    ["No", "effusion", ".", "FINDINGS", ":", "1", "Dr", "a.m", "size.", "Findings:", "?", ",", "(2)", "5", "cm", "___"]
)
SPACES = st.sampled_from([" ", "  ", "\n", "\n\n", "\t"])
TEXTS = st.lists(st.tuples(WORDS, SPACES), max_size=60).map(lambda parts: "".join(word + gap for word, gap in parts))


def pieces(text, kind=None):
    """The slices of a text's segments, of one kind or of all."""
    return [text[part.start : part.end] for part in segments(text) if kind in (None, part.kind)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["The heart is normal in size .", "No effusion ."],
        ["The nodule measures 1.5 cm .", "It is stable ."],
        ["The nodule measures 1 . 5 cm in the left lung .", "It is stable ."],
        ["Findings were discussed with Dr . ___ at 10:30 a.m . on ___ .", "Lungs are clear ."],
        ["Seen by Dr . J . Smith .", "Lungs are clear ."],
        ["Compared to the study at 8 a.m .", "The lungs are clear ."],
        ["the heart is normal .", "no effusion ."],
        ["The heart is normal.", "No effusion, e.g. at the left base.", "Seen by Dr. Smith."],
        ["the heart is normal.", "no effusion."],
        ["Is there ? pneumonia at the left base .", "No effusion ."],
    ],
)
def test_where_sentences_end_in_tokenised_text_and_as_dictated(sentences):
    assert pieces(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "text, headings, sentences",
    [
        ("FINDINGS : Clear . IMPRESSION : Normal .", ["FINDINGS :", "IMPRESSION :"], ["Clear .", "Normal ."]),
        ("INDICATION : Cough TECHNIQUE : Two views", ["INDICATION :", "TECHNIQUE :"], ["Cough", "Two views"]),
        ("Chest ( PA ) REASON FOR EXAM : Cough", ["REASON FOR EXAM :"], ["Chest ( PA )", "Cough"]),
        ("PORTABLE AP CHEST : Normal .", [], ["PORTABLE AP CHEST : Normal ."]),
        ("FINDINGS : LUNGS : CLEAR . HEART : NORMAL .", ["FINDINGS :"], ["LUNGS : CLEAR .", "HEART : NORMAL ."]),
        ("LUNGS: clear\nPLEURA: normal", [], ["LUNGS: clear", "PLEURA: normal"]),
        ("Findings:\nClear.\nImpression:\nNormal.", ["Findings:", "Impression:"], ["Clear.", "Normal."]),
        ("Two notes : first , clear .", [], ["Two notes : first , clear ."]),
    ],
)
def test_headings_stand_apart_and_end_what_goes_before(text, headings, sentences):
    assert pieces(text, "heading") == headings
    assert pieces(text, "sentence") == sentences


@pytest.mark.parametrize(
    "text, numbers, sentences",
    [
        ("IMPRESSION : 1 . Clear . 2 . Normal .", ["1 .", "2 ."], ["Clear .", "Normal ."]),
        ("1. Clear.\n2. Normal.", ["1.", "2."], ["Clear.", "Normal."]),
        ("(1) Clear . ( 2 of 3 ) seen .", ["(1)"], ["Clear .", "( 2 of 3 ) seen ."]),
        ("2.5 cm nodule .", [], ["2.5 cm nodule ."]),
    ],
)
def test_numbers_of_list_items_stand_apart(text, numbers, sentences):
    assert pieces(text, "number") == numbers
    assert pieces(text, "sentence") == sentences


def test_an_empty_line_ends_a_sentence_and_a_wrapped_line_does_not():
    assert pieces("No effusion\nor edema\n\nLungs clear") == ["No effusion\nor edema", "Lungs clear"]


def test_a_run_without_full_stops_is_cut_at_a_comma_where_there_is_one():
    text = " ".join(["opacity"] * 70 + [","] + ["opacity"] * 70)
    assert [len(piece.split()) for piece in pieces(text)] == [71, 70]
    assert [len(piece.split()) for piece in pieces("opacity " * 250)] == [LONGEST, LONGEST, 50]


@given(TEXTS)
def test_every_token_is_in_exactly_one_segment_and_offsets_slice_to_it(text):
    tokens = tokenise(text)
    assert [token.text for token in tokens] == text.split()
    found = segments(text)
    assert [index for part in found for index in range(part.first, part.last + 1)] == list(range(len(tokens)))
    for part in found:
        assert text[part.start : part.end].split() == [token.text for token in tokens[part.first : part.last + 1]]


@given(st.text(max_size=200))
def test_any_text_is_cut_without_fault(text):
    assert sum(part.last - part.first + 1 for part in segments(text)) == len(text.split())
