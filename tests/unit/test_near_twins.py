import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtune.data import near_twins as module
from medtune.data.deduplication import normalise
from medtune.data.near_twins import NearTwin, near_twins
from medtune.studies.meerkat.medical_qa import distinct_questions, read_specialties
from medtune.studies.meerkat.progressive_splits import SplitRule, first_split

TEN = "one two three four five six seven eight nine ten"  # six 5-grams


def test_a_text_that_shares_half_of_its_grams_has_a_near_twin():
    # One to seven: three of the six 5-grams of TEN.
    found = near_twins({"a": TEN}, {"x": "one two three four five six seven and more", "y": "one two three four"})
    assert found == {"a": NearTwin("x", 0.5)}


def test_a_text_that_shares_less_or_too_short_a_piece_has_none():
    assert near_twins({"a": TEN}, {"x": "one two three four five six and more", "y": "ten nine eight"}) == {}
    assert near_twins({"a": "A short answer."}, {"x": "a short answer"}) == {}


def test_grams_of_several_texts_do_not_add_up():
    others = {"x": "one two three four five six", "y": "five six seven eight nine ten"}
    assert near_twins({"a": TEN}, others) == {}


def test_case_and_punctuation_do_not_matter_and_the_closest_is_named():
    others = {"far": f"{TEN[:40]} other words here", "near": f"First, {TEN.upper()}!"}
    assert near_twins({"a": TEN}, others) == {"a": NearTwin("near", 1.0)}


@given(st.lists(st.sampled_from("abcde"), min_size=5, max_size=30))
def test_a_text_is_its_own_twin(words):
    text = " ".join(words)
    assert near_twins({"a": text}, {"b": text})["a"].share == pytest.approx(1)


def test_medquad_holds_near_twins_of_its_holdout(corpora):
    """10 to 15 of the 90 holdout answers share half of their 5-grams with one training answer."""
    rule = SplitRule()
    specialties, _ = distinct_questions(read_specialties(corpora / "medquad_specialties", rule.holdout + 1))
    parts, _ = first_split(specialties, rule, 42)
    holdout = {item.id: item.answer for part in parts.values() for item in part.holdout}
    growth = {item.id: item.answer for part in parts.values() for item in part.growth}
    assert len(holdout) == 90
    assert 10 <= len(near_twins(holdout, growth)) <= 15


def grams(text):
    words = normalise(text).split()
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


words = st.lists(st.sampled_from("abc"), max_size=12).map(" ".join)


@pytest.mark.parametrize("many", [0, 100])
@given(st.lists(words, max_size=5), st.lists(words, max_size=8))
def test_counting_the_rarest_grams_first_finds_what_comparing_all_pairs_finds(many, texts, others):
    kept, module.MANY = module.MANY, many
    try:
        found = near_twins({f"t{n}": text for n, text in enumerate(texts)}, {f"o{n}": o for n, o in enumerate(others)})
    finally:
        module.MANY = kept
    expected = {}
    for n, text in enumerate(texts):
        own = grams(text)
        shared = [(len(own & grams(other)), -place) for place, other in enumerate(others)]
        best, place = max(shared, default=(0, 0))
        if best and best >= 0.5 * len(own):
            expected[f"t{n}"] = NearTwin(f"o{-place}", best / len(own))
    assert found == expected


def test_what_stands_in_every_note_is_not_counted_for_every_pair(monkeypatch):
    """Of 40 notes with the same opening and 30 words of their own, no pair is looked at."""
    opening = "seen today in clinic without acute distress"
    notes = {f"n{n}": f"{opening} {' '.join(f'w{n}x{k}' for k in range(30))}" for n in range(80)}
    counted = []
    shared = module._shared
    monkeypatch.setattr(module, "_shared", lambda *found: counted.append(shared(*found)) or counted[-1])
    texts, others = (dict(list(notes.items())[part]) for part in (slice(40), slice(40, None)))
    assert near_twins(texts, others) == {}
    assert len(counted) == 40 and not any(found.any() for found in counted)
