import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data import grounding as module
from medtune.data.grounding import Grounded, Mention, ground, offsets_hold


def places(text, *values):
    """(start, end, how) of each value, which may be a Mention."""
    mentions = [value if isinstance(value, Mention) else Mention(value, "L") for value in values]
    return [(found.start, found.end, found.how) for found in ground(text, mentions)]


def grounded_texts(text, *values):
    return [text[start:end] for start, end, _ in places(text, *values)]


def test_a_value_is_found_as_it_is_written():
    assert ground("No pleural effusion.", [Mention("effusion", "OBS-DA")]) == [Grounded(11, 19, "exact", 0)]


def test_the_exact_spelling_comes_before_another_case():
    assert places("Effusion. No effusion.", "effusion") == [(13, 21, "exact")]


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("Mild CARDIOMEGALY.", "cardiomegaly", "CARDIOMEGALY"),
        ("pleural\n  effusion", "Pleural effusion", "pleural\n  effusion"),
        ("pleural\u00a0effusion", "pleural effusion", "pleural\u00a0effusion"),
        ("a mass of 3 . 5 cm", "3.5 cm", "3 . 5 cm"),
        ("an e\ufb00usion", "effusion", "e\ufb00usion"),
        ("Stra\u00dfe", "STRASSE", "Stra\u00dfe"),
        ("caf\u00e9 noir", "cafe\u0301", "caf\u00e9"),
        ("\U0001d4b3\U0001f600 Edema", "edema", "Edema"),
        ("pneumo\u00adthorax", "pneumothorax", "pneumo\u00adthorax"),
        ("\uff28\uff22 low", "hb", "\uff28\uff22"),
    ],
)
def test_case_space_and_letter_forms_do_not_matter_and_offsets_are_those_of_the_text(text, value, found):
    ((start, end, how),) = places(text, value)
    assert (text[start:end], how) == (found, "folded")


def test_non_bmp_characters_before_an_exact_value_count_as_one():
    assert places("\U0001d4b3 edema", "edema") == [(2, 7, "exact")]


def test_whole_words_come_first():
    assert places("The heart and an art.", "art") == [(17, 20, "exact")]
    assert places("The heart and an Art.", "art") == [(17, 20, "folded")]
    assert places("cafe\u0301 cafe", "cafe") == [(6, 10, "exact")]
    assert places("\ufb01 F", "f") == [(2, 3, "folded")]  # Not half of the ligature.


def test_a_place_within_a_word_is_taken_when_there_is_no_other():
    assert places("The heart.", "art") == [(6, 9, "exact")]
    assert places("a \ufb01nding", "inding") == [(2, 8, "folded")]  # With the whole ligature: it has no half.


def test_a_value_without_a_place_keeps_its_mention():
    assert ground("No effusion.", [Mention("fracture", "A"), Mention(" \n", "A")]) == [
        Grounded(None, None, None, 0),
        Grounded(None, None, None, 1),
    ]


def test_the_nth_mention_goes_to_the_nth_occurrence_whatever_the_reported_starts():
    text = "cough, cough, cough"
    mentions = [Mention("cough", "L", start) for start in (14, 0, 3)]
    assert places(text, *mentions) == [(0, 5, "exact"), (7, 12, "exact"), (14, 19, "exact")]


def test_spellings_of_one_value_share_its_occurrences():
    assert [start for start, *_ in places("cough cough", "Cough", "cough")] == [6, 0]
    assert [start for start, *_ in places("Cough cough cough", "cough", "cough", "cough")] == [0, 6, 12]


def test_mentions_beyond_the_occurrences_begin_again():
    assert [start for start, *_ in places("cough, cough", *["cough"] * 5)] == [0, 7, 0, 7, 0]


def test_the_reported_start_picks_among_spare_occurrences():
    text = "effusion left. No effusion right. effusion"
    assert places(text, Mention("effusion", "L", 17))[0][0] == 18
    assert [place[0] for place in places(text, Mention("effusion", "L", 30), Mention("effusion", "L", 2))] == [34, 0]
    assert [place[0] for place in places(text, "effusion", Mention("effusion", "L", 0))] == [18, 0]


@pytest.mark.parametrize("start", [None, -3, 10**6])
def test_without_a_usable_start_the_first_occurrences_are_taken(start):
    mentions = [Mention("cough", "L", start)] * 2
    assert [place[0] for place in places("cough cough cough", *mentions)] == [0, 6]


def test_a_misspelt_value_is_found_by_similarity_in_whole_words():
    text = "There is cardiomegaly, and bilateral pleural effusions are seen."
    values = ("cardiomegally", "bilateral plural effusions", "(cardiomegaly)")
    assert grounded_texts(text, *values) == ["cardiomegaly", "bilateral pleural effusions", "cardiomegaly"]
    assert {how for *_, how in places(text, *values)} == {"fuzzy"}


def test_similarity_goes_by_occurrence_and_reported_start_too():
    text = "cardiomegaly then cardiomegaly"
    assert [place[0] for place in places(text, *["cardiomegally"] * 3)] == [0, 18, 0]
    assert places(text, Mention("cardiomegally", "L", 20))[0][0] == 18


def test_the_most_similar_words_are_taken():
    assert grounded_texts("opacification or opacifications", "opacificationss") == ["opacifications"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("hypotension", "hypertension"),
        ("aspirin 100 mg daily", "aspirin 200 mg daily"),
        ("cough", "cough and fever in the night"),
        ("", "cough"),
        ("...", "cough"),
        ("cough", "?!"),
    ],
)
def test_what_is_not_alike_is_not_found(text, value):
    assert places(text, value) == [(None, None, None)]


@given(st.text(max_size=40), st.data())
def test_every_slice_of_a_text_is_found_with_a_place_that_folds_to_it(text, data):
    start = data.draw(st.integers(0, len(text)))
    value = text[start : data.draw(st.integers(start, len(text)))]
    found = ground(text, [Mention(value, "L")])[0]
    folded = "".join(map(module._fold, value))
    assert (found.how is None) == (folded == "")
    if found.how == "exact":
        assert text[found.start : found.end] == value
    elif found.how == "folded":
        assert folded in "".join(map(module._fold, text[found.start : found.end]))


@given(
    st.text("ab A.", max_size=30),
    st.lists(
        st.builds(Mention, st.text("abA ", max_size=3), st.just("L"), st.none() | st.integers(-5, 40)), max_size=8
    ),
)
def test_places_are_inside_the_text_and_come_in_the_order_of_the_mentions(text, mentions):
    found = ground(text, mentions)
    assert [place.mention for place in found] == list(range(len(mentions)))
    assert all(place.how is None or 0 <= place.start < place.end <= len(text) for place in found)


@pytest.mark.timeout(60)
def test_ten_thousand_mentions_take_bounded_time():
    text = "cough " * 10_001
    assert len({place.start for place in ground(text, [Mention("cough", "L", 30_000)] * 10_000)}) == 10_000
    ground("a cough " * 20, [Mention(f"nonsense {i}", "L") for i in range(10_000)])


def test_the_search_by_similarity_stops_at_its_bound(monkeypatch):
    monkeypatch.setattr(module, "FUZZY_WINDOWS", 10)
    text = "a cardiomegaly here"  # 3 + 2 windows per value
    found = places(text, "cardiomegally", "kardiomegaly", "cardiomegalyy", "a")
    assert [how for *_, how in found] == ["fuzzy", "fuzzy", None, "exact"]


def test_raw_offsets_are_right_only_when_they_slice_to_the_value():
    mentions = [
        Mention("effusion", "L", 3, 11),
        Mention("effusion", "L", 3, 12),
        Mention("effusion", "L", -9, -1),
        Mention("effusion", "L", 3, None),
        Mention("", "L", 2, 2),
        Mention("Effusion", "L", 3, 11),
    ]
    assert [offsets_hold("No effusion.", mention) for mention in mentions] == [True] + [False] * 5
    assert offsets_hold("effusion", Mention("effusion", "L", 0, 8))
